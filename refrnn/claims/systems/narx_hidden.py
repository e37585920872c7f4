"""NARX network with hidden layers: claims of cmu-2017 about what is fed back and about its gradients."""

import numpy as np

from refrnn.claims.feedback import GAP, vanishes_less_with_more_delays

HIDDEN, BEHIND = 6, 1  # units of each hidden layer, and layers behind the first


def gradients_vanish_more_slowly(spec):
    """Feedback of every strength and angle, spread over output delays, through two hidden layers."""
    return vanishes_less_with_more_delays(spec, _wired)


def _wired(spec, matrix, count):
    """Values at rest in zero, where every hidden unit is 1/2 and has the slope 1/4."""
    sizes = {"T": GAP + 1, "M": 1, "N": count, "I": 2, "O": 2, "H": HIDDEN, "L": BEHIND}
    values = spec.draw(sizes, 1, seed=count, dtype="float64")
    through = values["W_o"]
    for weights in values["V"][::-1]:
        through = through @ weights / 4
    back = np.linalg.pinv(through / 4) @ matrix  # what the hidden layers make of it is the matrix
    rest = {"b": np.zeros(HIDDEN), "b_h": -values["V"].sum(axis=2) / 2, "b_o": -values["W_o"].sum(axis=1) / 2}
    return {**values, **rest, "W_y": np.repeat(back[None] / count, count, axis=0)}
