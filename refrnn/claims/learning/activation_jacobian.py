"""Activations: claims of cmu-2017 about their Jacobians and the bounds of their derivatives."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, jacobian, run, tangent

ONE_BY_ONE = ("h_sigmoid", "h_tanh", "h_relu", "h_elu")
SIZES = ({"T": 1, "N": 2}, {"T": 2, "N": 5})
# From next to zero to far into saturation, both signs, without zero itself.
MAGNITUDES = np.concatenate([np.logspace(-7, 0, 60), np.linspace(1.01, 40, 200)])
LINE = np.concatenate([-MAGNITUDES[::-1], MAGNITUDES])


def _at_last_step(spec, values, name):
    """The Jacobian of one activation at the last step: (N, T, N)."""
    return jacobian(spec, values, name, "z", len(values["z"]) - 1)


def jacobian_is_diagonal(spec):
    """Nothing off the diagonal, nothing from another step, and on it the derivative of one unit alone."""
    off, slopes = 0.0, 0.0
    count = 0
    for values in draws(spec, SIZES, 6):
        count += 1
        moved = tangent(spec, values, {"z": np.ones_like(values["z"])})
        for name in ONE_BY_ONE:
            whole = _at_last_step(spec, values, name)
            here = whole[:, -1]
            off = max(off, np.abs(here - np.diag(np.diag(here))).max(), np.abs(whole[:, :-1]).max(initial=0))
            slopes = max(slopes, distance(np.diag(here), moved[name][-1]))
    return Shown(
        off == 0 and slopes < SAME,
        f"over {count} draws of sigmoid, tanh, ReLU and ELU the largest entry off the diagonal is {off:.2g} (asked: 0), and the diagonal "
        f"differs from the derivative by a complex step by {slopes:.2g} of the largest entry (asked: below {SAME:g})",
    )


def softmax_jacobian_is_not_diagonal(spec):
    """It is diag(h) - h h^T, whose entries off the diagonal are never zero."""
    off, apart = [], []
    for values in draws(spec, SIZES, 12):
        here = _at_last_step(spec, values, "h_softmax")[:, -1]
        h = run(spec, values).outputs["h_softmax"][-1, 0]
        off.append(np.abs(here[~np.eye(len(h), dtype=bool)]).min() / np.abs(here).max())
        apart.append(distance(here, np.diag(h) - np.outer(h, h)))
    return Shown(
        min(off) > DIFFERENT and max(apart) < SAME,
        f"over {len(off)} draws the smallest entry off the diagonal is {min(off):.2g} of the largest entry (asked: above {DIFFERENT:g}), "
        f"and diag(h) - h h^T is off by at most {max(apart):.2g} (asked: below {SAME:g})",
    )


def _derivatives(spec, line):
    """The derivative of each activation that takes one number, at every number of ``line``."""
    found = run(spec, {"z": np.asarray(line, float).reshape(1, 1, -1)})
    slopes = {}
    for name in ONE_BY_ONE:
        again = run(spec, {"z": np.asarray(line, float).reshape(1, 1, -1)})
        slopes[name] = again.backward({name: np.ones_like(found.outputs[name])})["z"][0, 0]
    return slopes


def _show(largest):
    return ", ".join(f"{name.removeprefix('h_')} {value:.6g}" for name, value in largest.items())


def diagonals_are_bounded(spec):
    """Over the whole line, zero included, no derivative is below 0 or above 1."""
    line = np.concatenate([LINE, [0.0]])
    slopes = _derivatives(spec, line)
    largest = {name: slope.max() for name, slope in slopes.items()}
    smallest = min(slope.min() for slope in slopes.values())
    return Shown(
        smallest >= 0 and max(largest.values()) <= 1,
        f"at {len(line)} numbers from {line.min():g} to {line.max():g} the smallest derivative is {smallest:.2g} and the largest are "
        f"{_show(largest)} (asked: in [0, 1])",
    )


def derivatives_are_less_than_one(spec):
    """Only the sigmoid's is; tanh reaches 1 at 0, ReLU and ELU at every positive number."""
    slopes = _derivatives(spec, LINE)
    at_zero = {name: slope[0] for name, slope in _derivatives(spec, [0.0]).items()}
    largest = {name: max(slope.max(), at_zero[name]) for name, slope in slopes.items()}
    positive = LINE > 0
    mend = (
        largest["h_sigmoid"] == at_zero["h_sigmoid"] == 0.25
        and at_zero["h_tanh"] == 1 > slopes["h_tanh"].max()
        and all(np.all(slopes[name][positive] == 1) and np.all(slopes[name][~positive] < 1) for name in ("h_relu", "h_elu"))
    )
    return Shown(
        max(largest.values()) < 1,
        f"at {len(LINE) + 1} numbers from {LINE.min():g} to {LINE.max():g} the largest derivatives are {_show(largest)}; without 0 that "
        f"of tanh is 1 - {1 - slopes['h_tanh'].max():.2g}; at {int(positive.sum())} positive numbers those of ReLU and ELU are all "
        f"{slopes['h_relu'][positive].min():g} and {slopes['h_elu'][positive].min():g}",
        mend_holds=mend,
    )
