"""The magnitudes of the picture are those of a net that is computed by hand, neuron by neuron."""

import numpy as np
import pytest

from refrnn.claims.depth import starting_values
from refrnn.plots.dynamics import gradient_through_depth as picture

FUNCTIONS = (
    (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), lambda z: np.where(z > 0, 1, np.exp(np.minimum(z, 0)))),
    (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0)),
    (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
)


def magnitudes(values, activation, instances):
    """The mean norm of a neuron's gradient, by layer, of the mean error over these instances."""
    function, slope = FUNCTIONS[activation]
    total = 0
    for instance in instances:
        outputs, sums = [values["x"][instance].astype(float)], []
        for W, b in zip(values["W"].astype(float), values["b"]):
            sums.append(W @ outputs[-1] + b)
            outputs.append(function(sums[-1]))
        error, gradients = outputs[-1] - values["d"][instance], []
        for W, z, below in zip(values["W"][::-1].astype(float), sums[::-1], outputs[-2::-1]):
            error = error * slope(z)
            gradients.append(np.outer(error, below))
            error = W.T @ error
        total = total + np.stack(gradients[::-1]) / len(instances)
    return np.linalg.norm(total, axis=2).mean(axis=1)


def test_every_magnitude_is_that_of_a_net_by_hand(monkeypatch):
    monkeypatch.setattr(picture, "WIDTH", 6)
    monkeypatch.setattr(picture, "LAYERS", 4)
    data = picture.measured(5)
    assert list(data["layer"]) == [1, 2, 3, 4] and data["batch"].shape == (2, 4, 4) and data["single"].shape == (4, 3, 4)
    for place, (start, bias) in enumerate((("uniform", True), ("doubled", False))):
        values = starting_values(6, 4, 3, start, bias, seed=5)
        assert np.any(values["b"]) == bias
        for activation in range(4):
            assert data["batch"][place, activation] == pytest.approx(magnitudes(values, activation, [0, 1, 2]), rel=1e-4)
            for instance in range(3 if start == "uniform" else 0):
                assert data["single"][activation, instance] == pytest.approx(magnitudes(values, activation, [instance]), rel=1e-4)


def test_it_is_drawn_at_the_lecture_s_width_and_another_seed_is_another_net():
    assert picture.WIDTH == 1024 and picture.ACTIVATIONS == ("ELU", "ReLU", "sigmoid", "tanh")
    first, other = (starting_values(6, 2, 1, seed=seed)["W"] for seed in (0, 1))
    assert not np.allclose(first, other)
