"""How many threads kernels use, and the one place where they start.

A kernel is cut into tasks by the sizes of its arrays alone, which threads take from a common counter, or into one part
for each thread. As every task or part writes what is its own and no sum crosses a cut, the result has the same bits for
every number of threads.
"""

import contextlib
import contextvars
import threading

import numba
import numpy as np
from numba import prange

from . import fork
from .compile import address, call, fetch_add, integers, kernel, native, shift

LITTLE = 2**20  # products and sums, some 20 microseconds

_default = numba.config.NUMBA_NUM_THREADS
_chosen = contextvars.ContextVar("refrnn_threads", default=None)
_little = contextvars.ContextVar("refrnn_little_work", default=LITTLE)


class _Process:
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


class Tasks:
    """A kernel cut into tasks: ``body(index, table, like)`` does task ``index``.

    ``table`` points to the integers, and the addresses of the arrays, that ``run`` was given. ``like`` tells the
    float type and points to nothing of use.
    """

    def __init__(self, body):
        self.native = native("iIF")(body)
        self.__name__ = body.__name__
        self.__doc__ = body.__doc__

    def run(self, count, dtype, *arguments, work):
        """Do the tasks 0 .. count-1. An argument is an integer, a Native (its address), or an array: of ``dtype`` or int64, and
        C-contiguous, unless it is wrapped in ``Doubles`` or ``View``. Others are refused by a TypeError.

        ``work`` is about how many products and sums there are in all; a little of it is not worth a second thread.
        """
        # The first integer is the counter that tasks are taken from.
        table = np.array([0, *(_entry(argument, dtype) for argument in arguments)], dtype=np.int64)
        several = min(workers(work), count)
        body, place = self.native.address(dtype), address(table)
        if several == 1:
            _work(body, count, place)
        else:
            start(_in_parallel, several, body, count, place)


class Doubles:
    """An array of float64 for a kernel of any float type."""

    def __init__(self, array):
        self.array = array

    def address(self, dtype):
        return _address(self.array, np.dtype(np.float64))


class View:
    """An array that a kernel reads by distances, which it is also given."""

    def __init__(self, array):
        self.array = array

    def address(self, dtype):
        return _address(self.array, dtype, anywhere=True)


_INTEGER = np.dtype(np.int64)


def _entry(argument, dtype):
    if isinstance(argument, np.ndarray):
        return _address(argument, dtype)
    return argument if isinstance(argument, int) else argument.address(dtype)


def _address(array, dtype, anywhere=False):
    if array.dtype != dtype and array.dtype != _INTEGER:
        raise TypeError(f"a kernel of {dtype} was given an array of {array.dtype} and of the shape {array.shape}; give it {dtype}")
    if not anywhere and not array.flags.c_contiguous:
        raise TypeError(f"a kernel was given an array of the shape {array.shape} whose entries are not in C order; copy it before")
    return address(array)


def workers(work):
    """How many threads are worth having for so many products and sums."""
    return 1 if work < _little.get() or not fork.may_use_threads() else get()


def start(parallel, *arguments):
    """Call a parallel kernel."""
    fork.threads_run()
    if _may_be_called_at_once():
        parallel(*arguments)
    else:
        with _Process.turn:
            parallel(*arguments)


def _may_be_called_at_once():
    try:
        return numba.threading_layer() != "workqueue"
    except ValueError:  # nothing ran in parallel yet, so the layer is not known
        return False


@kernel
def _work(body, count, place):
    """Take tasks from the counter at ``place``, in front of their table, and do them until ``count`` are taken."""
    counter = integers(place)
    index = fetch_add(counter)
    while index < count:
        call(body, (index, shift(counter, 1), counter))
        index = fetch_add(counter)


@kernel(parallel=True)
def _in_parallel(workers, body, count, place):
    for _ in prange(workers):
        _work(body, count, place)
