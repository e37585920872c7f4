"""Work memory that serves pass after pass: small ones as they stand, each for one pass at a time."""

import threading

import numpy as np
import pytest
from recurrences import ALL, drawn, like, upstream

from refrnn.kernels.engine import weights, work
from refrnn.kernels.engine.passes import run
from refrnn.kernels.engine.pool import POOL
from refrnn.kernels.engine.segments import checkpoint
from refrnn.kernels.engine.sums import BLOCK

T, B, I, H = 5, 5, 3, 9


def both(name, arguments, lengths=None, seed=0):
    forward = run(ALL[name], **arguments, lengths=lengths)
    into = like(arguments["weights"])
    return forward, {**forward.outputs, **{f"d_{key}": found for key, found in (forward.backward(upstream(ALL[name], arguments, seed=seed), into) | into).items()}}


def same(one, other):
    return all(np.array_equal(a, b, equal_nan=True) for key in one for a, b in zip(np.atleast_1d(one[key]), np.atleast_1d(other[key]), strict=True))


@pytest.fixture(autouse=True)
def fresh():
    POOL.free()
    yield
    POOL.free()


def _let_wait(size, monkeypatch):
    """What has so many bytes at most."""
    for module in (weights, work):
        monkeypatch.setattr(module, "SMALL", size)


@pytest.mark.parametrize("small", (0, work.SMALL))
@pytest.mark.parametrize("name", ALL)
def test_nothing_of_a_pass_stays_for_the_next_one(name, small, monkeypatch):
    """Other values, lengths and errors have been there; large works, whose arrays alone go back, likewise."""
    _let_wait(small, monkeypatch)
    arguments, others = drawn(name, T, B, I, H), drawn(name, T, B, I, H, seed=5)
    expected = [both(name, arguments, lengths)[1] for lengths in (None, np.array([3, 1, 5, 4, 2]))]
    for lengths in (np.array([1, 5, 3, 5, 2]), None):
        both(name, others, lengths, seed=7)
        assert same(both(name, arguments)[1], expected[0])
        both(name, others, lengths, seed=7)
        assert same(both(name, arguments, np.array([3, 1, 5, 4, 2]))[1], expected[1])


def test_small_works_wait_and_large_ones_do_not(monkeypatch):
    arguments = drawn("one", T, B, I, H)
    forward, _ = both("one", arguments)
    first = forward._kept.work
    del forward
    assert POOL.waiting >= first.size
    again, other = run(ALL["one"], **arguments), run(ALL["one"], **arguments)
    assert again._kept.work is first and other._kept.work is not first
    del again, other, first
    assert POOL.free() > 0
    _let_wait(0, monkeypatch)
    both("one", arguments)
    assert POOL.waiting == 0  # all of it is little, too


@pytest.mark.parametrize("name", ("one", "two", "delayed"))
def test_gradients_take_the_place_of_matrices_that_nobody_needs_any_more(name):
    """Those of a whole pass; the steps before a segment's need them still, in the same work too."""
    steps, many = 4, BLOCK // 2
    short, long = drawn(name, steps, many, I, H), drawn(name, 3 * steps, many, I, H)
    expected = both(name, long)[1]
    for _ in range(2):
        both(name, short)
        with checkpoint(steps) as taken:
            assert same(both(name, long)[1], expected)
        assert [len(one._kept.firsts) for one in taken] == [3]
    recurrence = ALL[name]
    forward = run(recurrence, **short)
    back = work.backward_work(forward.plan)
    back.take(forward.laid)
    for q, _, _ in recurrence.passing:
        assert np.shares_memory(back.turned(q), back.matrix(q, is_last=True))
        assert not np.shares_memory(back.matrix(q, is_last=False), back.turned(q))


def test_threads_never_share_a_work():
    arguments = [drawn("two", T, 2, I, H, seed=seed) for seed in range(4)]
    expected, wrong = [both("two", one)[1] for one in arguments], []

    def passes(number):
        for _ in range(40):
            if not same(both("two", arguments[number])[1], expected[number]):
                wrong.append(number)

    workers = [threading.Thread(target=passes, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.parametrize("name", ("one", "two", "delayed"))
def test_rows_gathered_for_ragged_batches_are_used_again_and_never_by_two(name):
    """Arrays so large that the pool has them: passes that are alive keep theirs, and what is given out is no memory of its."""
    lengths, arguments, others = np.arange(1, 41, 2), drawn(name, 40, 20, 40, 24), drawn(name, 40, 20, 40, 24, seed=5)
    expected = both(name, arguments, lengths)[1]
    POOL.free()
    first = run(ALL[name], **arguments, lengths=lengths)
    second, found = both(name, others, lengths[::-1], seed=7)
    into = like(arguments["weights"])
    slopes = first.backward(upstream(ALL[name], arguments, seed=0), into) | into
    assert same({**first.outputs, **{f"d_{key}": slope for key, slope in slopes.items()}}, expected)
    del first, second
    waiting = POOL.waiting
    assert waiting > sum(array.nbytes for array in arguments["given"].values())
    again = both(name, arguments, lengths)[1]
    assert POOL.waiting == waiting and same(again, expected)
    given_out = [part for results in (found, slopes) for value in results.values() for part in (value if isinstance(value, tuple) else (value,))]
    assert not any(np.shares_memory(block, part) for block in POOL._waiting for part in given_out)
