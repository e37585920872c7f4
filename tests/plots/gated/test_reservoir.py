"""The traces of the picture are those of leaky units, and its distances shrink and stay as it says."""

import numpy as np
import pytest

from refrnn.learning.reservoir import fixed_weights
from refrnn.plots.gated import reservoir


@pytest.fixture(scope="module")
def data():
    return reservoir.measured(1)


def test_the_states_are_those_of_leaky_units_by_hand(data):
    for place, radius in enumerate((0.9, 1.0, 1.5)):
        W_in, W = fixed_weights(1, 100, radius, 0.5, seed=1)
        assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(radius)
        for start in range(2):
            h = data["states"][place, 0, start]
            for x, found in zip(data["x"][:50], data["states"][place, 1:, start]):
                h = 0.3 * h + 0.7 * np.tanh(W_in[:, 0] * x + W @ h)
                assert np.allclose(found, h, atol=1e-9)


def test_the_distances_are_those_of_the_two_states(data):
    apart = np.sqrt(np.sum((data["states"][:, :, 0] - data["states"][:, :, 1]) ** 2, axis=-1))
    assert np.allclose(data["distance"][:, 0], apart)
    assert np.all(data["distance"][0, :, -1] < 1e-4) and np.all(data["distance"][2, :, -1] > 0.01)
    assert not np.allclose(data["distance"][:, 0], data["distance"][:, 1])
