"""Losses: their gradients by central differences in float64, what counts, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from refrnn.errors import ValuesError
from refrnn.learning import binary_cross_entropy, cross_entropy, log_likelihood, of_spec, squared_error

RANDOM = np.random.default_rng(0)
PLACES = np.array([[0, 2], [-1, 1], [2, 2]])
SCORES = RANDOM.standard_normal((3, 2, 3))
EVEN = np.exp(SCORES) / np.exp(SCORES).sum(-1, keepdims=True)
WANTED = RANDOM.standard_normal((3, 2, 3))


def run(y):
    spec = SimpleNamespace(id="some", time_size=lambda name: "T")
    return SimpleNamespace(outputs={"y": y}, spec=spec)


LOSSES = {
    "squared": (squared_error("y", WANTED), SCORES),
    "squared, ragged": (squared_error("y", WANTED, [3, 1]), SCORES),
    "cross-entropy": (cross_entropy("y", PLACES), SCORES),
    "cross-entropy, wide": (cross_entropy("y", PLACES), 300 * SCORES),
    "likelihood": (log_likelihood("y", PLACES), EVEN),
    "binary": (binary_cross_entropy("y", (WANTED > 0) * 1.0), SCORES),
    "own": (of_spec("y"), RANDOM.standard_normal(4)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_the_slope(name):
    loss, y = LOSSES[name]
    _, upstream = loss(run(y))
    assert upstream["y"].shape == y.shape and upstream["y"].dtype == y.dtype
    step, slopes = 1e-5, np.zeros_like(y)
    for place in np.ndindex(y.shape):
        there = [y.copy(), y.copy()]
        there[0][place] += step
        there[1][place] -= step
        slopes[place] = (loss(run(there[0]))[0] - loss(run(there[1]))[0]) / (2 * step)
    np.testing.assert_allclose(upstream["y"], slopes, rtol=1e-6, atol=1e-7)


def test_means_are_over_what_counts():
    assert squared_error("y", WANTED, [3, 1])(run(SCORES))[0] == pytest.approx(
        ((SCORES - WANTED)[:, 0] ** 2).sum() / 12 + ((SCORES - WANTED)[0, 1] ** 2).sum() / 12
    )
    counted = [(0, 0), (0, 1), (1, 1), (2, 0), (2, 1)]
    expected = -np.mean([np.log(EVEN[place][PLACES[place]]) for place in counted])
    assert cross_entropy("y", PLACES)(run(SCORES))[0] == pytest.approx(expected) == log_likelihood("y", PLACES)(run(EVEN))[0]
    probability = 1 / (1 + np.exp(-SCORES))
    expected = -np.mean(np.where(WANTED > 0, np.log(probability), np.log(1 - probability)))
    assert binary_cross_entropy("y", (WANTED > 0) * 1.0)(run(SCORES))[0] == pytest.approx(expected)


def test_nothing_overflows():
    with np.errstate(all="raise", under="ignore"):
        wide = np.array([[[1e4, -1e4, 0.0]]], "float32")
        assert cross_entropy("y", np.array([[1]]))(run(wide))[0] == 2e4
        assert binary_cross_entropy("y", np.ones((1, 1, 3)))(run(wide))[0] == pytest.approx((1e4 + np.log(2)) / 3)
        zero, upstream = log_likelihood("y", np.array([[1]]))(run(np.array([[[1.0, 0.0]]], "float32")))
        assert np.isfinite(zero) and np.isfinite(upstream["y"]).all()


@pytest.mark.parametrize(
    "loss, y, word",
    [
        (cross_entropy("z", PLACES), SCORES, "no output z"),
        (cross_entropy("y", PLACES[:2]), SCORES, r"shape \[2, 2\], expected \[3, 2\]"),
        (cross_entropy("y", PLACES + 1), SCORES, "below 3"),
        (cross_entropy("y", PLACES * 1.0), SCORES, "integers"),
        (cross_entropy("y", np.full((3, 2), -1)), SCORES, "nothing counts"),
        (squared_error("y", WANTED[..., :2]), SCORES, r"expected \[3, 2, 3\]"),
        (squared_error("y", WANTED, [3, 1, 1]), SCORES, "from 1 to T, for each sequence"),
        (squared_error("y", WANTED, [3, 0]), SCORES, "from 1 to T"),
        (squared_error("y", WANTED, [4, 1]), SCORES, "from 1 to T"),
        (squared_error("y", WANTED, [1.5, 1]), SCORES, "whole numbers"),
        (binary_cross_entropy("y", WANTED * 0 + 1.5), SCORES, "from 0 to 1"),
        (log_likelihood("y", PLACES), SCORES, "no distribution"),
        (of_spec("y"), SCORES, "one number a sequence"),
    ],
)
def test_what_does_not_fit_is_refused(loss, y, word):
    with pytest.raises(ValuesError, match=word):
        loss(run(y))
