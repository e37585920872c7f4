"""Gradients through depth: claims of cmu-2017 about their magnitude by layer, at initialisation.

The plots are made at the lecture's width; its depth is lost with the pictures. What is said of any net is tested on narrow ones.
"""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.depth import ACTIVATIONS, layer_table, starting_values
from refrnn.claims.measure import SAME, distance, fastest, orthogonal, run

PLOTTED, DEEP = 1024, 16
WIDTH, LAYERS = 24, 10
_, RELU, SIGMOID, TANH = range(len(ACTIVATIONS))


def magnitude_falls(spec):
    """The lecture's plots: from layer to layer in the half next to the output, and from the output to the input as a whole."""
    shares, descending = {}, True
    drawn = starting_values(PLOTTED, DEEP, 2)
    backend = "reference" if "reference" in spec.bindings else fastest(spec)  # of large arrays it copies the fewest
    for activation, name in enumerate(ACTIVATIONS):
        batch, single = layer_table(spec, {**drawn, "activation": activation}, backend)
        tables = np.stack((batch, *single))
        shares[name] = float(np.max(tables[:, 0] / tables[:, -1]))
        descending = bool(np.all(np.diff(tables[:, DEEP // 2 :]) > 0))
        if not descending or shares[name] >= 0.1:
            break  # the others are large, and change nothing any more
    shown = ", ".join(f"{name} {share:.2g}" for name, share in shares.items())
    return Shown(
        descending and max(shares.values()) < 0.1,
        f"width {PLOTTED}, {DEEP} layers: next to the input the magnitude, for the batch and for single instances, is of that at the "
        f"output at most: {shown} (asked: below 0.1, and falling in each of the {DEEP // 2 - 1} layers below the output)",
    )


def start_decides(spec):
    """A ReLU net that keeps the size of its activities, what stands fast for any weights without biases, and a sigmoid net that grows."""
    starts = ("uniform", "even", "doubled")
    even = _share(spec, "doubled")
    balance = max(_imbalance(spec, start) for start in starts)
    grown = _share_of_centred_sigmoids(spec, 8.0, LAYERS)
    return Shown(
        even > 0.5 and balance < SAME and grown > 100,
        f"width {WIDTH}, {LAYERS} layers: without biases and with weights of variance 2/{WIDTH}, the magnitude next to the input of a ReLU "
        f"net is {even:.2g} of that at the output (asked: above 0.5); the sums of weights times gradients differ between layers by at most "
        f"{balance:.2g} of themselves (asked: below {SAME:g}); with orthogonal weights times 8 and biases that keep every unit at 1/2, that of "
        f"a sigmoid net is {grown:.3g} times the one at the output (asked: above 100)",
    )


def worse_with_depth(spec):
    """The magnitude next to the input, for nets of more and more layers: where it vanishes, and where it explodes."""
    depths = (3, 6, 9)
    drawn = [starting_values(WIDTH, layers, 2, dtype="float64") for layers in depths]
    first = [[layer_table(spec, {**values, "activation": activation})[0][0] for values in drawn] for activation in range(4)]
    worst = max(deeper / magnitude for row in first for magnitude, deeper in zip(row, row[1:]))
    shown = "; ".join(f"{name} " + ", ".join(f"{magnitude:.2g}" for magnitude in row) for name, row in zip(ACTIVATIONS, first))
    grown = [_share_of_centred_sigmoids(spec, 8.0, layers) for layers in depths]
    least = min(deeper / share for share, deeper in zip(grown, grown[1:]))
    return Shown(
        worst < 0.9 and least > 1.1,
        f"width {WIDTH}: next to the input of {', '.join(map(str, depths))} layers the magnitude is {shown}; each is at most {worst:.2g} of "
        f"the one before (asked: below 0.9); with orthogonal weights times 8 and biases that keep every unit at 1/2, that of a sigmoid net is "
        f"{', '.join(f'{share:.3g}' for share in grown)} times the one at the output, each at least {least:.3g} times the one before (asked: above 1.1)",
    )


def _relu_net(start):
    return {**starting_values(WIDTH, LAYERS, 2, start, bias=False, dtype="float64"), "activation": RELU}


def _share(spec, start):
    """The batch magnitude next to the input of a ReLU net relative to that at its output, without biases."""
    magnitudes, _ = layer_table(spec, _relu_net(start))
    return magnitudes[0] / magnitudes[-1]


def _imbalance(spec, start):
    """How far the sums of a ReLU net's weights times their gradients are apart between layers, without biases."""
    values = _relu_net(start)
    sums = np.sum(values["W"] * run(spec, values).backward({"E": np.ones(2)})["W"], axis=(1, 2))
    return distance(sums, np.full_like(sums, sums[-1]))


def _share_of_centred_sigmoids(spec, stretch, layers):
    """As :func:`_share`, of a sigmoid net whose biases take from every unit what units at 1/2 give it."""
    values = starting_values(WIDTH, layers, 1, dtype="float64")
    W = stretch * np.stack([orthogonal(WIDTH, layer) for layer in range(layers)])
    values = {**values, "W": W, "b": -W.sum(axis=2) / 2, "x": 0.5 + 1e-6 * values["x"], "activation": SIGMOID}
    magnitudes, _ = layer_table(spec, values)
    return magnitudes[0] / magnitudes[-1]


def width_is_counted_in_units(spec):
    """How many of a neuron's incoming weights get a gradient, for nets of more and more layers."""
    depths, counts = (3, 6, 9), set()
    for layers in depths:
        values = {**starting_values(WIDTH, layers, 1, dtype="float64"), "activation": TANH}
        counts |= set(np.count_nonzero(run(spec, values).backward({"E": np.ones(1)})["W"], axis=2).ravel().tolist())
    shown = " or ".join(map(str, sorted(counts)))
    return Shown(
        counts == set(depths),
        f"in nets of {', '.join(map(str, depths))} layers of {WIDTH} units every neuron has {shown} incoming weights that get a gradient, whatever the "
        f"number of layers (asked: {WIDTH})",
        mend_holds=counts == {WIDTH},
    )
