"""Powers of a scalar: claims of eee511 about a function applied again and again, and the numbers it gives for them."""

import math

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, distance, draws, run

STEPS = 10


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
    """A small step against the gradient of the start changes nothing for a small weight, and ruins all for a large one."""
    steps, rate = 40, 1e-3
    stopped = [abs(_after_step(spec, 0.3, steps, rate, seed) - 1) for seed in range(5)]
    broken = [_after_step(spec, 1.7, steps, rate, seed) for seed in range(5)]
    return Shown(
        max(stopped) < 1e-12 and min(broken) > 1e6,
        f"over {steps} steps and {len(broken)} draws, a step of {rate:g} against the gradient of the start changes the error at the end by "
        f"{max(stopped):.2g} of itself for the weight 0.3 (asked: below 1e-12), and makes it at least {min(broken):.2g} times as large "
        f"for 1.7 (asked: above 1e6)",
    )


def _values(spec, w, steps, seed=0):
    return {**spec.draw({"T": steps}, batch=1, seed=seed, dtype="float64"), "w": np.array(w)}


def _slope(spec, w, steps):
    """The derivative of the last state by the start."""
    found = run(spec, _values(spec, w, steps))
    upstream = np.zeros((steps, 1))
    upstream[-1] = 1
    return float(found.backward({"h": upstream})["h0"][0])


def _after_step(spec, w, steps, rate, seed):
    """The distance of the last state from one above it, after one step of learning the start, relative to the one before."""
    values = _values(spec, w, steps, seed)
    last = run(spec, values).outputs["h"][-1]
    moved = {**values, "h0": values["h0"] + rate * _slope(spec, w, steps)}
    return float(abs(last + 1 - run(spec, moved).outputs["h"][-1])[0])
