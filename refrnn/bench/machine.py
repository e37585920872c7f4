"""What a benchmark ran on, and how many threads everything in the process may use."""

import os
import platform
import sys
from importlib import metadata

from refrnn.errors import RefrnnError

VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
LIBRARIES = ("numpy", "numba", "torch")
BUSY = 0.5  # load a core


def cores():
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_threads(number):
    """Let every library use ``number`` threads; they read it when they are imported, so none may be already."""
    if number > cores():
        raise RefrnnError(f"--threads {number} is more than the {cores()} cores there are; choose at most {cores()}")
    loaded = [name for name in LIBRARIES if name in sys.modules]
    if loaded:
        raise RefrnnError(f"--threads can't be honoured after {loaded[0]} is imported; run refrnn bench as a command of its own")
    os.environ.update(dict.fromkeys(VARIABLES, str(number)))


def describe(peers):
    """The machine as a mapping: cores, threads, versions, and how busy other programs kept it before."""
    from refrnn.kernels.primitives import threads

    found = {
        "processor": platform.machine(),
        "cores": cores(),
        "threads": threads.get(),
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "numba": metadata.version("numba"),
    }
    if peers:
        found["torch"] = metadata.version("torch")
    found["load"] = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    found["environment"] = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return found


def line(machine):
    """The machine in one line."""
    words = {"python": "Python", "numpy": "NumPy", "numba": "Numba", "torch": "PyTorch"}
    versions = ", ".join(f"{word} {machine[key]}" for key, word in words.items() if key in machine)
    return f"{machine['processor']}, {_count(machine['cores'], 'core')}, {_count(machine['threads'], 'thread')}, {versions}"


def warning(machine):
    """A sentence where other programs held the cores, or None."""
    if not machine["load"] or machine["load"] <= BUSY * machine["cores"]:
        return None
    cores_word = _count(machine["cores"], "core")
    return f"the machine is busy (load {machine['load']} on {cores_word}): threads wait for each other, ratios may be far off"


def _count(number, word):
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
