"""The hand-set weights of the worked examples, taken from the spec's case of that name, and networks beside them."""

import numpy as np

from refrnn.claims.measure import run

STEPS = 10_000


def weights(spec):
    """The weights of the spec's case by-hand, with a start of zero for ``batch`` sequences."""
    case = next(case for case in spec.cases if case["name"] == "by-hand")
    return {name: np.asarray(value, float) for name, value in case["values"].items()}


def outputs(spec, x):
    """What the hand-set network gives for x (T, batch, I): (T, batch, O)."""
    given = weights(spec)
    start = np.zeros((x.shape[1], len(given["b_h"])))
    return run(spec, {"x": x, "h0": start, **given}).outputs["y"]


def staircase(counts, corners, slopes):
    """One hidden layer of rectified units: the sum of slopes times what of ``counts`` is above each corner."""
    return np.maximum(np.asarray(counts, float)[..., None] - corners, 0) @ slopes


def slopes_through(values):
    """The slopes with which ``staircase`` passes, with corners at 0, 1, 2, ..., through 0 and then ``values`` at 1, 2, ..."""
    steps = np.diff(np.concatenate(([0.0], values)))
    return np.diff(np.concatenate(([0.0], steps)))
