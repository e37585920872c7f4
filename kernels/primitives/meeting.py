"""Where threads of one parallel loop wait for one another, at integers in memory that all of them see.

Nobody knows whether a loop's threads really run at once: a threading layer may have fewer than it was asked for. So they
``meet`` first. If they do not all come in time, one of them is told to do everything, and all others to do nothing.

What one of them writes and others read before it came is right as long as all are equally fast, so ``late`` makes one slow:
then whatever is not waited for is wrong at once.
"""

import contextlib
import contextvars
import os
import platform

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .caches import line_bytes
from .compile import INTEGERS, address, fetch_add, part, shift

PLACES = 2 * line_bytes() // 8  # integers of a meeting: two of them, each in a line of the cache of its own
EAGER = 400  # looks at what is waited for, before others are let onto the core
PATIENT = 400  # times that others are let onto the core, before the one who waits goes on alone
MOST_ALONE = 8  # loops in a row whose threads did not meet; after them most are not asked to
SELDOM = 256  # loops of which one is asked all the same: what kept the threads apart may be over
_ALONE = 2**40
_LATE, _DELAYS = 1, 2  # places behind the first integer: of the worker who is late, counted from 1, and how often it was
LATE = 200  # looks of one who is late, some 50 microseconds: longer than a step of few sequences takes
PAUSES = 4  # at each look, where nobody needs the core: about as long as it takes to let others onto it

_late = contextvars.ContextVar("refrnn_late_worker", default=None)
_NOBODY = np.zeros(PLACES, np.int64)  # who is not late writes nothing there


@contextlib.contextmanager
def late(worker):
    """Within the ``with`` block, and in this Python thread only, ``worker`` of those that share units is slow wherever it may be."""
    token = _late.set(worker)
    try:
        yield
    finally:
        _late.reset(token)


class Meeting:
    """Memory for the threads of one loop after the other; one loop at a time."""

    alone = 0  # loops in a row whose threads did not meet
    spared = 0  # loops that were not asked to since
    delays = 0  # times that one was late in the loop before

    def __init__(self):
        self._places = np.zeros(PLACES, np.int64)

    def begin(self):
        """Where the threads of the next loop meet."""
        self._places[...] = 0
        worker = _late.get()
        if worker is not None:
            self._places[_LATE] = worker + 1
        return address(self._places)

    def end(self):
        """The loop is done: note whether its threads met, and how often one was late."""
        Meeting.delays = int(self._places[_DELAYS])
        if self._places[0] >= _ALONE:
            Meeting.alone += 1
        elif self._places[0] > 1:
            Meeting.alone = 0


def told_late(workers):
    """Memory that says who of so many is late, in a loop where nobody waits for another one; it must be held while they run."""
    worker = _late.get()
    if worker is None:
        return _NOBODY
    places = np.zeros(PLACES, np.int64)
    places[0], places[_LATE] = workers, worker + 1
    return places


def may_meet():
    """Whether the next loop is worth a try: the threads of this process may not run at once."""
    if Meeting.alone < MOST_ALONE or _late.get() is not None:
        return True
    Meeting.spared += 1
    return Meeting.spared % SELDOM == 0


@intrinsic
def _seen(typingctx, place):
    """The integer that stands at a place now, and with it all that was written before it was."""

    def generate(context, builder, signature, values):
        return builder.load_atomic(values[0], ordering="acquire", align=8)

    return types.int64(INTEGERS), generate


@intrinsic
def _exchanged(typingctx, place, old, new):
    """Whether ``old`` stood at a place and ``new`` now does."""

    def generate(context, builder, signature, values):
        return builder.extract_value(builder.cmpxchg(*values, "acq_rel", "acquire"), 1)

    return types.boolean(INTEGERS, types.int64, types.int64), generate


def _call(builder, name, kind, *values):
    function = ir.FunctionType(kind, [value.type for value in values])
    builder.call(cgutils.get_or_insert_function(builder.module, function, name), values)


@intrinsic
def _let_others_run(typingctx):
    """Give the core to another thread that waits for it."""

    def generate(context, builder, signature, values):
        _call(builder, "SwitchToThread" if os.name == "nt" else "sched_yield", ir.IntType(32))
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _pause(typingctx):
    """Tell the processor that this thread waits."""

    def generate(context, builder, signature, values):
        machine, i32 = platform.machine().lower(), ir.IntType(32)
        if machine in ("x86_64", "amd64"):
            _call(builder, "llvm.x86.sse2.pause", ir.VoidType())
        elif machine in ("aarch64", "arm64"):
            _call(builder, "llvm.aarch64.hint", ir.VoidType(), ir.Constant(i32, 1))
        return context.get_dummy_value()

    return types.void(), generate


@part
def meet(meeting, workers):
    """How many are here: all ``workers``, or 1 for the one that is to do everything, or 0 for one that is to do nothing."""
    looks = 0
    if fetch_add(meeting) >= _ALONE:
        return 0
    while True:
        here = _seen(meeting)
        if here >= _ALONE:
            return 0
        if here == workers:
            return workers
        looks += 1
        if looks < EAGER:
            _pause()
        elif looks < EAGER + PATIENT:
            _let_others_run()
        elif _exchanged(meeting, here, _ALONE):
            return 1


@part
def may_be_late(meeting, worker):
    """Stands where a worker may be slow for any reason: the one who is to be ``late`` is.

    It lets others run until they wait for it. Then it keeps the core, which would not come back soon on a busy machine.
    """
    if meeting[_LATE] == worker + 1:
        meeting[_DELAYS] += 1
        workers, place = max(1, _seen(meeting)), shift(meeting, PLACES // 2)
        for _ in range(LATE):
            if _seen(place) % workers == workers - 1:
                for _ in range(PAUSES):
                    _pause()
            else:
                _let_others_run()


@part
def wait(meeting, workers, times):
    """Wait until all ``workers`` have called this so many ``times``."""
    place, looks = shift(meeting, PLACES // 2), 0
    fetch_add(place)
    while _seen(place) < workers * times:
        looks += 1
        if looks < EAGER:
            _pause()
        else:
            _let_others_run()
