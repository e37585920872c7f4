"""Ridge regression of a read-out."""

import numpy as np
import pytest

from refrnn.errors import ValuesError
from refrnn.learning.ridge import ridge


def drawn(T=40, B=3, F=5, O=2, dtype="float64"):
    random = np.random.default_rng(0)
    return random.standard_normal((T, B, F)).astype(dtype), random.standard_normal((O, F)).astype(dtype)


@pytest.mark.parametrize("dtype, near", (("float64", 1e-13), ("float32", 1e-5)))
def test_weights_are_found_again(dtype, near):
    features, W = drawn(dtype=dtype)
    found = ridge(features, features @ W.T)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, W, atol=near)


def test_one_number_by_hand():
    """(1 * 2 + 2 * 3) / (1 + 4 + 3) = 1."""
    assert ridge(np.array([[[1.0]], [[2.0]]]), np.array([[[2.0]], [[3.0]]]), penalty=3) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("penalty", (0.01, 1, 100))
def test_no_step_away_is_better(penalty):
    features, W = drawn()
    wanted = features @ W.T + np.random.default_rng(1).standard_normal((40, 3, 2))
    found = ridge(features, wanted, penalty)
    slope = np.einsum("tbo,tbf->of", features @ found.T - wanted, features) + penalty * found
    assert np.abs(slope).max() < 1e-11


def test_penalty_decides_where_the_data_do_not():
    """Two features that are always equal share the weight."""
    features = np.repeat(drawn(F=1)[0], 2, axis=2)
    np.testing.assert_allclose(ridge(features, 4 * features[..., :1], penalty=1e-9), [[2, 2]], atol=1e-7)


def test_beginnings_and_ends_are_left_out():
    features, W = drawn()
    wanted, lengths = features @ W.T, np.array([40, 25, 9])
    wanted[:7] = 1e6
    for item, length in enumerate(lengths):
        wanted[length:, item] = features[length:, item] = np.nan
    np.testing.assert_allclose(ridge(features, wanted, washout=7, lengths=lengths), W, atol=1e-12)


@pytest.mark.parametrize(
    "change, words",
    (
        ({"wanted": np.zeros((40, 2, 2))}, "of the same steps"),
        ({"features": np.zeros((40, 15))}, "must be"),
        ({"wanted": np.zeros((40, 3, 2), "float32")}, "one float type"),
        ({"penalty": -1}, "penalty"),
        ({"penalty": np.nan}, "penalty"),
        ({"washout": -1}, "washout"),
        ({"washout": 40}, "no step is left"),
    ),
)
def test_what_means_nothing_is_refused(change, words):
    features, W = drawn()
    with pytest.raises(ValuesError, match=words):
        ridge(**{"features": features, "wanted": features @ W.T, **change})
