"""The fixed weights of a reservoir."""

import numpy as np
import pytest

from refrnn.errors import ValuesError
from refrnn.learning.reservoir import fixed_weights, spectral_radius


def test_radius_by_hand():
    """A turn by a quarter, twice as long, has the eigenvalues 2i and -2i; leaky by a half, 1/2 + i and 1/2 - i."""
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])
    assert spectral_radius(turn) == pytest.approx(2)
    assert spectral_radius(turn, 0.5) == pytest.approx(np.sqrt(1.25))


@pytest.mark.parametrize("radius", (0.5, 0.9, 1.5))
@pytest.mark.parametrize("filled", (0.1, 1))
def test_weights_are_scaled_to_the_radius(radius, filled):
    W_in, W = fixed_weights(3, 60, radius, reach=0.25, filled=filled, seed=4)
    assert W_in.shape == (60, 3) and 0.2 < np.abs(W_in).max() < 0.25
    assert spectral_radius(W) == pytest.approx(radius, rel=1e-12)
    assert abs(np.mean(W != 0) - filled) < 0.03


def test_the_seed_says_all():
    first, again, other = (fixed_weights(2, 10, seed=seed, dtype="float32") for seed in (1, 1, 2))
    assert all(array.dtype == np.float32 for array in first)
    assert all(np.array_equal(left, right) for left, right in zip(first, again))
    assert not np.array_equal(first[1], other[1])


@pytest.mark.parametrize(
    "change, words",
    (
        ({"units": 0}, "units"),
        ({"inputs": 1.5}, "inputs"),
        ({"radius": 0}, "radius"),
        ({"radius": np.inf}, "radius"),
        ({"filled": 1.5}, "at most 1"),
        ({"units": 2, "filled": 1e-9}, "no cycle is left"),
    ),
)
def test_what_means_nothing_is_refused(change, words):
    with pytest.raises(ValuesError, match=words):
        fixed_weights(**{"inputs": 2, "units": 5, **change})
