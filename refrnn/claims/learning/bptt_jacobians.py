"""BPTT by Jacobians: claims of ds4440 about repeated products, shared weights, and gradients over many steps."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, jacobian, norm, orthogonal, run

SIZES = ({"T": 2}, {"T": 3}, {"T": 6, "I": 2, "H": 5}, {"T": 10, "I": 3, "H": 2})


def error_is_a_product_of_jacobians(spec):
    """The Jacobian of each single step, measured by itself, all multiplied with the gradient of the last state."""
    apart, most = [], 0
    for values in draws(spec, SIZES, 6):
        errors, product = _errors(spec, values), np.eye(len(values["W_o"]))
        steps = _single_steps(spec, values)[1:]
        for step in steps:
            product = product @ jacobian(spec, step, "h", "h0", 0).T
        apart.append(distance(product @ errors[-1], errors[0]))
        most = max(most, len(steps))
    return Shown(
        max(apart) < SAME,
        f"over {len(apart)} draws the product of up to {most} Jacobians, one for each step behind h_1, and the gradient of the last "
        f"state differ from the gradient of h_1 by at most {max(apart):.2g} of its largest entry (asked: below {SAME:g})",
    )


def every_step_adds_its_own_part(spec):
    """The parts of single steps add up; with the derivative through all earlier steps the past would count again."""
    apart, doubled = [], []
    for values in draws(spec, SIZES, 6):
        found, errors = run(spec, values), _errors(spec, values)
        gradient = found.backward({"L": np.ones(1)})["W_h"]
        parts = [
            run(spec, step).backward({"h": error[None, None]})["W_h"]
            for step, error in zip(_single_steps(spec, values), errors, strict=True)
        ]
        apart.append(distance(sum(parts), gradient))
        doubled.append(distance(found.backward({"h": np.array(errors)[:, None]})["W_h"], gradient))
    return Shown(
        max(doubled) < DIFFERENT,
        f"over {len(apart)} draws the parts of the steps add up to the gradient of W_h but for {max(apart):.2g} of its largest entry "
        f"(asked: below {SAME:g}); a ∇_W h_t through all earlier steps is off by at least {min(doubled):.2g} (asked: above {DIFFERENT:g})",
        mend_holds=max(apart) < SAME and min(doubled) > DIFFERENT,
    )


def gradients_explode_or_vanish(spec):
    """From the last state to the first, for weights of chosen stretch; the sigmoid's slope is at most 1/4."""
    steps, seeds = 40, range(5)
    vanished = max(_growth(spec, steps, 3.0, seed) for seed in seeds)
    exploded = min(_growth(spec, steps, 6.0, seed, centred=True) for seed in seeds)
    return Shown(
        vanished < 1e-4 and exploded > 1e6,
        f"over {steps} steps and {len(seeds)} draws each, the gradient of h_1 is at most {vanished:.2g} of that of the last state where "
        f"W_h stretches by 3 (asked: below 1e-4), and at least {exploded:.2g} times it where W_h stretches by 6 and every state is "
        f"1/2 (asked: above 1e6)",
    )


def _states(spec, values):
    """h_0 to h_T, (T + 1, 1, H)."""
    return np.concatenate((values["h0"][None], run(spec, values).outputs["h"]))


def _single_steps(spec, values):
    """The values of every step as a sequence of one step."""
    states = _states(spec, values)
    return [{**values, "x": values["x"][t : t + 1], "h0": states[t]} for t in range(len(values["x"]))]


def _errors(spec, values):
    """The gradients of L by h_1, ..., h_T, each from a run that begins there."""
    states, x = _states(spec, values), values["x"]
    rest = [run(spec, {**values, "x": x[t:], "h0": states[t]}) for t in range(1, len(x))]
    last = (run(spec, values).outputs["y_hat"] - values["y"])[0] * values["W_o"]
    return [found.backward({"L": np.ones(1)})["h0"][0] for found in rest] + [last]


def _growth(spec, steps, stretch, seed, centred=False):
    """How many times the gradient of the last state that of h_1 is; ``centred`` keeps all states at 1/2."""
    values = spec.draw({"T": steps, "I": 2, "H": 3}, batch=1, seed=seed, dtype="float64")
    values["W_h"] = stretch * orthogonal(3, seed)
    if centred:
        values.update(x=0 * values["x"], h0=0 * values["h0"] + 0.5, b_h=-values["W_h"].sum(axis=0) / 2)
    states = _states(spec, values)
    rest = run(spec, {**values, "x": values["x"][1:], "h0": states[1]})
    first = rest.backward({"L": np.ones(1)})["h0"]
    return norm(first) / norm((rest.outputs["y_hat"] - values["y"]) * values["W_o"])
