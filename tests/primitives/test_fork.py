"""Forks: while another thread compiles or imports, after threads ran, and by multiprocessing. The child always answers."""

import ctypes.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.primitives.test_threads import HOME

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

# ``child`` runs a function in a fork: its result must be true, and it must end; ``warned`` keeps what was said there.
HEAD = """
import os, signal, sys, threading, time, warnings
sys.path.insert(0, sys.argv[1])

def child(work):
    process = os.fork()
    if process == 0:
        signal.alarm(240)
        ok = False
        try:
            ok = work()
        except BaseException as error:
            print("in the child:", repr(error), file=sys.stderr, flush=True)
        os._exit(0 if ok else 1)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status == 0, f"the child ended with {status}"

def warned(work):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        work(), work()
    return [str(warning.message) for warning in said]
"""

ONE_THREAD = "so kernels run on one thread here"

WHILE_COMPILING = """
import refrnn
from numba.core.compiler_lock import global_compiler_lock
spec, found = refrnn.load("hopfield"), []
values = spec.draw(sizes={"T": 2})
def work():
    return [array.tobytes() for array in spec.forward(values, "kernel").outputs.values()]
worker = threading.Thread(target=lambda: found.append(work()))
worker.start()
while global_compiler_lock._lock.acquire(blocking=False):
    global_compiler_lock._lock.release()
    time.sleep(0.001)
assert worker.is_alive() and not found
child(lambda: found.append(work()) is None)
worker.join()
child(lambda: work() == found[0])
"""

WHILE_IMPORTING = """
import refrnn
spec = refrnn.load("hopfield")
values = spec.draw(sizes={"T": 2})
def work():
    return spec.forward(values, "kernel") is not None
worker = threading.Thread(target=work)
worker.start()
while "numba" not in sys.modules and worker.is_alive():
    time.sleep(0.0001)
child(work)
worker.join()
"""

# Parts of NumPy are imported when first asked for, numpy.ma in a kernel's first call, and no lock of ours is held there.
WHILE_NUMPY_IMPORTS = """
import importlib, importlib.abc, importlib.machinery, refrnn.kernels.primitives.fork

class Late(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == "numpy.late" else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        importing.set()
        time.sleep(1)
        module.here = True

importing = threading.Event()
sys.meta_path.insert(0, Late())
worker = threading.Thread(target=importlib.import_module, args=["numpy.late"])
worker.start()
assert importing.wait(60)
child(lambda: importlib.import_module("numpy.late").here)
worker.join()
"""

# What is imported may need a lock of those that a fork takes, and may bring another one.
WHILE_AN_IMPORT_NEEDS_LOCKS = """
import importlib, importlib.abc, importlib.machinery
from refrnn.kernels.primitives import fork

class Late(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == "numba.late" else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        importing.set()
        time.sleep(0.5)
        module.lock = threading.RLock()
        fork.held(module, "lock")
        with fork.compiling():
            module.here = True

fork.PATIENCE, importing = 20, threading.Event()
sys.meta_path.insert(0, Late())
import numba
worker = threading.Thread(target=importlib.import_module, args=["numba.late"])
worker.start()
assert importing.wait(60)
def work():
    late = sys.modules["numba.late"]
    with fork.compiling():
        return late.here and late.lock.acquire(timeout=1)
child(work)
worker.join(1)
assert not worker.is_alive()
late = sys.modules["numba.late"]
assert late.lock.acquire(timeout=1)
late.lock.release()

# A lock that is held: the child finds whole what it guards.
half, held = [], threading.Event()
def change():
    with late.lock:
        half.append(1)
        held.set()
        time.sleep(0.5)
        half.append(2)
worker = threading.Thread(target=change)
worker.start()
assert held.wait(60)
child(lambda: half == [1, 2] and late.lock.acquire(timeout=1))
worker.join()
"""

WHILE_A_PROPERTY_IS_COMPUTED = """
from refrnn.kernels.primitives.fork import cached_property
computing, ends = threading.Event(), threading.Event()
class Thing:
    @cached_property
    def value(self):
        "What it is."
        computing.set()
        return ends.wait()
assert Thing.value.__doc__ == "What it is."
one = Thing()
worker = threading.Thread(target=lambda: one.value)
worker.start()
assert computing.wait(60)
def work():
    signal.alarm(20)
    ends.set()
    return Thing().value is True
child(work)
ends.set()
worker.join()
assert one.__dict__["value"] is one.value is True
"""

# By the equation nothing is compiled: the child loads the same spec, and others, while a thread does.
WHILE_EQUATIONS_RUN = """
import refrnn
def work(name):
    spec = refrnn.load(name)
    run = spec.forward(spec.draw(sizes={"T": 2}), "equation")
    return run.backward(run.outputs) is not None
worker = threading.Thread(target=work, args=["lstm"])
worker.start()
for number in range(8):
    time.sleep(0.002)
    child(lambda: (signal.alarm(60), work(["lstm", "elman"][number % 2]))[1])
worker.join()
"""

# What is compiled runs in the child; what is not would wait there for ever.
IN_VAIN = """
import refrnn
from refrnn.kernels.primitives import fork
from tests.primitives.test_threads import layer
expected, spec = layer(0), refrnn.load("hopfield")
values = spec.draw(sizes={"T": 2})
fork.PATIENCE = 0.1
compiles, ends = threading.Event(), threading.Event()
def compile():
    with fork.compiling():
        compiles.set()
        ends.wait()
worker = threading.Thread(target=compile)
worker.start()
assert compiles.wait(60)
def work():
    assert layer(0) == expected
    try:
        spec.forward(values, "kernel")
    except RuntimeError as error:
        return "forked while another thread compiled" in str(error)
child(work)
child(lambda: (child(work), True)[1])
ends.set()
worker.join()
child(lambda: spec.forward(values, "kernel") is not None)
"""

WHILE_ANOTHER_RUNS = """
from tests.primitives.test_threads import layer
expected, done = layer(0), []
def work():
    while not done:
        assert layer(0) == expected
workers = [threading.Thread(target=work) for _ in range(2)]
for worker in workers: worker.start()
for _ in range(5):
    child(lambda: layer(0) == expected)
done.append(True)
for worker in workers: worker.join()
assert layer(0) == expected
"""

AFTER_OUR_THREADS = """
from tests.primitives.test_threads import layer
assert not warned(lambda: layer(0))
def work():
    said = warned(lambda: layer(0))
    return len(said) == 1 and "whose kernels ran on several threads, so kernels run on one thread here" in said[0]
child(work)
child(lambda: (child(work), True)[1])
assert not warned(lambda: layer(0))
"""

AFTER_THE_CALLERS_THREADS = """
import refrnn
import numba, numpy as np
@numba.njit(parallel=True)
def total(x):
    found = 0.0
    for i in numba.prange(len(x)):
        found += x[i]
    return found
assert total(np.ones(1000)) == 1000
def work():
    from tests.primitives.test_threads import layer
    said = warned(lambda: layer(0))
    return len(said) == 1 and "where Numba had started threads" in said[0]
child(work)
"""

AFTER_OPENMP = """
import ctypes, refrnn
from tests.primitives.test_threads import layer
from refrnn.kernels.primitives import threads
with threads.using(1):
    expected = layer(0)
def in_peace():
    return not warned(lambda: layer(0)) and layer(0) == expected
child(in_peace)
ctypes.CDLL("libgomp.so.1").omp_get_max_threads()
def work():
    said = warned(lambda: layer(0))
    return len(said) == 1 and "where OpenMP was loaded" in said[0] and layer(0) == expected
child(work)
"""

BY_MULTIPROCESSING = """
import multiprocessing
from tests.primitives.test_threads import layer
if __name__ == "__main__":
    expected = [layer(seed) for seed in range(4)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map_async(layer, range(4)).get(90) == expected
"""

UNSEEN = """
import multiprocessing, numba, numpy as np
@numba.njit(parallel=True)
def twice(x):
    for i in numba.prange(len(x)):
        x[i] *= 2
twice(np.ones(1000))
def work(pipe):
    from tests.primitives.test_threads import layer
    pipe.send(warned(lambda: layer(0)))
here, there = multiprocessing.Pipe()
process = multiprocessing.get_context("fork").Process(target=work, args=(there,))
process.start()
assert here.poll(90)
said = here.recv()
process.join()
assert len(said) == 1 and "where Numba had started threads" in said[0], said
"""


def run(program, environment):
    done = subprocess.run(
        [sys.executable, "-c", HEAD + program + "\nprint('done')", HOME],
        capture_output=True, text=True, timeout=600, env={**os.environ, **environment}, cwd=HOME,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr


@pytest.mark.parametrize("threading_layer", ["omp", "workqueue"])
@pytest.mark.parametrize(
    "program",
    [WHILE_ANOTHER_RUNS, AFTER_OUR_THREADS, AFTER_THE_CALLERS_THREADS, BY_MULTIPROCESSING, UNSEEN],
    ids=["while another runs", "after our threads", "after the caller's", "by multiprocessing", "unseen"],
)
def test_child_answers(program, threading_layer):
    run(program, {"NUMBA_THREADING_LAYER": threading_layer})


def test_fork_waits_for_a_compilation(tmp_path):
    run(WHILE_COMPILING, {"REFRNN_CACHE_DIR": str(tmp_path)})


def test_child_of_a_fork_that_waited_in_vain():
    run(IN_VAIN, {})


@pytest.mark.parametrize("program", [WHILE_A_PROPERTY_IS_COMPUTED, WHILE_EQUATIONS_RUN], ids=["a property", "equations"])
def test_child_of_a_thread_that_computes(program):
    run(program, {})


def test_no_property_has_the_lock_that_functools_gives_it():
    for room in ("refrnn", "kernels"):
        for path in sorted((Path(HOME) / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            assert "functools.cached_property" not in text and not re.search(r"^from functools import .*cached_property", text, re.MULTILINE), path


@pytest.mark.parametrize("program", [WHILE_IMPORTING, WHILE_NUMPY_IMPORTS, WHILE_AN_IMPORT_NEEDS_LOCKS], ids=["ours", "numpy's", "one that needs locks"])
def test_fork_waits_for_an_import(program):
    run(program, {})


@pytest.mark.skipif(not ctypes.util.find_library("gomp"), reason="there is no OpenMP of GNU here")
def test_child_of_a_process_with_openmp():
    run(AFTER_OPENMP, {"NUMBA_THREADING_LAYER": "workqueue"})
