"""Threads that wait for one another, and those whose others never come."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from recurrences import ALL, drawn

from refrnn.kernels.engine.passes import run
from refrnn.kernels.primitives import meeting, threads
from refrnn.kernels.primitives.compile import data_of, integers, kernel
from refrnn.kernels.primitives.meeting import LATE, MOST_ALONE, PAUSES, PLACES, SELDOM, Meeting, late, may_be_late, may_meet, meet, wait


@kernel
def _meet(place, workers):
    return meet(integers(place), workers)


@kernel
def _count(place, workers, worker, rounds, seen):
    """Each worker writes the number of the round, and after it reads what all others wrote."""
    found = meet(integers(place), workers)
    written = data_of(seen)
    for k in range(rounds if found == workers else 0):
        written[worker] = k + 1
        wait(integers(place), workers, 2 * k + 1)
        for other in range(workers):
            if written[other] != k + 1:
                found = -1
        wait(integers(place), workers, 2 * k + 2)
    return found


@kernel
def _pass(place, worker, times):
    for _ in range(times):
        may_be_late(integers(place), worker)


@pytest.fixture(autouse=True)
def never_alone(monkeypatch):
    monkeypatch.setattr(Meeting, "alone", 0)


@pytest.mark.parametrize("workers", (2, 3, 5))
def test_nobody_goes_on_before_all_have_come(workers):
    place, seen, found = Meeting(), np.zeros(workers, np.int64), [None] * workers
    at, rounds = place.begin(), 200
    _count(Meeting().begin(), 1, 0, 1, np.zeros(1, np.int64))  # compiled

    def work(worker):
        found[worker] = _count(at, workers, worker, rounds, seen)

    running = [threading.Thread(target=work, args=(worker,)) for worker in range(workers)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)
    place.end()
    # All of them, or where the machine let them wait too long one alone: never some.
    assert found == [workers] * workers and np.all(seen == rounds) or sorted(found) == [0] * (workers - 1) + [1]
    assert Meeting.alone == (1 in found)


def test_one_whose_others_do_not_come_does_everything_and_they_nothing():
    place = Meeting()
    at = place.begin()
    assert [_meet(at, 3) for _ in range(3)] == [1, 0, 0]
    place.end()
    assert Meeting.alone == 1 and may_meet()
    assert _meet(place.begin(), 1) == 1
    place.end()
    assert Meeting.alone == 1


def test_who_was_alone_too_often_is_seldom_asked_until_all_meet():
    forward = run(ALL["one"], **drawn("one", 2, 3, 4, 200))
    assert forward.plan.shares_units(2) and not forward.plan.shares_units(1)
    Meeting.alone, Meeting.spared = MOST_ALONE, 0
    assert not may_meet() and not forward.plan.shares_units(2)
    assert [may_meet() for _ in range(2 * SELDOM)].count(True) == 2
    place = Meeting()
    for _ in range(1000):  # the machine may keep them apart
        at = place.begin()
        other = threading.Thread(target=_meet, args=(at, 2))
        other.start()
        met = _meet(at, 2)
        other.join(60)
        place.end()
        if met == 2:
            break
    assert Meeting.alone == 0 and may_meet()


def test_who_is_late_lets_others_run_before_it_goes_on(monkeypatch):
    """Until they wait for it: it does not give away the core then, and is no less late."""
    let, paused, asked = [], [], meeting.may_be_late.py_func  # what is compiled, in Python
    monkeypatch.setattr(meeting, "_let_others_run", lambda: let.append(None))
    monkeypatch.setattr(meeting, "_pause", lambda: paused.append(None))
    monkeypatch.setattr(meeting, "_seen", lambda places: places[0])
    monkeypatch.setattr(meeting, "shift", lambda places, by: places[by:])
    places = np.zeros(PLACES, np.int64)
    asked(places, 0)
    assert let == [] and not places.any()
    places[0], places[meeting._LATE] = 2, 2
    for worker, times in [(0, 0), (1, LATE), (2, LATE), (1, 2 * LATE)]:
        asked(places, worker)
        assert len(let) == times
    assert paused == []
    places[PLACES // 2] = 5  # twice two, and the other one, who waits
    asked(places, 1)
    assert len(let) == 2 * LATE and len(paused) == LATE * PAUSES


def test_one_is_late_and_no_other_and_nobody_afterwards():
    place = Meeting()

    def delays(worker, times):
        _pass(place.begin(), worker, times)
        place.end()
        return Meeting.delays

    with late(1):
        assert [delays(worker, 100) for worker in range(3)] == [0, 100, 0]
        Meeting.alone = MOST_ALONE
        assert all(may_meet() for _ in range(5))  # who is to be late is to meet
    assert delays(1, 100) == 0


@pytest.mark.skipif(threads.most() < 2, reason="threads share units")
@pytest.mark.parametrize("worker", [0, 1])
def test_one_is_late_at_every_step_with_each_of_its_panels(worker):
    arguments = drawn("one", 20, 1, 8, 130)

    def delays():
        for _ in range(1000):  # the machine may keep them apart, and who is alone is late for nobody
            run(ALL["one"], **arguments)
            if Meeting.alone == 0:
                break
        return Meeting.delays

    with threads.using(2, little=0):
        panels = run(ALL["one"], **arguments).plan.panels[0].count
        with late(worker):
            assert delays() == 20 * [panels // 2, panels - panels // 2][worker]
        assert delays() == 0


def test_loops_end_where_threads_do_not_run_at_once():
    """Where there is one thread alone it does all of the work, after it waited in vain."""
    text = f"""
import sys
sys.path[:0] = {sys.path!r}
import numba
import numpy as np
from recurrences import ALL, drawn
from refrnn.kernels.engine.passes import run
from refrnn.kernels.primitives import meeting, threads
from refrnn.kernels.primitives.meeting import Meeting
arguments = drawn("one", 20, 1, 8, 200)
with threads.using(1):
    expected = run(ALL["one"], **arguments).outputs["h"]
with threads.using(2, little=0):
    forward = run(ALL["one"], **arguments)
    assert forward.plan.shares_units(2)
    assert np.array_equal(forward.outputs["h"], expected)
print(numba.threading_layer(), Meeting.alone)
"""
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1", "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    layer, alone = done.stdout.split()
    assert alone == "1" or layer != "omp"  # others have their threads whatever OpenMP is told
