"""Traces of a reservoir: its input, some of its units from two starts, and how far apart the two are, for three spectral radii."""

import numpy as np

import refrnn
from refrnn.learning.reservoir import fixed_weights
from refrnn.plots.page import key, stroke

TITLE = "A reservoir forgets its start below the limit of stability, and keeps it above"
SAYS = (
    "Measured: states of {units} leaky units with fixed random weights (a = {a:g}), from two random starts under the same input, by the kernel of "
    "reservoir. Left: the input, and three units, from the one start (black) and from the other (grey, dashed), at spectral radius {shown:g}. Right: the "
    "distance of the two states at spectral radii below, at and above 1, with the input and without (thin, open markers)."
)
CITES = ("reservoir",)
SIZE = (7, 4.2)

UNITS, STEPS, LEAK, REACH = 100, 200, 0.3, 0.5
RADII = (0.9, 1.0, 1.5)
SHOWN = 0  # the radius whose traces are drawn
TRACES = 3


def measured(seed):
    """The input (time), the states (radius, time, start, unit) under it, and the distances (radius, with input or without, time)."""
    random = np.random.default_rng([seed, 17])
    x = _input(random)
    starts = random.uniform(-1, 1, (2, UNITS))
    driven = np.stack([_states(radius, x, starts, seed) for radius in RADII])
    alone = np.stack([_states(radius, 0 * x, starts, seed) for radius in RADII])
    distances = np.stack([np.linalg.norm(states[:, :, 0] - states[:, :, 1], axis=-1) for states in (driven, alone)], axis=1)
    return {"x": x, "states": driven, "distance": distances, "units": UNITS, "a": LEAK, "shown": RADII[SHOWN]}


def _input(random):
    """Two waves and some noise."""
    time = np.arange(STEPS)
    return np.sin(2 * np.pi * time / 25) / 2 + np.sin(2 * np.pi * time / 9) / 3 + 0.1 * random.standard_normal(STEPS)


def _states(radius, x, starts, seed):
    W_in, W = fixed_weights(1, UNITS, radius, REACH, seed=seed)
    values = {"x": np.repeat(x[:, None, None], 2, axis=1), "h0": starts, "W_in": W_in, "W": W, "a": np.float64(LEAK), "W_out": np.zeros((1, 1 + UNITS))}
    return np.concatenate((starts[None], refrnn.load("reservoir").forward(values).outputs["h"]))


def draw(figure, data):
    """The input and the traces one below the other, the distances beside them."""
    left, right = figure.subfigures(1, 2, width_ratios=(5, 4))
    every = left.subplots(1 + TRACES, 1, sharex=True)
    every[0].plot(data["x"], color="black", linewidth=0.9)
    every[0].set_ylabel("input x")
    for unit, axes in enumerate(every[1:]):
        one, other = data["states"][SHOWN, :, :, unit].T
        axes.plot(other, color="0.55", linestyle="--", linewidth=1.6)
        axes.plot(one, color="black", linewidth=0.9)
        axes.set_ylabel(f"unit {unit + 1}")
    every[-1].set_xlabel("time step t")
    every[-1].set_xlim(0, STEPS // 2)
    left.align_ylabels(every)
    axes = right.subplots()
    for place, (radius, (driven, alone)) in enumerate(zip(RADII, data["distance"])):
        look = stroke(place, STEPS, 40)
        axes.plot(alone, **{**look, "linewidth": 0.7, "markerfacecolor": "white", "markevery": (look["markevery"][0] + 20, 40)})
        axes.plot(driven, label=f"spectral radius {radius:g}", **look)
    axes.set_yscale("log")
    axes.set_xlabel("time step t")
    axes.set_ylabel("distance of the two states")
    key(figure, axes.lines[1::2])
