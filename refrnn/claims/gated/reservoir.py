"""Reservoir: claims of krippahl about the range of its fixed weights and about what is trained."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, draws, norm, orthogonal, run
from refrnn.learning.reservoir import spectral_radius
from refrnn.learning.ridge import ridge

STEPS = 150
FORGOTTEN = 1e-4
SIZES = ({"T": STEPS, "I": 2, "H": 3, "O": 1}, {"T": STEPS, "I": 3, "H": 8, "O": 2})


def start_is_forgotten(spec):
    """Two starts and the same inputs: how far apart the states are, against the power of the contraction."""
    left, tightest, count = 0.0, 0.0, 0
    for a in (0.0, 0.3):
        for values in draws(spec, SIZES, 2, a=a):
            W, turn = _stretching(values["W"], 0.9), 0.9 * orthogonal(len(values["W"]), count)
            small = {"x": 0 * values["x"], "h0": 0.01 * values["h0"]}  # where tanh is its own argument, nothing helps
            for chosen in ({"W": W}, {"W": W, **small}, {"W": turn}, {"W": turn, **small}):
                ratios = _apart(spec, {**values, **chosen})
                left, count = max(left, ratios[-1]), count + 1
                tightest = max(tightest, *(ratios / (a + (1 - a) * 0.9) ** np.arange(1, STEPS + 1)))
    return Shown(
        left < FORGOTTEN and tightest <= 1 + SAME,
        f"over {count} draws with largest singular value 0.9 and a leak up to 0.3, two starts are at most {left:.2g} of their distance "
        f"apart after {STEPS} steps (asked: below {FORGOTTEN:g}), and never more than {tightest:.6f} of the power (a + (1 - a) 0.9)^t (asked: at most 1)",
    )


def _stretching(W, most):
    """W scaled to the largest singular value ``most``."""
    return W * (most / np.linalg.norm(W, 2))


def _apart(spec, values, other=None):
    """The distance of the states after each step from two starts, as a part of the starts' own distance."""
    start = values["h0"]
    other = -2 * start if other is None else other
    found, moved = run(spec, values).outputs["h"], run(spec, {**values, "h0": other}).outputs["h"]
    return np.linalg.norm(found - moved, axis=(1, 2)) / norm(start - other)


def start_is_not_forgotten(spec):
    """Without input: the state 0, and a start close to it, with weights just above the limit."""
    left, radii = [], []
    for a in (0.0, 0.3):
        for values in draws(spec, SIZES, 2, a=a):
            W = next(scale * values["W"] for scale in np.geomspace(0.1, 1000, 400) if spectral_radius(scale * values["W"], a) > 1.15)
            values = {**values, "x": np.zeros_like(values["x"]), "W": W, "h0": np.full_like(values["h0"], 0.01)}
            left.append(_apart(spec, values, np.zeros_like(values["h0"]))[-1])
            radii.append(spectral_radius(W, a))
    return Shown(
        min(left) > 1,
        f"over {len(left)} draws where a + (1 - a) W has a spectral radius from {min(radii):.3f} to {max(radii):.3f}, the state 0 and a "
        f"start close to it are at least {min(left):.3g} times as far apart after {STEPS} steps as at first (asked: above 1)",
    )


def spectral_radius_is_enough_for_a_normal_matrix(spec):
    """A W of rank one has one eigenvalue; far from 0, where the units saturate, it keeps a second resting state."""
    W = np.outer([1.0, 5.0], [4.0, -0.7])
    values = {"x": np.zeros((STEPS, 1, 1)), "h0": np.ones((1, 2)), "W_in": np.zeros((2, 1)), "W": W, "a": 0.0, "W_out": np.zeros((1, 3))}
    left = _apart(spec, values, np.zeros((1, 2)))[-1]
    mended = []
    for values in draws(spec, SIZES, 2, a=0.0):
        turn = orthogonal(len(values["W"]), len(mended))
        for normal in (0.9 * turn, turn @ np.diag(np.linspace(-0.9, 0.9, len(turn))) @ turn.T):
            mended.append(_apart(spec, {**values, "W": normal})[-1])
    return Shown(
        left > FORGOTTEN and max(mended) < FORGOTTEN,
        f"with W = (1, 5) times (4, -0.7), whose spectral radius is {spectral_radius(W):.3g} and largest singular value {np.linalg.norm(W, 2):.3g}, two "
        f"starts are still {left:.3g} of their distance apart after {STEPS} steps without input (asked: above {FORGOTTEN:g}); over {len(mended)} symmetric and orthogonal W of "
        f"radius 0.9 at most {max(mended):.2g} (asked: below {FORGOTTEN:g})",
    )


def read_out_is_solved_at_once(spec):
    """At the read-out that ridge regression gives, the equations' own gradient and the penalty's cancel, and no step helps."""
    penalty, slopes, gains = 0.1, [], []
    for seed, values in enumerate(draws(spec, ({"T": 30, "I": 2, "H": 4, "O": 3}, {"T": 12, "I": 3, "H": 9, "O": 2}), 4)):
        random = np.random.default_rng([seed, 17])
        first = run(spec, values).outputs
        wanted = random.standard_normal(first["y"].shape)
        solved = {**values, "W_out": ridge(np.concatenate((values["x"], first["h"]), axis=2), wanted, penalty)}
        best, slope = _cost(spec, solved, wanted, penalty)
        slopes.append(norm(slope) / norm(_cost(spec, values, wanted, penalty)[1]))
        for _ in range(3):
            step = 0.01 * random.standard_normal(solved["W_out"].shape)
            gains.append(best - _cost(spec, {**solved, "W_out": solved["W_out"] + step}, wanted, penalty)[0])
    return Shown(
        max(slopes) < DIFFERENT and max(gains) < 0,
        f"over {len(slopes)} draws the gradient at the solved read-out is at most {max(slopes):.2g} of the one at a random read-out (asked: below "
        f"{DIFFERENT:g}), and {len(gains)} random steps away from it lower the cost by at most {max(gains):.2g} (asked: below 0)",
    )


def _cost(spec, values, wanted, penalty):
    """Half the squared error and half the penalty, with the gradient of both by W_out."""
    found = run(spec, values)
    error = found.outputs["y"] - wanted
    slope = found.backward({"y": error})["W_out"] + penalty * values["W_out"]
    return (norm(error) ** 2 + penalty * norm(values["W_out"]) ** 2) / 2, slope
