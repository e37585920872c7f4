"""What a benchmark ran on, and how many threads its processes may use."""

import os
import platform
import re
from importlib import metadata
from pathlib import Path

from refrnn.errors import RefrnnError

VARIABLES = (
    "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC",
)  # fmt: skip
PACKAGES = {"numpy": "NumPy", "numba": "Numba", "torch": "PyTorch", "jax": "JAX", "onnxruntime": "ONNX Runtime"}
OWN = ("numpy", "numba")
BUSY = 0.5  # load a core


def cores():
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads(number):
    """How many each contender has: the number that was asked for, or one for each core."""
    if number is not None and number > cores():
        raise RefrnnError(f"--threads {number} is more than the {cores()} cores there are; choose at most {cores()}")
    return number or cores()


def environment(threads):
    """Variables that let every library use so many threads; they are read when it is loaded."""
    found = dict.fromkeys(VARIABLES, str(threads))
    if threads == 1:
        found["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
    return found


def describe(peers, threads):
    """The machine as a mapping: processor, cores, threads, versions, and how busy other programs kept it before."""
    found = {
        "processor": _processor(),
        "caches": _caches(),
        "cores": cores(),
        "threads": threads,
        "system": platform.system(),
        "python": platform.python_version(),
    }
    for package in PACKAGES if peers else OWN:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    found["load"] = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return found


def _processor():
    """Its name, where Linux tells it, and the architecture."""
    try:
        named = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        named = None
    return f"{named[1].strip()} ({platform.machine()})" if named else platform.machine()


def _caches():
    """The sizes of the caches by level, where Linux tells them; those of instructions are left out."""
    found = {}
    for place in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((place / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            found[f"L{level}"] = size
    return found


def line(machine):
    """The machine in one line."""
    words = {"python": "Python", **PACKAGES}
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
