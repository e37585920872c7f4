"""Divergence of a sequence: the claim of cmu-2020 that its derivative is that of the local divergence."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, rewritten, run

SIZES = ({"T": 2, "O": 4}, {"T": 5, "O": 3})
LOCAL = {"squared": "DIV_squared", "entropy": "DIV_entropy"}
NO_SUMS = (
    "DIV_root = sqrt(sum(squared[t]**2 for t in range(T)))",
    "largest[0] = squared[0]",
    "largest[t] = max(largest[t-1], squared[t])",
    "DIV_largest = largest[T-1]",
)


def _local_slopes(spec, values, local):
    """The derivative of each Div(t) by all of Y: (T, T, O), the step of Div first."""
    slopes = []
    for step in range(len(values["Y"])):
        found = run(spec, values)
        upstream = np.zeros_like(found.outputs[local])
        upstream[step] = 1
        slopes.append(found.backward({local: upstream})["Y"][:, 0])
    return np.stack(slopes)


def _whole_slope(spec, values, whole):
    found = run(spec, values)
    return found.backward({whole: np.ones_like(found.outputs[whole])})["Y"][:, 0]


def _own(slopes):
    """Of the derivative of each Div(t), the part by its own Y(t): (T, O)."""
    steps = np.arange(len(slopes))
    return slopes[steps, steps]


def _across(slopes):
    """The largest derivative of a Div(t) by the Y of another step."""
    return max(np.abs(np.delete(slope, step, axis=0)).max() for step, slope in enumerate(slopes))


def derivative_is_local(spec):
    """For the plain sum, with squared error and with cross-entropy."""
    apart, across = [], []
    for values in draws(spec, SIZES, 4):
        for local, whole in LOCAL.items():
            slopes = _local_slopes(spec, values, local)
            apart.append(distance(_whole_slope(spec, values, whole), _own(slopes)))
            across.append(_across(slopes))
    return Shown(
        max(apart) < SAME and max(across) == 0,
        f"over {len(apart)} draws with T of 2 and 5 the two sides differ by at most {max(apart):.2g} of the largest entry (asked: below "
        f"{SAME:g}), and no Div(t) has a derivative by the Y of another step above {max(across):.2g} (asked: 0)",
    )


def any_other_divergence_has_a_factor(spec):
    """The root of the sum of squares and the largest, with the factor dDIV/dDiv(t) and without it."""
    other = rewritten(spec, *NO_SUMS, outputs=(*spec.outputs, "DIV_root", "DIV_largest"))
    apart, mended = [], []
    for values in draws(other, SIZES, 3):
        local = _own(_local_slopes(other, values, "squared"))
        squared = run(other, values).outputs["squared"][:, 0]
        factors = {"DIV_root": squared / np.sqrt(np.sum(squared**2)), "DIV_largest": squared == squared.max()}
        for whole, factor in factors.items():
            slope = _whole_slope(other, values, whole)
            apart.append(distance(slope, local))
            mended.append(distance(slope, factor[:, None] * local))
    return Shown(
        min(apart) > DIFFERENT and max(mended) < SAME and derivative_is_local(spec).holds,
        f"over {len(apart)} draws of the root of the sum of the squared Div(t) and of the largest Div(t) dDIV/dY_i(t) and dDiv(t)/dY_i(t) differ "
        f"by at least {min(apart):.2g} of the largest entry (asked: above {DIFFERENT:g}); with the factor dDIV/dDiv(t) by at most "
        f"{max(mended):.2g} (asked: below {SAME:g})",
    )


def edit_distance_has_no_slope(spec):
    """From one output to another in small steps: the edit distance jumps and is level between, the cross-entropy has the gradient's slope."""
    jumps, level, slopes, steps = [], 0, [], 400
    for seed, values in enumerate(draws(spec, ({"T": 6, "O": 4},), 4)):
        wanted = values["P"][:, 0].argmax(axis=1)
        way = 3 * np.random.default_rng([seed, 29]).standard_normal(values["Y"].shape)
        distances = np.array([_edits((values["Y"] + part * way)[:, 0].argmax(axis=1), wanted) for part in np.linspace(0, 1, steps)])
        moved = np.abs(np.diff(distances))
        jumps.append(int(np.sum(moved > 0)))
        level += int(np.sum(moved == 0))
        slope = float(np.sum(run(spec, values).backward({"DIV_entropy": np.ones(1)})["Y"] * way))
        ahead, behind = (run(spec, {**values, "Y": values["Y"] + part * way}).outputs["DIV_entropy"][0] for part in (1e-5, -1e-5))
        slopes.append(abs((ahead - behind) / 2e-5 - slope) / abs(slope))
    return Shown(
        min(jumps) > 0 and level > 0.9 * len(jumps) * (steps - 1) and max(slopes) < 1e-6,
        f"on {len(jumps)} ways of {steps} outputs the edit distance is level in {level} of the steps between and jumps in {sum(jumps)} (asked: on every way), so its "
        f"derivative is 0 or none; DIV_entropy has the slope that its gradient says to within {max(slopes):.2g} (asked: below 1e-6)",
    )


def _edits(found, wanted):
    """The least number of symbols put in, left out or exchanged that make one sequence the other (Levenshtein)."""
    row = np.arange(len(wanted) + 1)
    for count, symbol in enumerate(found, 1):
        above, row = row, np.empty_like(row)
        row[0] = count
        for place, other in enumerate(wanted):
            row[place + 1] = min(row[place] + 1, above[place + 1] + 1, above[place] + (symbol != other))
    return int(row[-1])
