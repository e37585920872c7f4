"""A step over arrays of every kind, against one number after the other."""

import itertools

import numpy as np
import pytest
from lanes import call, pointwise

from refrnn.kernels.engine.rows import GATES, GIVEN, NUMBER, OWN, Panels, lanes_of, padded
from refrnn.kernels.primitives.compile import address

DTYPES = (np.float32, np.float64)
T, B = 3, 5
GUARD = 17


class Memory:
    """An array in the middle of others' memory, which nobody may write to."""

    def __init__(self, dtype, *shape):
        self.whole = np.random.default_rng(shape).uniform(-1, 1, int(np.prod(shape)) + 2 * GUARD).astype(dtype)
        self.array = self.whole[GUARD:-GUARD].reshape(shape)
        self.before = self.whole.copy()

    def around_is_untouched(self):
        return np.array_equal(self.whole[:GUARD], self.before[:GUARD]) and np.array_equal(self.whole[-GUARD:], self.before[-GUARD:])


def step(a, b, c, d, number, vector):
    return a + b * number, c - d + vector, 2 * a


# Arrays: 0 two gates in panels, 1 own with two steps before the first, 2 given, 3 a number, 4 a vector, 5 a given part of
# wider rows; results: 6 three gates in panels for one step, 7 own, 8 given, 9 own that is added to.
KINDS = (GATES, OWN, GIVEN, NUMBER, OWN, GIVEN, GATES, OWN, GIVEN, OWN)
READS = (((0, 0),), ((0, 1), (1, 0), (2, 0)), ((1, 0),), ((5, 0), (2, 0)), ((3, 0),), ((4, 0),))
WRITES = (((6, 2), (8, 0)), ((7, 0),), ((9, 0), (6, 0)))
STEP = pointwise(step, KINDS, READS, WRITES, (9,))


def arrays(dtype, H):
    two, three, width = Panels(2, H, dtype), Panels(3, H, dtype), padded(H, dtype)
    memories = [
        Memory(dtype, T, B, two.row), Memory(dtype, T + 2, B, width), Memory(dtype, T, B, H), Memory(dtype, 1), Memory(dtype, width),
        Memory(dtype, T, B, 2 * H + 1), Memory(dtype, B, three.row), Memory(dtype, T, B, width), Memory(dtype, T, B, H), Memory(dtype, B, width),
    ]  # fmt: skip
    for place in (1, 9):
        memories[place].array[..., H:] = 0
    at = [address(memory.array) for memory in memories]
    at[5] += (H + 1) * np.dtype(dtype).itemsize
    records = [
        (at[0], B * two.row, two.row, two.width, two.each.bit_length() - 1, 0), (at[1], B * width, width, 0, 0, 1),
        (at[2], B * H, H, 0, 0, 0), (at[3], 0, 0, 0, 0, 0), (at[4], 0, 0, 0, 0, 0), (at[5], B * (2 * H + 1), 2 * H + 1, 0, 0, 0),
        (at[6], 0, three.row, three.width, three.each.bit_length() - 1, 0), (at[7], B * width, width, 0, 0, 0),
        (at[8], B * H, H, 0, 0, 0), (at[9], 0, width, 0, 0, 0),
    ]  # fmt: skip
    return memories, records, two, three


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("t, rows", itertools.product((0, T - 1), ((0, B), (1, 4), (2, 2))))
def test_step(t, rows, dtype):
    lanes, order = lanes_of(dtype), [3, 0, 4, 1, 2]
    for H in (1, lanes - 1, lanes, lanes + 1, 3 * lanes + 5):
        memories, records, two, three = arrays(dtype, H)
        before = [memory.array.copy() for memory in memories]
        call(STEP, dtype, records, order, t, rows, (0, H))
        gates, own, given, number, vector, wide, _, _, _, sums = (array.astype(np.longdouble) for array in before)
        true, size = [array.copy() for array in before], np.finfo(dtype).eps * 16
        for row in range(*rows):
            there = order[row]
            a, b = two.values(gates[t, row], 0), two.values(gates[t, row], 1) + own[t + 1, row, :H] + given[t, there]
            c, d = own[t + 1, row, :H], wide[t, there, H + 1 :] + given[t, there]
            results = a + b * number[0], c - d + vector[:H], 2 * a
            for gate, result in ((2, results[0]), (0, results[2])):
                true[6][row, three.values(np.arange(three.row), gate)] = result
            true[7][t, row, :H], true[7][t, row, H:] = results[1], 0
            true[8][t, there] = results[0]
            true[9][row, :H] = sums[row, :H] + results[2]
        for place, (memory, expected) in enumerate(zip(memories, true, strict=True)):
            assert memory.around_is_untouched(), place
            found = memory.array
            if place == 6:
                assert_gates(found, expected, before[6], three, rows, H, size)
            elif place < 6:
                assert np.array_equal(found, before[place]), place
            else:
                assert np.all(np.abs(found - expected) <= size), place
                assert np.array_equal(found[true[place] == before[place]], before[place][true[place] == before[place]]), place


def assert_gates(found, expected, before, panels, rows, H, size):
    """Gates 0 and 2 of these rows are what they should be, with zeros up to a whole vector; all else is as before."""
    lanes = lanes_of(found.dtype)
    whole = Panels(3, padded(H, found.dtype), found.dtype, panels.each)
    touched = np.zeros(found.shape, bool)
    for gate in (0, 2):
        places = np.atleast_1d(whole.values(np.arange(panels.row), gate))
        for row in range(*rows):
            assert np.all(np.abs(found[row, places[:H]] - panels.values(expected[row], gate)) <= size), gate
            assert not found[row, places[H:]].any() and len(places) - H < lanes
            touched[row, places] = True
    assert np.array_equal(found[~touched], before[~touched])


@pytest.mark.parametrize("dtype", DTYPES)
def test_units_of_one_panel_only(dtype):
    """As the time loop calls it: from one panel's first unit to its last."""
    H = 9 * lanes_of(dtype) + 1
    memories, records, two, _ = arrays(dtype, H)
    assert two.count > 2
    whole, other, _, _ = arrays(dtype, H)
    call(STEP, dtype, other, range(B), 1, (0, B), (0, H))
    for first in range(0, H, two.each):
        call(STEP, dtype, records, range(B), 1, (0, B), (first, min(H, first + two.each)))
        untouched = memories[8].array[1, :, first + two.each :]
        assert np.array_equal(untouched, memories[8].before[GUARD:-GUARD].reshape(T, B, H)[1, :, first + two.each :])
    assert all(np.array_equal(one.whole, another.whole) for one, another in zip(memories, whole, strict=True))


def test_not_a_number_past_the_units_of_a_given_row_is_not_read():
    dtype, H = np.float64, lanes_of(np.float64) + 1
    memories, records, _, _ = arrays(dtype, H)
    memories[2].array[1] = np.nan
    call(STEP, dtype, records, range(B), 0, (0, B), (0, H))
    assert np.isfinite(memories[7].array).all() and np.isfinite(memories[8].array).all()
