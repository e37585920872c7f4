"""A contender's own side: how many calls a turn has, what is timed of them, and that it leaves the cores when it has answered."""

import subprocess
import sys

import pytest

from refrnn.bench import child
from refrnn.bench.child import Child


class Clock:
    """Time that passes by what is done in it."""

    def __init__(self, monkeypatch):
        self.now = self.used = 0.0
        self.spins = 0  # rests in which a library's threads still use the processor
        monkeypatch.setattr(child.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(child.time, "process_time", lambda: self.used)
        monkeypatch.setattr(child.time, "sleep", self.sleep)
        self.rests = 0

    def sleep(self, seconds):
        self.rests += 1
        if self.spins:
            self.spins -= 1
            self.used += seconds


class Slow:
    """Calls that last as long as they are told, the last of it from then on."""

    def __init__(self, clock, *seconds):
        self.clock, self.seconds, self.calls = clock, list(seconds), 0

    def call(self, way):
        self.calls += 1
        self.clock.now += self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def made(contender):
    one = Child("nowhere", "nobody")
    one.contender = contender
    return one


@pytest.mark.parametrize("seconds, number", [((9.0, 3.0, 0.5), 1), ((9.0, 0.1, 0.3), 7), ((9.0, 0.3, 5.0), 1), ((50.0, 0.5), 4), ((0.0,), 100_000)])
def test_a_turn_has_as_many_calls_as_fill_it(clock, seconds, number):
    """Where a call fills it, one is enough; the first one, which may compile, does not count."""
    assert made(Slow(clock, *seconds))(("calls", "forward", 2.0), None) == number


def test_the_first_call_of_several_is_not_timed(clock):
    slow = Slow(clock, 50.0, 2.0)
    assert made(slow)(("turn", "forward", 3), None) == 2.0 and slow.calls == 4
    slow = Slow(clock, 50.0, 2.0)
    assert made(slow)(("turn", "forward", 1), None) == 50.0 and slow.calls == 1


def test_it_answers_when_its_threads_have_gone_to_sleep(clock):
    clock.spins = 8
    made(Slow(clock, 1.0))(("turn", "forward", 1), None)
    assert clock.rests == 9
    clock.spins, clock.rests = 10**6, 0
    made(Slow(clock, 1.0))(("turn", "forward", 1), None)
    assert clock.rests == child.RESTS  # not for ever


def test_what_it_imports_at_first_is_light():
    code = "import sys, refrnn.bench.child, refrnn.commands.processes; assert not {'numpy', 'numba'} & sys.modules.keys()"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
