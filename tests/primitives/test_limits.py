"""The measuring kernels do the work that they count; how long it takes is nobody's to assert."""

import numpy as np
import pytest

from refrnn.kernels.primitives import limits, threads


@pytest.fixture
def once(monkeypatch):
    """Calls are recorded with their rounds, and time stands still."""
    rounds = []

    def measured(call):
        call(3)
        rounds.append(3)
        return 2.0

    monkeypatch.setattr(limits, "_rounds_a_second", measured)
    return rounds


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_operations_are_those_of_all_sums_lanes_and_threads(once, dtype, monkeypatch):
    given = {}
    run = limits._multiply.run
    monkeypatch.setattr(limits._multiply, "run", lambda *numbers, **arguments: given.update(arguments) or run(*numbers, **arguments))
    with threads.using(1):
        found = limits.operations_a_second(dtype)
    lanes = limits.vector_bytes() // np.dtype(dtype).itemsize
    assert found == 2.0 * 2 * limits.SUMS * lanes and once == [3]
    value = 0.5
    for _ in range(3):
        value = value * 0.5 + 0.25
    np.testing.assert_allclose(given["numbers"][0, 0], limits.SUMS * value)  # every sum took part in every round
    np.testing.assert_array_equal(given["numbers"][0, 1], 0.25)


@pytest.mark.parametrize("size", [1, 5000, 2**18])
def test_bytes_are_all_read_once_a_round(once, size, monkeypatch):
    given = {}
    run = limits._read.run
    monkeypatch.setattr(limits._read, "run", lambda *numbers, **arguments: given.update(arguments) or run(*numbers, **arguments))
    found = limits.bytes_a_second(size)
    numbers, results = given["numbers"], given["results"]
    assert found == 2.0 * numbers.nbytes and size <= numbers.nbytes <= size + threads.get() * 16 * limits.vector_bytes()
    lanes = limits.vector_bytes() // 4
    assert results.sum() == 3 * numbers.size + 4 * lanes * threads.get()  # and what the sums began with


def test_rounds_a_second_take_the_best_call(monkeypatch):
    now, took = [0.0], iter([1, *[0.001] * 3, *[0.01] * 3, 1, *[0.04, 0.02, 0.05, 0.04] * 3])

    def call(rounds):
        now[0] += next(took)

    monkeypatch.setattr(limits.time, "perf_counter", lambda: now[0])
    assert limits._rounds_a_second(call) == pytest.approx(2 / 0.02)


def test_limits_are_those_of_all_threads_whatever_held_one_up_before(monkeypatch):
    seen = []
    monkeypatch.setattr(threads._Process, "alone", np.inf)
    monkeypatch.setattr(limits, "SECONDS", 0.001)
    monkeypatch.setattr(limits, "_seconds", lambda once, rounds: seen.append(threads.workers(np.inf)) or limits.CALL)
    limits._rounds_a_second(lambda rounds: None)
    assert seen[0] == 1 and seen[-1] == threads.get()
