"""Gradients of a deep net's incoming weights, layer by layer, at the start of training."""

import numpy as np

from refrnn.claims.measure import fastest

ACTIVATIONS = ("ELU", "ReLU", "sigmoid", "tanh")


def starting_values(width, layers, instances, start="uniform", bias=True, dtype="float32", seed=0):
    """Values of ``gradient-through-depth`` at initialisation, the same for all activations.

    ``start`` draws the weights: "uniform" within ±1/√width, "even" with the variance 1/width that keeps a linear
    layer's size, "doubled" with twice that, which keeps a ReLU layer's. Biases are uniform within ±1/√width or zero.
    """
    random = np.random.default_rng(seed)
    scale = 1 / np.sqrt(width)
    W = random.random((layers, width, width), dtype) if start == "uniform" else random.standard_normal((layers, width, width), dtype)
    if start == "uniform":
        W -= 0.5
    W *= scale * {"uniform": 2, "even": 1, "doubled": np.sqrt(2)}[start]
    b = random.uniform(-scale, scale, (layers, width)) * bias
    x, d = random.standard_normal((2, instances, width))
    return {"W": W, **{name: array.astype(dtype) for name, array in {"x": x, "b": b, "d": d}.items()}}


def layer_table(spec, values, backend=None):
    """The lecture's plot as numbers: the mean over a layer's neurons of the norm of the gradient of its incoming weights.

    Returns (layers,) for the batch, from the mean error of its instances, and (instances, layers) for individual instances,
    the layer at the input first. The gradient of a mean is the mean of the gradients.
    """
    total, single = None, []
    for x, d in zip(values["x"], values["d"]):
        found = spec.forward({**values, "x": x[None], "d": d[None]}, backend or fastest(spec))
        gradient = found.backward({"E": np.ones_like(found.outputs["E"])})["W"]
        single.append(_magnitudes(gradient))
        total = gradient if total is None else np.add(total, gradient, out=total)
    return _magnitudes(total) / len(single), np.stack(single)


def _magnitudes(d_W):
    return np.sqrt(np.einsum("nij,nij->ni", d_W, d_W)).mean(axis=1)


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
