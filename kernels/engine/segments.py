"""What the way back has of the way forward: everything, or the states before each segment of steps, which then runs once more.

Where passes of the same sizes come to their end, one after the other, and nobody went back through them, the next one keeps no
gates: less memory is written. If it is gone back through after all, it runs once more, and those after it keep everything.
Where nobody asked for their rows either, these stand in the outputs, which are the caller's, and not beside them.
"""

import contextlib
import contextvars
import math
import threading

from .pool import POOL, lined
from .ready import workers_of
from .sums import steps_of_block
from .work import backward_work, forward_work

PATIENCE = 3  # passes
FEW = 2**21  # bytes of gates, which caches hold: to write them takes no time

_chosen = contextvars.ContextVar("refrnn_checkpoint", default=None)
_few = contextvars.ContextVar("refrnn_few_gates", default=FEW)


@contextlib.contextmanager
def checkpoint(steps):
    """Within the ``with`` block, and in this Python thread only, passes keep states before every ``steps`` steps.

    True: about the square root of all steps. As many steps are taken more as make whole blocks of sums, and as a row is
    read back. Gives a list, in which each such pass is put.
    """
    taken = []
    token = _chosen.set((steps, taken))
    try:
        yield taken
    finally:
        _chosen.reset(token)


@contextlib.contextmanager
def small_too():
    """Within the ``with`` block, and in this Python thread only, passes of few gates, too, keep none where nobody goes back through such passes."""
    token = _few.set(-1)
    try:
        yield
    finally:
        _few.reset(token)


def kept_by(one):
    """How the pass ``one`` keeps what its way back needs."""
    chosen = _chosen.get()
    if chosen is None:
        return Unkept(one) if one.plan.idle >= PATIENCE and one.plan.kept_bytes > _few.get() else Whole(one)
    steps, taken = chosen
    taken.append(one)
    each, T = steps_of_block(one.B), one.T
    steps = max(math.isqrt(T - 1) + 1 if steps is True else steps, *one.recurrence.depth.values())
    steps = -(-steps // each) * each
    return Whole(one) if steps >= T else Segments(one, steps)


def _spare(one, steps):
    """Memory for outputs that nobody reads."""
    return {row: POOL.take((steps, one.B, one.plan.rows[row]), one.dtype) for row in one.recurrence.outputs}


class Whole:
    """All of a pass. ``lent``: outputs that rows stand in.

    On the way back errors take the place of gates as far as they may: whoever asks for these, or goes back again, has it run once more.
    """

    lent = {}

    def __init__(self, one):
        self.work, self._laid = one.laid.work(), one.laid
        self._stood = self.work is not None  # as it stands, beside the weights
        self._is_spent, self._lock = False, threading.Lock()  # several threads may go back at once
        if not self._stood:
            self.work = forward_work(one.plan)

    def at_once(self, one, weights, outputs):
        """Pack ``weights`` and run it in one call, if such passes were seen before and it may be; whether it was."""
        workers = workers_of(one.form, one.workers, one.ragged) if self._stood else 0
        if workers == 0:
            return False
        self.work.begin(one.starts)
        one.laid.ready(one.form, self.work).run(workers, weights, one.given, outputs)
        return True

    def forward(self, one, outputs):
        """Run it. ``outputs``: arrays by row."""
        self.work.begin(one.starts)
        one.run(self.work, 0, outputs)

    def parts(self, one, with_gates):
        """(first step, work of the way forward) of all there is; gates may be wanted, or rows alone."""
        with self._lock:
            if with_gates:
                self._restore(one)
            yield 0, self.work

    def back(self, one, run):
        """Call ``run(first step, work forward, work backward, work of the steps behind it or None)`` for all there is."""
        work = backward_work(one.plan, one.plan.giving_way)
        work.take(one.laid)
        with self._lock:
            self._restore(one)
            self._is_spent = bool(one.plan.giving_way)
            run(0, self.work, work, None)
        return [work]

    def _restore(self, one):
        """Run it once more if errors stand where gates did."""
        if self._is_spent:
            spare = _spare(one, one.T)
            self.forward(one, spare)
            POOL.give(spare.values())
            self._is_spent = False

    def give(self):
        if not self._laid.take_along(self.work):
            self.work.give()


class Unkept:
    """The rows of a pass alone; all of it runs once more when its gates, or its way back, are wanted."""

    def __init__(self, one):
        plan, self._whole = one.plan_of(0, one.T, lean=True), None
        rows = plan.dense if one.plan.unread >= PATIENCE and not one.ragged else ()
        self.work, depth = forward_work(plan, rows), one.recurrence.depth
        self._history = {row: lined((depth[row] + one.T, one.B, plan.rows[row]), one.dtype) for row in rows}
        self.lent = {row: array[depth[row] :] for row, array in self._history.items()}

    def at_once(self, one, weights, outputs):
        return False

    def forward(self, one, outputs):
        self.work.borrow(self._history)
        self.work.begin(one.starts)
        one.run(self.work, 0, outputs)

    def _again(self, one):
        if self._whole is None:
            one.use()
            whole, spare = Whole(one), _spare(one, one.T)
            whole.forward(one, spare)
            POOL.give(spare.values())
            self._whole = whole
        return self._whole

    def parts(self, one, with_gates):
        if with_gates or self.lent:
            yield from self._again(one).parts(one, with_gates)
        else:
            yield 0, self.work

    def back(self, one, run):
        return self._again(one).back(one, run)

    def give(self):
        self.work.give()
        if self._whole is not None:
            self._whole.give()


class Segments:
    """The states before segments of so many ``steps``; the last one may have fewer."""

    lent = {}

    def __init__(self, one, steps):
        self.firsts = range(0, one.T, steps)
        self.plans = {first: one.plan_of(first, min(one.T, first + steps)) for first in self.firsts}
        self.states = {}

    def at_once(self, one, weights, outputs):
        return False

    def forward(self, one, outputs):
        works, state = {}, one.starts
        for first in self.firsts:
            self.states[first] = state
            last = first + self.plans[first].T
            work = self._run(one, first, works, {row: array[first:last] for row, array in outputs.items()})
            state = work.ended() if last < one.T else None
        self._put_away(works)

    def _run(self, one, first, works, outputs):
        """The work after a segment has run in it; ``works``: by plan."""
        plan = self.plans[first]
        work = works.get(plan)
        if work is None:
            work = works[plan] = forward_work(plan)
        work.begin(self.states[first])
        one.run(work, first, outputs)
        return work

    def _again(self, one, firsts):
        """(first step, work) of segments that run once more, in turn."""
        works, spare = {}, _spare(one, self.plans[0].T)
        for first in firsts:
            yield first, self._run(one, first, works, spare)
        self._put_away(works)
        POOL.give(spare.values())

    def parts(self, one, with_gates):
        return self._again(one, self.firsts)

    def back(self, one, run):
        works, later = {}, None
        for first, forward in self._again(one, reversed(self.firsts)):
            work = works.get(self.plans[first])
            if work is None:
                work = works[self.plans[first]] = backward_work(self.plans[first])
                work.take(one.laid)
            run(first, forward, work, later)
            later = work
        return list(works.values())

    def _put_away(self, works):
        for work in works.values():
            work.give()

    def give(self):
        pass  # the states are little
