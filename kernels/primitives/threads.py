"""How many threads kernels use, and the one place where they start.

A kernel is cut into tasks by the sizes of its arrays alone, which threads take from a common counter (``tasks``), or into
one part for each thread. As every task or part writes what is its own and no sum crosses a cut, the result has the same
bits for every number of threads.
"""

import contextlib
import contextvars
import os
import threading
import time

import numba
import numpy as np

from . import fork

LITTLE = 2**20  # products and sums, some 20 microseconds
SPINS = 20_000  # some 0.2 milliseconds: from one loop of a pass to the next

_default = numba.config.NUMBA_NUM_THREADS
_chosen = contextvars.ContextVar("refrnn_threads", default=None)
_little = contextvars.ContextVar("refrnn_little_work", default=LITTLE)


LOST = 0.0005  # seconds of a thread that ran, if its core was free: less than what a scheduler gives others at a time, more than it takes to wake one
SHARE = 0.4  # of the time of all threads that is lost, if a core was not free: shares that can't be equal lose less, one core of which another process has half loses half
TIMES = 8  # calls in a row that lose so much: the first ones after a rest may, too
PAUSE, LONGEST = 0.02, 1.0  # seconds on one thread, twice as many at every time that a core is still taken, up to


class _Process:
    launched = False  # Numba's threads, in this process
    held_up, again, alone = 0, PAUSE, 0.0  # calls in a row that were; for how long the next time; until when there is one thread
    turn = threading.Lock()  # for the threading layer that ends the process when called twice at once


@fork.renewed
def _renew_turn():
    _Process.turn = threading.Lock()


def most():
    """The largest number of threads there can be: Numba's, from the cores or from NUMBA_NUM_THREADS."""
    return numba.config.NUMBA_NUM_THREADS


def get():
    """How many threads the next kernel call may use."""
    chosen = _chosen.get()
    return _default if chosen is None else chosen


def set(count):
    """Use ``count`` threads from now on, wherever ``using`` does not say otherwise."""
    global _default
    _default = _checked(count)


@contextlib.contextmanager
def using(count, little=LITTLE):
    """Within the ``with`` block, and in this Python thread only, use ``count`` threads; one for less work than ``little``."""
    tokens = _chosen.set(_checked(count)), _little.set(little)
    try:
        yield
    finally:
        _chosen.reset(tokens[0])
        _little.reset(tokens[1])


def _checked(count):
    if isinstance(count, (bool, np.bool_)) or not isinstance(count, (int, np.integer)):
        raise TypeError(f"the number of threads must be a whole number, not {count!r}")
    if not 1 <= count <= most():
        raise ValueError(f"the number of threads must be from 1 to {most()}, not {count}")
    return int(count)


def is_worth(work, least):
    """Whether that much is worth ``least``, which is what several threads cost; anything is where they share even the least work."""
    return work >= min(least, _little.get())


def workers(work):
    """How many threads are worth having for so many products and sums: one, where another process lately had a core of theirs."""
    little = _little.get()
    if work < little or not fork.may_use_threads():
        return 1
    # Whoever asks for threads in the least work has a reason.
    return 1 if _Process.alone and little == LITTLE and time.perf_counter() < _Process.alone else get()


def start(workers, parallel, *arguments):
    """Call a parallel kernel that keeps so many threads at work."""
    fork.threads_run()
    _launch()
    began, ran = time.perf_counter(), time.process_time()
    if _may_be_called_at_once():
        parallel(*arguments)
    else:
        with _Process.turn:
            parallel(*arguments)
    now = time.perf_counter()
    _note(now, workers * (now - began), time.process_time() - ran)


def _note(now, had, ran):
    """Note for how much of the time that they had threads ran: one that waits for another whose core is taken waits for milliseconds.

    ``TIMES`` in a row, and the next calls run on one thread, for a while; then several are tried again. Windows counts the time that
    threads ran in sixtieths of a second, of which nothing can be told.
    """
    if os.name == "nt":
        return
    if had - ran < max(LOST, SHARE * had):
        if _Process.held_up or _Process.alone:
            _Process.held_up, _Process.again, _Process.alone = 0, PAUSE, 0.0
        return
    _Process.held_up += 1
    if _Process.held_up >= TIMES:
        _Process.held_up, _Process.alone = 0, now + _Process.again
        _Process.again = min(2 * _Process.again, LONGEST)


def _launch():
    """Start Numba's threads, so that those of GNU's OpenMP soon sleep where they wait for one another.

    They would spin 15 times as long, and hold up the thread that they wait for where another process has one of the cores. OpenMP
    reads what it is to do when it is loaded, which is here, unless someone loaded it before; what the environment says stands.
    """
    if _Process.launched:
        return
    with fork.compiling():
        is_free = not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys()
        try:
            if is_free:
                os.environ["GOMP_SPINCOUNT"] = str(SPINS)
            numba.get_num_threads()
        finally:
            if is_free:
                del os.environ["GOMP_SPINCOUNT"]
        _Process.launched = True


def _may_be_called_at_once():
    try:
        return numba.threading_layer() != "workqueue"
    except ValueError:  # nothing ran in parallel yet, so the layer is not known
        return False
