"""Layout, ragged lengths and the state before each step."""

import numpy as np
import pytest

from refrnn.kernels.primitives import arrays
from refrnn.kernels.primitives.compile import address

LENGTHS = np.array([3, 1, 2])


def test_dense_copies_only_what_is_not():
    whole = np.zeros((4, 5))
    assert arrays.dense(whole) is whole
    assert arrays.dense(whole.T).flags.c_contiguous and arrays.dense(whole[:, ::2]).flags.c_contiguous
    whole.flags.writeable = False
    assert arrays.dense(whole) is whole


def test_cut_never_reads_past_the_end_nor_writes_to_what_it_was_given():
    given = np.full((3, 3, 2), np.nan)
    for item, length in enumerate(LENGTHS):
        given[:length, item] = 1
    before = given.copy()
    found = arrays.cut(given, LENGTHS)
    assert np.array_equal(found.sum(axis=(0, 2)), 2 * LENGTHS) and np.array_equal(given, before, equal_nan=True)
    assert arrays.cut(given, None) is given and arrays.cut(given, np.array([3, 3, 3])) is given


def test_previous_state_in_both_directions():
    h = np.arange(1.0, 10).reshape(3, 3, 1)
    start = -np.ones((3, 1))
    ragged = arrays.cut(h, LENGTHS)
    assert arrays.previous(h, start)[:, :, 0].tolist() == [[-1, -1, -1], [1, 2, 3], [4, 5, 6]]
    assert arrays.previous(h, start, reverse=True)[:, :, 0].tolist() == [[4, 5, 6], [7, 8, 9], [-1, -1, -1]]
    back = arrays.previous(ragged, start, LENGTHS, reverse=True)[:, :, 0]
    assert [back[length - 1, item] for item, length in enumerate(LENGTHS)] == [-1, -1, -1]
    assert back[0].tolist() == [4, -1, 6] and np.isfinite(back).all()


def test_blocks_follow_from_the_batch():
    assert [arrays.block_rows(B) for B in (1, 3, 15, 16, 63, 64, 1000)] == [4, 4, 4, 8, 8, 16, 16]


def test_where_numbers_begin():
    array = np.arange(6.0).reshape(2, 3)
    for part in (array, array[1:], array[:, 1:], array.T, array[1, 2:3].reshape(()), np.flip(array)):
        assert address(part) == part.ctypes.data
    array.flags.writeable = False
    assert address(array) == array.ctypes.data


@pytest.mark.parametrize("other", [None, [1.0], 3, memoryview(b"1")])
def test_only_arrays_have_addresses(other):
    with pytest.raises(TypeError, match=f"an array has an address, {type(other).__name__} has none"):
        address(other)
