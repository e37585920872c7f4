"""Whole sequences of unequal lengths: last states, reversal, copies."""

import numpy as np

from refrnn.kernels.families import sequences

LENGTHS = np.array([4, 1, 3])
STEPS = np.arange(4 * 3 * 2, dtype=np.float32).reshape(4, 3, 2)


def test_last_states_and_their_way_back():
    assert np.array_equal(sequences.last(STEPS, LENGTHS), [STEPS[3, 0], STEPS[0, 1], STEPS[2, 2]])
    assert np.array_equal(sequences.last(STEPS), STEPS[3])
    d_last = np.arange(1, 7, dtype=np.float32).reshape(3, 2)
    d_h = sequences.last_pulled_back(d_last, 4, LENGTHS)
    assert d_h.dtype == np.float32
    assert np.count_nonzero(d_h) == 6
    assert np.array_equal(sequences.last(d_h, LENGTHS), d_last)


def test_reversal_is_within_each_length_and_its_own_way_back():
    turned = sequences.reverse(STEPS, LENGTHS)
    for item, length in enumerate(LENGTHS):
        assert np.array_equal(turned[:length, item], STEPS[:length, item][::-1])
        assert np.array_equal(turned[length:, item], STEPS[length:, item])
    assert np.array_equal(sequences.reverse(turned, LENGTHS), STEPS)
    assert np.array_equal(sequences.reverse(STEPS), STEPS[::-1])


def test_copies_stand_at_each_step():
    copies = sequences.repeat(STEPS[1], 4)
    assert copies.shape == (4, *STEPS[1].shape) and np.all(copies == STEPS[1])
    assert np.array_equal(sequences.repeat_pulled_back(copies), 4 * STEPS[1])
