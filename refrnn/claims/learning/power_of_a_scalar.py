"""Powers of a scalar: claims of eee511 about a function applied again and again, and the numbers it gives for them."""

import math

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, distance, draws, run

STEPS = 10
LEARNED = 20  # steps in time over which the weight is learned


def repetition_is_a_power(spec):
    """The last state of three steps from single steps, and the slope of many from the slope of one."""
    nested, powers = [], []
    for values in draws(spec, ({"T": 3},), 10):
        state = values["h0"]
        for t in range(3):
            state = run(spec, {**values, "x": values["x"][t : t + 1], "h0": state}).outputs["h"][0]
        nested.append(distance(state, run(spec, values).outputs["h"][2]))
    for w in (-1.2, 0.3, 0.9, 1.0, 1.7):
        powers += [abs(_slope(spec, w, steps) / _slope(spec, w, 1) ** steps - 1) for steps in (2, 10, 40)]
    return Shown(
        max(nested) == 0 and max(powers) < SAME,
        f"over {len(nested)} draws h_3 and the nested f differ by {max(nested):.2g} (asked: 0); over {len(powers)} weights and numbers of "
        f"steps up to 40 the derivative is the power but for {max(powers):.2g} of itself (asked: below {SAME:g})",
    )


def power_of_three_tenths(spec):
    """The derivative over ten steps; which power of 0.3 is below 10^-7, and of what 10^-7 is the tenth power."""
    found, other = _slope(spec, 0.3, STEPS), _slope(spec, 0.2, STEPS)
    enough = next(steps for steps in range(1, 40) if abs(_slope(spec, 0.3, steps)) < 1e-7)
    return Shown(
        round(math.log10(found)) == -7,
        f"over {STEPS} steps the derivative for the weight 0.3 is {found:.4g}, {found / 1e-7:.3g} times what is printed; it falls below "
        f"1e-7 at {enough} steps, and over {STEPS} steps it is {other:.4g} for the weight 0.2",
        mend_holds=f"{found:.1e}" == "5.9e-06" and f"{other:.0e}" == "1e-07",
    )


def power_of_seventeen_tenths(spec):
    """The derivative over ten steps."""
    found = _slope(spec, 1.7, STEPS)
    return Shown(math.floor(found) == 201, f"over {STEPS} steps the derivative for the weight 1.7 is {found:.6g}")


def learning_stops_or_breaks(spec):
    """The weight itself is learned, from the start alone and from an input at every step, by small weights and by large ones."""
    small, large = (0.1, 0.3, 0.5), (1.3, 1.7, 2.0)
    moved = [abs(_learned(spec, w, 0.9, from_start=True)[0] - w) for w in small]
    left = [_learned(spec, w, 0.6, from_start=False, rate=0.02, count=60)[1] for w in small]
    broken = [_learned(spec, w, 1.2, from_start=True, rate=1e-3, count=1)[1] for w in large]
    clipped = [_learned(spec, w, 1.2, from_start=True, rate=1e-3, longest=0.05)[1] for w in large]
    stops, breaks = max(moved) < 1e-4, min(broken) > 1e6
    return Shown(
        stops and breaks and min(left) > 0.9,
        f"over {LEARNED} steps, weights of {small[0]:g} to {small[-1]:g} that are to become 0.9 by what the start leaves at the end move by at most "
        f"{max(moved):.2g} (asked: below 0.0001); where an input at every step tells the same, 0.6, at most {max(left):.2g} of the error is left; from "
        f"{large[0]:g} to {large[-1]:g} one step of 0.001 against the gradient makes the error at least {min(broken):.2g} times as large (asked: above "
        f"1e6), steps clipped to 0.05 leave at most {max(clipped):.2g} of it",
        mend_holds=stops and breaks and max(left) < 0.1 and max(clipped) < 1,
    )


def _learned(spec, w, wanted, from_start, rate=0.1, count=20, longest=np.inf):
    """The weight after ``count`` steps of learning to end where ``wanted`` ends, and what is left of the error."""
    given = {"h0": np.ones(1), "x": np.zeros((LEARNED, 1))} if from_start else {"h0": np.zeros(1), "x": np.ones((LEARNED, 1))}
    errors = []
    aim = run(spec, {**given, "w": np.array(float(wanted))}).outputs["h"][-1]
    for _ in range(count + 1):
        found = run(spec, {**given, "w": np.array(float(w))})
        upstream = np.zeros((LEARNED, 1))
        upstream[-1] = found.outputs["h"][-1] - aim
        errors.append(float(np.abs(upstream[-1, 0])))
        last, w = w, w - float(np.clip(rate * found.backward({"h": upstream})["w"], -longest, longest))
    return last, errors[-1] / errors[0]


def _values(spec, w, steps, seed=0):
    return {**spec.draw({"T": steps}, batch=1, seed=seed, dtype="float64"), "w": np.array(w)}


def _slope(spec, w, steps):
    """The derivative of the last state by the start."""
    found = run(spec, _values(spec, w, steps))
    upstream = np.zeros((steps, 1))
    upstream[-1] = 1
    return float(found.backward({"h": upstream})["h0"][0])
