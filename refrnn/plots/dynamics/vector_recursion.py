"""Vector recursions without input, by activation and eigenvalues: the responses that the slides draw."""

import numpy as np

import refrnn
from refrnn.claims.measure import orthogonal
from refrnn.plots.page import key, stroke

TITLE = "Vector recursions: what is left of a start, by activation and eigenvalues"
SAYS = (
    "Measured: the part of h[t] = f(W h[t-1]) along [1, 1, …]/√N, without input, from h[-1] = [1, 1, …]/√N (full markers) and from "
    "[-1, -1, …]/√N (open markers, grey); N = {units}, by the kernels of linear-recursion and vector-recursion. W is symmetric, the start "
    "halfway between the eigenvectors of λmax and λ2nd, which are random else, and the other eigenvalues ±λ2nd/2; in the last row a pair of size "
    "λmax turns their plane by {degrees:g} degrees a step."
)
CITES = ("vector-recursion", "eigen-expansion")
SIZE = (7, 7)

LARGEST = (0.9, 1.0, 1.1)
SECOND = (0.5, 0.1)
DEGREES = 30
UNITS = 6
STEPS = 30
ACTIVATIONS = ("linear", "sigmoid", "tanh", "ReLU")
KINDS = (*(f"λ2nd = {second:g}" for second in SECOND), "complex pair")


def measured(seed):
    """What is left along the start, by kind of eigenvalues, activation, largest eigenvalue and sign of the start."""
    vectors = _eigenvectors(seed)
    weights = [[_matrix(kind, largest, vectors) for largest in LARGEST] for kind in range(len(KINDS))]
    along = [[[_along(activation, W) for W in of_kind] for activation in range(len(ACTIVATIONS))] for of_kind in weights]
    return {"time": np.arange(-1, STEPS), "along": np.array(along), "W": np.array(weights), "units": UNITS, "degrees": DEGREES}


def _eigenvectors(seed):
    """Orthogonal columns, the first two as far from the start as from each other's opposite: their sum is the start's direction."""
    start = np.ones(UNITS) / np.sqrt(UNITS)
    random = orthogonal(UNITS, seed)
    aside = random[:, 0] - start * (start @ random[:, 0])
    aside /= np.linalg.norm(aside)
    first = np.stack(((start + aside) / np.sqrt(2), (start - aside) / np.sqrt(2)), axis=1)
    rest = np.linalg.qr(np.concatenate((first, random[:, 1 : UNITS - 1]), axis=1))[0][:, 2:]
    return np.concatenate((first, rest), axis=1)


def _matrix(kind, largest, vectors):
    """With the eigenvalues of that kind, on these vectors."""
    second = SECOND[kind] if kind < len(SECOND) else SECOND[0]
    inner = np.diag([largest, second, *np.resize([second / 2, -second / 2], UNITS - 2)])
    if kind == len(SECOND):
        cosine, sine = np.cos(np.deg2rad(DEGREES)), np.sin(np.deg2rad(DEGREES))
        inner[:2, :2] = largest * np.array([[cosine, -sine], [sine, cosine]])
    return vectors @ inner @ vectors.T


def _along(activation, W):
    start = np.ones(UNITS) / np.sqrt(UNITS)
    starts, x = np.stack((start, -start)), np.zeros((STEPS, 2, 1))
    if ACTIVATIONS[activation] == "linear":
        found = refrnn.load("linear-recursion").forward({"x": x, "h0": starts, "W_h": W, "W_x": np.ones((UNITS, 1))})
    else:
        found = refrnn.load("vector-recursion").forward({"x": x, "h0": starts, "W": W, "C": np.ones((UNITS, 1)), "f": activation - 1})
    return np.concatenate((starts[None], found.outputs["h"])) @ start


def draw(figure, data):
    """A row for each kind of eigenvalues, a column for each activation."""
    every = figure.subplots(len(KINDS), len(ACTIVATIONS), sharex=True)
    for row, kind in enumerate(KINDS):
        for column, activation in enumerate(ACTIVATIONS):
            axes = every[row, column]
            for place, largest in enumerate(LARGEST):
                positive, negative = data["along"][row, column, place].T
                look = stroke(place, STEPS)
                axes.plot(data["time"], negative, **{**look, "color": "0.55", "markerfacecolor": "white"})
                axes.plot(data["time"], positive, label=f"λmax = {largest:g}", **look)
            axes.set_title(f"{activation}\n{kind}" if row == 0 else kind)
            axes.margins(y=0.1)
    for axes in every[-1]:
        axes.set_xlabel("time step t")
    for axes in every[:, 0]:
        axes.set_ylabel("h[t] · [1, 1, …]/√N")
    key(figure, every[0, 0].lines[1::2])
