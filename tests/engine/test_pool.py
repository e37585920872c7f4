"""Work memory that is used again: never by two at once, and never more than is allowed."""

import threading

import numpy as np
import pytest

from refrnn.kernels.engine.pool import LINE, LITTLE, Pool
from refrnn.kernels.primitives.compile import address

SIZE = LITTLE // 8


@pytest.mark.parametrize("dtype", (np.float32, np.float64, np.int64))
def test_arrays_of_any_shape_and_type(dtype):
    pool = Pool()
    for shape in ((3, 5), (1, LITTLE, 3)):
        array = pool.take(shape, dtype)
        assert array.shape == shape and array.dtype == dtype and array.flags.c_contiguous and array.flags.writeable
        assert address(array) % LINE == 0
        pool.give([array])
        assert address(pool.take(shape, dtype)) % LINE == 0


def test_memory_that_was_given_back_is_used_again():
    pool = Pool()
    first = pool.take((SIZE,), np.float64)
    first[:] = 7
    pool.give([first[2:].reshape(-1, 2)])
    assert pool.waiting == first.nbytes
    second = pool.take((SIZE // 2, 2), np.float64)
    assert np.shares_memory(first, second) and np.all(second == 7) and pool.waiting == 0


def test_what_is_in_use_is_not_given_out():
    pool = Pool()
    arrays = [pool.take((SIZE,), np.float64) for _ in range(3)]
    pool.give(arrays[:2])
    arrays += [pool.take((SIZE,), np.float64) for _ in range(3)]
    alive = arrays[2:]
    assert not any(np.shares_memory(one, other) for k, one in enumerate(alive) for other in alive[:k])


def test_the_smallest_that_fits_is_taken_and_none_that_is_twice_too_large():
    pool = Pool()
    large, fitting, small = (pool.take((count,), np.float64) for count in (3 * SIZE, 2 * SIZE, SIZE))
    pool.give([large, fitting, small])
    assert np.shares_memory(pool.take((3 * SIZE // 2,), np.float64), fitting)
    assert np.shares_memory(pool.take((SIZE,), np.float64), small)
    again = pool.take((SIZE,), np.float64)
    assert not np.shares_memory(again, large) and pool.waiting == large.nbytes


def test_no_more_waits_than_the_limit():
    pool = Pool(limit=5 * SIZE * 8 // 2)
    pool.give([pool.take((SIZE,), np.float64) for _ in range(4)])
    assert pool.waiting == 2 * SIZE * 8
    assert pool.free() == 2 * SIZE * 8
    assert pool.waiting == 0 == pool.free()


def test_little_arrays_and_those_of_others_are_not_kept():
    pool = Pool()
    little = pool.take((3,), np.float64)
    pool.give([little, np.zeros(SIZE), np.zeros((2, SIZE))[1]])
    assert pool.waiting == 0


def test_what_is_kept_ready_waits_under_its_key_once_and_within_the_limit():
    pool, things = Pool(limit=100), [object() for _ in range(4)]
    assert pool.kept("a") is None
    pool.keep("a", things[0], 40)
    pool.keep("b", things[1], 30)
    pool.keep("a", things[2], 20)
    assert pool.waiting == 90 and pool.kept("a") is things[2] and pool.kept("a") is things[0] and pool.kept("a") is None
    pool.keep("a", things[0], 40)
    pool.keep("c", things[3], 60)  # instead of b, which waits longest
    assert pool.waiting == 100 and pool.kept("b") is None and pool.kept("a") is things[0] and pool.kept("c") is things[3]
    pool.keep("a", things[0], 101)
    assert pool.waiting == 0 and pool.kept("a") is None
    pool.keep("a", things[0], 30)
    pool.keep("a", things[1], 30)
    pool.keep("b", things[2], 70)  # instead of both
    assert pool.waiting == 70 and pool.kept("b") is things[2] and pool.waiting == 0
    pool.keep("a", things[0], 100)
    assert pool.free() == 100 and pool.kept("a") is None


def test_several_threads_never_share():
    pool, wrong = Pool(), []

    def work(number):
        for _ in range(300):
            array = pool.take((SIZE,), np.float64)
            array[:] = number
            if np.any(array != number):
                wrong.append(number)
            pool.give([array])

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong and pool.waiting <= 4 * SIZE * 8
