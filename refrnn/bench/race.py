"""The race: all contenders take turns in one process, and only times of the same turn are compared."""

import gc
import math
import statistics
import time
from dataclasses import dataclass

from refrnn.bench.contenders import BOTH, FORWARD, agree, gather

# A contender's turn lasts at least this many seconds, in as many calls as that takes.
TURN = 0.01


@dataclass(frozen=True)
class Row:
    """How many times as fast as one contender the kernel was: the median of the turns, the least and the most."""

    id: str
    sizes: dict
    dtype: str
    way: str
    contender: str
    ratio: float
    low: float
    high: float
    kernel_seconds: float
    contender_seconds: float

    def as_dict(self):
        """The record of ``--json``."""
        return {
            "id": self.id,
            "sizes": self.sizes,
            "dtype": self.dtype,
            "pass": self.way,
            "contender": self.contender,
            "ratio": self.ratio,
            "low": self.low,
            "high": self.high,
            "kernel_seconds": self.kernel_seconds,
            "contender_seconds": self.contender_seconds,
        }


def ways(spec):
    """The passes that are timed."""
    return (FORWARD, BOTH) if spec.differentiated else (FORWARD,)


def race(problem, peers=False, turns=7, step=lambda text: None):
    """The :class:`Row` of every pass and opponent; ``step(text)`` is called after each turn."""
    kernel, opponents = gather(problem, peers)
    rows = []
    for way in ways(problem.spec):
        agree(problem, [opponents[0], kernel, *opponents[1:]], way)
        contenders = [kernel, *opponents]
        calls = [one.forward if way == FORWARD else one.both for one in contenders]
        times = take_turns(calls, turns, lambda: step(f"{problem.spec.id}, {way}"))
        for opponent, own in zip(opponents, times[1:]):
            rows.append(_row(problem, way, opponent.name, times[0], own))
    return rows


def _row(problem, way, name, kernel, own):
    ratios = [theirs / ours for theirs, ours in zip(own, kernel)]
    medians = (statistics.median(values) for values in (ratios, kernel, own))
    ratio, kernel_seconds, own_seconds = medians
    dtype = str(problem.checked.dtype)
    return Row(problem.spec.id, problem.sizes, dtype, way, name, ratio, min(ratios), max(ratios), kernel_seconds, own_seconds)


def take_turns(calls, turns, step):
    """Seconds a call, a list of ``turns`` for each of ``calls``; called before, so that nothing is compiled in a turn."""
    loops = [_loops(call) for call in calls]
    times = [[] for _ in calls]
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(turns):
            for call, number, own in zip(calls, loops, times):
                call()  # not timed: brings back its own data to the caches, and the threads of the one before to rest
                own.append(_seconds(call, number) / number)
            step()
    finally:
        if was_enabled:
            gc.enable()
    return times


def _loops(call):
    call()
    return max(1, min(1000, math.ceil(TURN / max(_seconds(call, 1), 1e-9))))


def _seconds(call, number):
    started = time.perf_counter()
    for _ in range(number):
        call()
    return time.perf_counter() - started
