"""Choosing threads, calling kernels from several Python threads, and calling them after a fork."""

import ctypes.util
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import refrnn
from refrnn.kernels.families import recurrent
from refrnn.kernels.primitives import threads

HOME = str(Path(refrnn.__file__).resolve().parent.parent)


def layer(seed):
    """A forward and backward pass of a recurrent layer, large enough for several threads; all results as bytes."""
    random = np.random.default_rng(seed)
    shapes = ((9, 37, 5), (37, 96), (5, 96), (96, 96), (96,), (9, 37, 96))
    x, start, W_in, W, bias, d_h = (random.standard_normal(shape) / 10 for shape in shapes)
    h, saved = recurrent.forward(x, start, W_in, W, bias)
    return b"".join(array.tobytes() for array in (h, *recurrent.backward(saved, d_h).values()))


def test_using_holds_within_its_block_and_thread():
    before = threads.get()
    seen = []
    with threads.using(1):
        assert threads.get() == 1
        other = threading.Thread(target=lambda: seen.append(threads.get()))
        other.start()
        other.join()
    assert threads.get() == before and seen == [before]


def test_set_holds_from_then_on():
    before = threads.get()
    try:
        threads.set(1)
        assert threads.get() == 1
    finally:
        threads.set(before)


@pytest.mark.parametrize("count", [0, -1, threads.most() + 1])
def test_impossible_numbers_are_refused(count):
    with pytest.raises(ValueError, match="number of threads must be from 1 to"):
        threads.set(count)


@pytest.mark.parametrize("count", [1.0, True, None, "2"])
def test_other_things_than_whole_numbers_are_refused(count):
    with pytest.raises(TypeError, match="whole number"), threads.using(count):
        pass


def test_same_bits_for_every_number_of_threads():
    found = []
    for count in range(1, threads.most() + 1):
        with threads.using(count):
            found.append(layer(0))
    assert len({*found}) == 1


AT_ONCE = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from tests.primitives.test_threads import layer
expected = [layer(seed) for seed in range(3)]
found = {}
def work(seed):
    found[seed] = [layer(seed) for _ in range(30)]
workers = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
for worker in workers: worker.start()
for worker in workers: worker.join()
assert all(result == expected[seed] for seed in range(3) for result in found[seed])
print("same")
"""

AFTER_FORK = """
import os, sys, threading
sys.path.insert(0, sys.argv[1])
from tests.primitives.test_threads import layer
from refrnn.kernels.primitives import threads
expected = layer(0)
threads._Process.turn.acquire()  # as if another thread of the parent held it
child = os.fork()
if child == 0:
    os._exit(0 if layer(0) == expected else 1)
threads._Process.turn.release()
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0
assert layer(0) == expected
print("same")
"""


@pytest.mark.parametrize("threading_layer", ["omp", "workqueue"])
@pytest.mark.parametrize("program", [AT_ONCE, AFTER_FORK], ids=["at once", "after a fork"])
def test_in_a_new_process(program, threading_layer):
    environment = {**os.environ, "NUMBA_THREADING_LAYER": threading_layer}
    run = subprocess.run(
        [sys.executable, "-c", program, HOME], capture_output=True, text=True, timeout=120, env=environment, cwd=HOME
    )
    assert (run.returncode, run.stdout.strip()) == (0, "same"), run.stderr


@pytest.mark.skipif(threads.most() == 1 or not ctypes.util.find_library("gomp"), reason="needs two threads and GNU's OpenMP, which says what it was told")
@pytest.mark.parametrize("environment, told", [
    ({}, f"GOMP_SPINCOUNT = '{threads.SPINS}'"), ({"OMP_WAIT_POLICY": "active"}, "OMP_WAIT_POLICY = 'ACTIVE'"), ({"GOMP_SPINCOUNT": "7"}, "GOMP_SPINCOUNT = '7'"),
])  # fmt: skip
def test_threads_soon_sleep_where_they_wait(environment, told):
    """Unless the environment says otherwise, which no call changes."""
    program = "import os, sys; sys.path.insert(0, sys.argv[1]); before = dict(os.environ)\nfrom tests.primitives.test_threads import layer\n"
    program += "layer(0); print(before == dict(os.environ))"
    asked = {"NUMBA_THREADING_LAYER": "omp", "OMP_DISPLAY_ENV": "verbose", **environment}
    done = subprocess.run([sys.executable, "-c", program, HOME], env={**os.environ, **asked}, capture_output=True, text=True, timeout=300)
    assert done.stdout == "True\n" and told in done.stderr, done.stderr


@pytest.fixture
def clock(monkeypatch):
    """The time by which threads are counted, at will, from a state in which nothing was noted."""
    now = [100.0]
    monkeypatch.setattr(threads.time, "perf_counter", lambda: now[0])
    for name, value in (("held_up", 0), ("again", threads.PAUSE), ("alone", 0.0)):
        monkeypatch.setattr(threads._Process, name, value)
    return now


MUCH = 2 * threads.LITTLE


def called(clock, free):
    """One call of 10 ms by two threads, one of which had its core or only half of it."""
    threads._note(clock[0], 0.02, 0.0199 if free else 0.01)


@pytest.mark.skipif(threads.get() < 2, reason="there is one thread anyway")
def test_where_a_core_is_taken_calls_run_on_one_thread_for_a_while(clock):
    for free in (*[False] * (threads.TIMES - 1), True, *[False] * (threads.TIMES - 1)):
        called(clock, free)
    assert threads.workers(MUCH) > 1  # not so often in a row
    called(clock, free=True)
    pauses = []
    for _ in range(12):
        for _ in range(threads.TIMES):
            assert threads.workers(MUCH) > 1
            called(clock, free=False)
        begin = clock[0]
        assert threads.workers(MUCH) == 1
        with threads.using(threads.get(), little=1):
            assert threads.workers(MUCH) > 1
        while threads.workers(MUCH) == 1:
            clock[0] += threads.PAUSE / 4
        pauses.append(clock[0] - begin)
    assert pauses[0] <= 1.3 * threads.PAUSE and pauses == sorted(pauses)
    assert threads.LONGEST <= pauses[-1] <= threads.LONGEST + threads.PAUSE
    called(clock, free=True)
    assert threads._Process.again == threads.PAUSE


def test_what_takes_no_time_is_not_held_up(clock):
    for _ in range(2 * threads.TIMES):
        threads._note(clock[0], 0.9 * threads.LOST, 0.0)
    assert threads.workers(MUCH) == threads.get()
