"""What passes through clipping in a training: the three rows, held against their words in NumPy."""

import numpy as np
import pytest

from refrnn.errors import ValuesError
from refrnn.learning import by_halving, by_norm, by_value

GRADIENTS = {"W": np.array([[3.0, -1.0], [0.5, 2.0]], "float32"), "b": np.array([-2.0, 0.0, 1.0], "float32"), "s": np.array(0.25, "float32")}


def norm(gradients):
    return np.sqrt(sum(float((array.astype("float64") ** 2).sum()) for array in gradients.values()))


@pytest.mark.parametrize("tau", [0.5, 100.0])
def test_the_norm_of_all_together_is_brought_back(tau):
    clipped = by_norm(tau)(GRADIENTS)
    factor = min(1.0, tau / norm(GRADIENTS))
    for name, array in GRADIENTS.items():
        assert clipped[name].shape == array.shape and clipped[name].dtype == array.dtype
        np.testing.assert_allclose(clipped[name], factor * array, rtol=1e-6)


def test_every_entry_is_brought_into_its_interval():
    clipped = by_value(1.5)(GRADIENTS)
    assert all(np.array_equal(clipped[name], np.clip(array, -1.5, 1.5)) for name, array in GRADIENTS.items())


@pytest.mark.parametrize("tau, factor", [(1.0, 0.5), (100.0, 1.0)])
def test_halving_is_once(tau, factor):
    clipped = by_halving(tau)(GRADIENTS)
    assert all(np.array_equal(clipped[name], factor * array) for name, array in GRADIENTS.items())


@pytest.mark.parametrize("make", [by_norm, by_value, by_halving])
@pytest.mark.parametrize("number", [0, -1.0, float("nan"), "much"])
def test_thresholds_that_mean_nothing_are_refused(make, number):
    with pytest.raises(ValuesError, match="must be a number of at least 1e-06"):
        make(number)
