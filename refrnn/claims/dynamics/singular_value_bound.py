"""Bound by singular values: claims of cmu-2017 about the factors of the gradient of a deep net."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, draws, norm, orthogonal, run

ACTIVATIONS = ("ELU", "ReLU", "sigmoid", "tanh")
STEEPEST = (1, 1, 1 / 4, 1)  # slope of each activation
SIZES = ({"N": 2, "H": 9}, {"N": 4, "H": 5}, {"N": 7, "H": 3})


def bound_holds(spec):
    """The real gradient of every layer, in units of its bound, for weights of several sizes."""
    ratios = []
    for values in draws(spec, SIZES, 2):
        for activation in range(4):
            for stretch in (0.5, 1, 4):
                changed = {**values, "W": stretch * values["W"], "activation": activation}
                ratios += [_ratio(spec, part, activation) for part in _upper_parts(spec, changed)]
    return Shown(
        max(ratios) <= 1 + SAME,
        f"over {len(ratios)} gradients, of nets of 2 to 7 layers, four activations and weights of three sizes, the gradient is at most "
        f"{max(ratios):.4f} of its bound (asked: 1), and {np.median(ratios):.2g} in the median",
    )


def jacobians_stretch_nothing(spec):
    """One layer with the identity for weights: what its Jacobian makes of the length of an error."""
    largest = [0.0] * 4
    for seed, values in enumerate(draws(spec, ({"N": 1, "H": 6},), 20)):
        error = np.random.default_rng(seed).standard_normal((1, 1, 6))
        for activation in range(4):
            layer = {**values, "X": 3 * values["X"] * (seed > 0), "W": np.eye(6)[None], "activation": activation}
            returned = run(spec, layer).backward({"f": error})["X"]
            largest[activation] = max(largest[activation], norm(returned) / norm(error))
    shown = ", ".join(f"{name} {number:.4f}" for name, number in zip(ACTIVATIONS, largest))
    return Shown(
        all(found <= steepest + SAME for found, steepest in zip(largest, STEEPEST)),
        f"over 20 errors and layers a Jacobian makes the error at most so many times as long: {shown} (asked: at most 1, sigmoid 1/4)",
    )


def bound_is_reached(spec):
    """Where all slopes are 1 and all weights stretch alike: at zero with tanh, with ELU and ReLU above zero."""
    ratios = []
    for values in draws(spec, SIZES, 3):
        N, H, _ = values["W"].shape
        above = np.abs(values["X"]) + 0.1
        shuffled = np.stack([np.roll(np.eye(H), n + 1, axis=0) for n in range(N)])
        turned = np.stack([orthogonal(H, n) for n in range(N)])
        for X, W, activation in ((above, shuffled, 0), (above, shuffled, 1), (0 * above, turned, 3)):
            ratios.append(_ratio(spec, {**values, "X": X, "W": 1.5 * W, "activation": activation}, activation))
    return Shown(
        min(ratios) > 1 - SAME,
        f"over {len(ratios)} nets of ELU and ReLU units above zero and of tanh units at zero, whose weights stretch all vectors by 1.5, "
        f"the gradient is at least {min(ratios):.12f} of its bound (asked: 1)",
    )


def vanishes_below_one(spec):
    """Orthogonal weights whose stretch, times the steepest slope, is 0.9; with the sigmoid that is a stretch of 3.6."""
    depths, reach = (5, 10, 20, 40), 0.9
    tightest, deepest = 0.0, 0.0
    for activation, steepest in enumerate(STEEPEST):
        for layers in depths:
            values = spec.draw({"N": layers, "H": 4}, batch=1, seed=layers, dtype="float64")
            values.update(W=reach / steepest * np.stack([orthogonal(4, n) for n in range(layers)]), activation=activation)
            kept = _kept(spec, values)
            tightest, deepest = max(tightest, kept / reach**layers), max(deepest, kept if layers == depths[-1] else 0)
    return Shown(
        tightest <= 1 + SAME,
        f"over four activations and {', '.join(map(str, depths))} layers the gradient of the input is at most {tightest:.3g} times {reach} to the "
        f"number of layers (asked: at most 1); of {depths[-1]} layers {deepest:.2g} of ∇D are left",
    )


def _upper_parts(spec, values):
    """The nets above each layer: the one that begins at the input, at f_1, ..., each with what it begins from."""
    layers = run(spec, values).outputs["f"]
    begins = [values["X"], *(layers[:, n] for n in range(layers.shape[1] - 1))]
    return [{**values, "X": begin, "W": values["W"][k:]} for k, begin in enumerate(begins)]


def _kept(spec, values):
    """The length of the gradient of X relative to that of ∇D."""
    found = run(spec, values)
    return norm(found.backward({"Div": np.ones(1)})["X"]) / norm(found.outputs["f"][:, -1] - values["d"])


def _ratio(spec, values, activation):
    """The length of the gradient of X relative to its bound."""
    return _kept(spec, values) / np.prod([STEEPEST[activation] * np.linalg.norm(W, 2) for W in values["W"]])


def gradients_vanish(spec):
    """tanh units near 0, and the same weights in every layer, as in time: they shrink by 0.7, and stretch by 1.4."""
    layers, kept = 40, {}
    for stretch in (0.7, 1.4):
        values = spec.draw({"N": layers, "H": 4}, batch=1, seed=1, dtype="float64")
        W = np.repeat(stretch * orthogonal(4, 1)[None], layers, axis=0)
        kept[stretch] = _kept(spec, {**values, "X": 1e-9 * values["X"], "W": W, "activation": 3})
    return Shown(
        max(kept.values()) < 1e-3,
        f"of the gradient at T, {kept[0.7]:.2g} is left after {layers} steps where W shrinks by 0.7 (asked: below 1e-5), and it is {kept[1.4]:.3g} times as long where W "
        f"stretches by 1.4 (asked: above 1e5)",
        mend_holds=kept[0.7] < 1e-5 and kept[1.4] > 1e5,
    )
