"""The length of W^t h by the eigenvalues of W: the curves of the slide, and the term of the largest eigenvalue beside them."""

import numpy as np

import refrnn
from refrnn.plots.page import key, stroke

TITLE = "Linear recursions: the length of the state follows the largest eigenvalue"
SAYS = (
    "Measured: the length of W^t h beside that of h, by the kernel of eigen-expansion, from random h and eigenvectors that are not orthogonal, the same for all curves. W has "
    "the largest eigenvalue λmax and the second one λ2nd, or a complex pair of the size λmax that turns by {degrees:g} degrees a step beside {second:g}. Thin: "
    "the term of the largest eigenvalue alone. At middling t the others tell."
)
CITES = ("eigen-expansion",)
SIZE = (7, 3.5)

LARGEST = (0.9, 1.0, 1.1)
SECOND = (0.5, 0.1)
DEGREES = 30
STEPS = 31
KINDS = (*(f"λ2nd = {second:g}" for second in SECOND), "complex pair")


def measured(seed):
    """The lengths by largest eigenvalue, kind and time, and those of the leading terms."""
    random = np.random.default_rng([seed, 31])
    fixed = {"h": random.standard_normal((1, 4)), "p": random.uniform(0.1, 1, 4), "q": random.uniform(0.1, 1, 4), "T": STEPS}
    lengths = np.array([[_lengths(fixed, largest, kind) for kind in range(len(KINDS))] for largest in LARGEST])
    told = {"degrees": DEGREES, "second": SECOND[0]}
    return {"time": np.arange(STEPS), "whole": lengths[:, :, 0], "leading": lengths[:, :, 1], "fixed": fixed, **told}


def _lengths(fixed, largest, kind):
    """Of the powers and of their leading terms."""
    if kind < len(SECOND):  # the pair of size 0 gives nothing after the first step
        real, pair = [largest, SECOND[kind]], (0.0, 0.0)
    else:
        angle = np.deg2rad(DEGREES)
        real, pair = [SECOND[0], SECOND[0] / 2], (largest * np.cos(angle), largest * np.sin(angle))
    values = {**fixed, "lamda": np.array(real), "lamda_re": np.array(pair[:1]), "lamda_im": np.array(pair[1:])}
    found = refrnn.load("eigen-expansion").forward(values).outputs
    return [np.linalg.norm(found[name][0], axis=-1) / np.linalg.norm(fixed["h"]) for name in ("power", "leading")]


def draw(figure, data):
    """A panel for each largest eigenvalue, on one scale."""
    every = figure.subplots(1, len(LARGEST), sharex=True, sharey=True)
    for axes, largest, whole, leading in zip(every, LARGEST, data["whole"], data["leading"]):
        for place, kind in enumerate(KINDS):
            axes.plot(data["time"], leading[place], color="0.6", linewidth=0.7)
            axes.plot(data["time"], whole[place], label=kind, **stroke(place, STEPS))
        axes.set(yscale="log", xlabel="time step t", title=f"λmax = {largest:g}")
    every[0].set_ylabel("length of W^t h, of that of h")
    key(figure, every[0].lines[1::2])
