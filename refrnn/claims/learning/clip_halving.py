"""Clipping by halving: what ds4440's rule does to a gradient."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, distance, draws, run

SIZES = ({"N": 1, "M": 2, "K": 3}, {"N": 7, "M": 4, "K": 5}, {"N": 40, "M": 9, "K": 8})
# The norm before clipping, in units of the threshold.
RATIOS = (0.01, 0.5, 0.999, 1.001, 1.5, 1.999, 2.001, 3.0, 10.0, 1e3, 1e5)


def _trials(spec, ratios=RATIOS):
    """Draws whose norm is each of the ratios times the threshold."""
    for values in draws(spec, SIZES, 6):
        length = _length(values)
        for ratio in ratios:
            yield {**values, "tau": np.float64(length / ratio)}, ratio


def _length(values):
    return float(np.sqrt(np.sum(values["g"] ** 2) + np.sum(values["G"] ** 2)))


def _halved(spec, values):
    found = run(spec, values).outputs
    return {**values, "g": found["g_clipped"], "G": found["G_clipped"]}


def bounds_the_norm(spec):
    """One halving does not; halving again until the norm is below the threshold does."""
    left, once, repeated, rounds, count = 0.0, 0.0, [], 0, 0
    for values, ratio in _trials(spec):
        count += 1
        clipped = _halved(spec, values)
        left = max(left, _length(clipped) / values["tau"])
        once = max(once, _length(clipped) / values["tau"]) if ratio < 2 else once
        again = 1
        while _length(clipped) >= values["tau"] and again < 64:
            clipped, again = _halved(spec, clipped), again + 1
        rounds = max(rounds, again)
        if ratio >= 1:
            repeated.append(_length(clipped) / values["tau"])
    return Shown(
        left < 1,
        f"over {count} draws with norms from {min(RATIOS):g} to {max(RATIOS):g} times the threshold, one halving leaves up to "
        f"{left:.6g} times the threshold, of a norm below twice the threshold up to {once:.6g} times (asked: below 1); halving again, at most "
        f"{rounds} times in all, leaves what was at the threshold or above it between {min(repeated):.4g} and {max(repeated):.4g} times it (asked: from 0.5 to below 1)",
        mend_holds=once < 1 and max(repeated) < 1 and min(repeated) >= 0.5 - SAME,
    )


def suffices_up_to_twice(spec):
    """After one halving the norm is at the threshold or above exactly where it was at twice the threshold or above."""
    wrong, count = 0, 0
    for values, ratio in _trials(spec):
        count += 1
        wrong += (_length(_halved(spec, values)) >= values["tau"]) != (ratio >= 2)
    return Shown(
        wrong == 0,
        f"over {count} draws with norms from {min(RATIOS):g} to {max(RATIOS):g} times the threshold, {wrong} break it (asked: 0)",
    )


def keeps_the_direction(spec):
    """What is clipped is exactly half of the gradient, and what is below the threshold is not touched."""
    apart, turned, count = 0.0, 0.0, 0
    for values, ratio in _trials(spec):
        count += 1
        clipped = _halved(spec, values)
        factor = 0.5 if ratio >= 1 else 1.0
        apart = max(apart, *(distance(clipped[name], factor * values[name]) for name in ("g", "G")))
        lengths = _length(values) * _length(clipped)
        cosine = (np.sum(values["g"] * clipped["g"]) + np.sum(values["G"] * clipped["G"])) / lengths
        turned = max(turned, abs(1 - cosine))
    return Shown(
        apart == 0 and turned < SAME,
        f"over {count} draws with norms from {min(RATIOS):g} to {max(RATIOS):g} times the threshold, the result differs from the half, "
        f"or below the threshold from the whole, by {apart:.2g} (asked: 0), and its cosine with the gradient from 1 by {turned:.2g} "
        f"(asked: below {SAME:g})",
    )
