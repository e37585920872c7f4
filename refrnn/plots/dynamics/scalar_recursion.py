"""Scalar recursions without input, by activation, weight and start: the responses that the slides draw."""

import numpy as np

import refrnn
from refrnn.plots.page import key, stroke

TITLE = "Scalar recursions: what is left of a start, by activation and weight"
SAYS = (
    "Measured: the state h[t] = f(w h[t-1]) without input, from h[-1] = 1 and from h[-1] = -1, for the three weights of the slide "
    "on eigenvalues, by the kernels of linear-recursion and scalar-recursion. A sigmoid forgets its start at once, a tanh with w > 1 keeps "
    "its sign, a ReLU grows like w^t, and from the negative start it has no response."
)
CITES = ("scalar-recursion", "linear-recursion", "eigen-expansion")
SIZE = (7, 4.6)

WEIGHTS = (0.9, 1.0, 1.1)
STARTS = (1.0, -1.0)
STEPS = 30
ACTIVATIONS = ("linear", "sigmoid", "tanh", "ReLU")


def measured():
    """The states by activation, weight and start, with the start before the first step."""
    by_weight = [[_states(activation, w) for w in WEIGHTS] for activation in range(len(ACTIVATIONS))]
    return {"time": np.arange(-1, STEPS), "states": np.array(by_weight)}


def _states(activation, w):
    starts, x = np.array(STARTS), np.zeros((STEPS, len(STARTS)))
    if ACTIVATIONS[activation] == "linear":
        values = {"x": x[..., None], "h0": starts[:, None], "W_h": np.array([[w]]), "W_x": np.ones((1, 1))}
        h = refrnn.load("linear-recursion").forward(values).outputs["h"][..., 0]
    else:
        values = {"x": x, "h0": starts, "w": np.float64(w), "c": np.float64(1), "f": activation - 1}
        h = refrnn.load("scalar-recursion").forward(values).outputs["h"]
    return np.concatenate((starts[None], h)).T


def draw(figure, data):
    """A row for each start, a column for each activation."""
    every = figure.subplots(len(STARTS), len(ACTIVATIONS), sharex=True)
    for column, activation in enumerate(ACTIVATIONS):
        for row, start in enumerate(STARTS):
            axes = every[row, column]
            for place, w in enumerate(WEIGHTS):
                axes.plot(data["time"], data["states"][column, place, row], label=f"w = {w:g}", **stroke(place, STEPS))
            axes.set_title(f"{activation}, from {start:g}")
            axes.margins(y=0.1)
        every[-1, column].set_xlabel("time step t")
    for axes in every[:, 0]:
        axes.set_ylabel("state h[t]")
    key(figure, every[0, 0].lines)
