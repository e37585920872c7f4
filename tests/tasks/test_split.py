"""Examples for training, for the choice of weights and for the score share nothing, and have no pattern."""

import numpy as np

from refrnn.tasks import split


def test_each_number_is_for_one_use():
    kept = [split.kept_for(np.arange(100_000), use) for use in split.PARTS]
    assert (np.sum(kept, axis=0) == 1).all()
    assert np.allclose([part.mean() for part in kept], [6 / 8, 1 / 8, 1 / 8], atol=0.01)
    assert (split.kept_for(np.arange(7, 50), "score") == kept[2][7:50]).all()


def test_no_digit_tells_the_use():
    """A network could learn what training leaves out, were it, for one, every seventh number."""
    kept = split.kept_for(np.arange(1_000_000), "score")
    for divisor in (2, 3, 5, 7, 8, 10, 1000):
        parts = [kept[left::divisor].mean() for left in range(min(divisor, 20))]
        assert max(parts) - min(parts) < 0.07
