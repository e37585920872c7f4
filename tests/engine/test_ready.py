"""Small passes of a form that was seen before run in one compiled call, with the bits of those that are led there step by step."""

import numpy as np
import pytest
from recurrences import ALL, drawn, like, upstream

from refrnn.kernels.engine import ready
from refrnn.kernels.engine.passes import run
from refrnn.kernels.engine.plan import Plan
from refrnn.kernels.engine.pool import POOL
from refrnn.kernels.primitives import threads
from refrnn.kernels.primitives.meeting import Meeting

T, B, I, H = 4, 3, 5, 6


def _wholes(weights):
    """The parts of each matrix in one array."""
    return {name: np.stack(parts) if isinstance(parts, tuple) else parts for name, parts in weights.items()}


def _parts(**wholes):
    return {name: tuple(array) if array.ndim > 1 else array for name, array in wholes.items()}


def _bits(found, recurrence, arguments):
    slopes = found.backward(upstream(recurrence, arguments), like(arguments["weights"]))
    return [array.tobytes() for array in (*found.outputs.values(), *slopes.values())]


@pytest.fixture
def calls(monkeypatch):
    """What ran in one call."""
    found, run_in_one = [], ready.Ready.run
    monkeypatch.setattr(ready.Ready, "run", lambda self, workers, *arrays: found.append(workers) or run_in_one(self, workers, *arrays))
    return found


@pytest.mark.parametrize("workers", sorted({1, min(2, threads.most())}))
@pytest.mark.parametrize("name", ALL)
def test_one_call_gives_the_bits_of_many(name, workers, calls, monkeypatch):
    recurrence = ALL[name]
    POOL.free()
    monkeypatch.setattr(Meeting, "alone", 0)
    with threads.using(workers, little=0):
        for turn in range(4):
            arguments = drawn(name, T, B, I, H, seed=turn)
            given = {**arguments, "weights": _wholes(arguments["weights"])}
            if turn == 2:  # leaves the order and the ends of its own sequences in the same memory
                run(recurrence, **given, lengths=np.array([2, T, 1]), parts=_parts)
            calls.clear()
            found = run(recurrence, **given, parts=_parts)
            assert calls == [workers] * (turn > 0)
            with threads.using(1):
                right = run(recurrence, **arguments)
            assert _bits(found, recurrence, arguments) == _bits(right, recurrence, arguments)
            del found


def _turned(**wholes):
    return {name: tuple(array.T) if array.ndim == 2 else tuple(array.swapaxes(1, 2)) if array.ndim > 2 else array for name, array in wholes.items()}


@pytest.mark.parametrize("name", ["one", "two"])
def test_kernels_that_have_a_recurrence_in_common_hand_its_weights_over_each_in_its_own_layout(name, calls):
    """As elman and unfolding do, of which one has its matrices turned: what one made ready is of the plan of both, and not of the other's weights."""
    recurrence, arguments = ALL[name], drawn(name, T, B, I, I)
    POOL.free()
    straight = _wholes(arguments["weights"])
    other = {key: array.swapaxes(-1, -2).copy() if array.ndim > 1 else array for key, array in straight.items()}
    with threads.using(1):
        right = _bits(run(recurrence, **arguments), recurrence, arguments)
        for weights, parts in 3 * [(straight, _parts), (other, _turned)]:
            assert _bits(run(recurrence, **{**arguments, "weights": weights}, parts=parts), recurrence, arguments) == right
    assert len(calls) >= 5


def test_one_call_is_for_whole_sequences_one_thread_and_memory_that_waited(calls):
    arguments = drawn("one", T, B, I, H)
    given = {**arguments, "weights": _wholes(arguments["weights"])}
    POOL.free()
    for _ in range(2):
        run(ALL["one"], **given, parts=_parts)
    calls.clear()
    held = run(ALL["one"], **given, parts=_parts)
    assert len(calls) == 1
    run(ALL["one"], **given, parts=_parts)  # its memory is new: the other one is held
    run(ALL["one"], **given, lengths=np.array([1, T, 2]), parts=_parts)
    run(ALL["one"], **arguments)
    assert len(calls) == 1 and held.T == T


def test_one_call_is_for_threads_that_share_units(calls, monkeypatch):
    few, many = (drawn("one", T, B, I, H) for B in (1, 32))
    monkeypatch.setattr(Meeting, "alone", 0)
    with threads.using(min(2, threads.most()), little=0):
        for arguments in (few, many):
            given = {**arguments, "weights": _wholes(arguments["weights"])}
            for _ in range(2):
                run(ALL["one"], **given, parts=_parts)
            assert calls == [min(2, threads.most())]


def test_one_does_all_of_it_where_the_steps_are_his_anyway(calls, monkeypatch):
    arguments = drawn("one", T, 1, I, H)
    given = {**arguments, "weights": _wholes(arguments["weights"])}
    POOL.free()
    monkeypatch.setattr(Plan, "shares_units", lambda self, workers: False)
    with threads.using(threads.most(), little=8):  # these few products are worth threads, each part of them is not
        monkeypatch.setattr(ready, "MADE", 1)
        for _ in range(3):
            run(ALL["one"], **given, parts=_parts)
        assert calls == ([] if threads.most() > 1 else [1, 1])
    with threads.using(threads.most(), little=T * I * H):
        monkeypatch.setattr(ready, "MADE", 10**9)
        calls.clear()
        run(ALL["one"], **given, parts=_parts)
        assert calls == [1]
