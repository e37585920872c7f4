"""Gradients of a deep net's incoming weights, layer by layer, at the start of training."""

import numpy as np

ACTIVATIONS = ("ELU", "ReLU", "sigmoid", "tanh")


def starting_values(activation, width, layers, instances, start="uniform", bias=True, seed=0, dtype="float32"):
    """Values of ``gradient-through-depth`` at initialisation.

    ``start`` draws the weights: "uniform" within ±1/√width, "even" with the variance 1/width that keeps a linear
    layer's size, "doubled" with twice that, which keeps a ReLU layer's. Biases are uniform within ±1/√width or zero.
    """
    random = np.random.default_rng([seed, activation])
    scale = 1 / np.sqrt(width)
    W = random.random((layers, width, width), dtype) if start == "uniform" else random.standard_normal((layers, width, width), dtype)
    if start == "uniform":
        W -= 0.5
    W *= scale * {"uniform": 2, "even": 1, "doubled": np.sqrt(2)}[start]
    b = random.uniform(-scale, scale, (layers, width)) * bias
    x, d = random.standard_normal((2, instances, width))
    values = {"x": x, "b": b, "d": d}
    return {**{name: array.astype(dtype) for name, array in values.items()}, "W": W, "activation": activation}


def layer_table(spec, activation, width=1024, layers=12, instances=8, backend="kernel", alone=None, **start):
    """The lecture's plot as numbers: the mean over a layer's neurons of the norm of the gradient of its incoming weights.

    Returns (layers,) for the batch and (instances, layers) for individual instances, the layer at the input first, of the
    first ``alone`` of them where that is given; ``start`` is handed to :func:`starting_values`.
    """
    values = starting_values(activation, width, layers, instances, **start)
    single = [{**values, "x": values["x"][[item]], "d": values["d"][[item]]} for item in range(alone or instances)]
    return _magnitudes(spec, values, backend), np.stack([_magnitudes(spec, one, backend) for one in single])


def layer_plot(magnitudes, width=50):
    """A ``layer_table`` as lines of text, the output layer first: the number, and a bar on a logarithmic scale."""
    exponents = np.log10(magnitudes)
    low, high = np.floor(exponents.min()), np.ceil(exponents.max())
    bars = np.rint(width * (exponents - low) / max(high - low, 1)).astype(int)
    last = len(magnitudes)
    ends = {last: "output", 1: "input"}
    return [
        f"{layer:3d} {ends.get(layer, ''):6} {magnitude:8.1e} {'#' * bar}"
        for layer, magnitude, bar in zip(range(last, 0, -1), magnitudes[::-1], bars[::-1])
    ]


def _magnitudes(spec, values, backend):
    """For each layer, from the mean error of the instances in ``values``."""
    instances = len(values["x"])
    gradients = spec.forward(values, backend).backward({"E": np.full(instances, 1 / instances, values["x"].dtype)})
    return np.linalg.norm(gradients["W"], axis=2).mean(axis=1)
