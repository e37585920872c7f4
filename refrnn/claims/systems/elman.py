"""Elman network: claims of cmu-2020 about its "simple" training, and of eee511 about order."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, distance, draws, farthest, jacobian, passed, run

SIZES = ({"T": 2}, {"T": 5, "I": 3, "H": 6, "O": 2}, {"T": 9, "I": 2, "H": 3, "O": 4})


def simple_training_differs(spec):
    """The same outputs, and another gradient for every weight that sees the past."""
    outputs, read_out, apart = [], [], []
    for seed, values in enumerate(draws(spec, SIZES, 12)):
        full, d_full = passed(spec, {**values, "simple": 0}, seed)
        simple, d_simple = passed(spec, {**values, "simple": 1}, seed)
        outputs.append(farthest(full, simple))
        read_out.append(distance(d_full["W_hy"], d_simple["W_hy"]))
        apart.append(min(distance(d_full[name], d_simple[name]) for name in ("W_xh", "W_hh")))
    holds = max(outputs) == 0 and max(read_out) == 0 and min(apart) > DIFFERENT
    return Shown(
        holds,
        f"over {len(apart)} draws with T from 2 to 9 the outputs differ by {max(outputs):.2g}, the gradient of W_hy by "
        f"{max(read_out):.2g}, those of W_xh and W_hh by at least {min(apart):.2g} of their largest entry "
        f"(asked: 0, 0, above {DIFFERENT:g})",
    )


def error_stays_in_its_step(spec):
    """With the context a constant, the last output has no derivative by any earlier input or by the start."""
    leaks, reaches, count = [], [], 0
    for values in draws(spec, ({"T": 3}, {"T": 6, "H": 3, "O": 2}), 6):
        last = len(values["x"]) - 1
        for simple, kept in ((1, leaks), (0, reaches)):
            by_x = jacobian(spec, {**values, "simple": simple}, "y", "x", last)
            by_start = jacobian(spec, {**values, "simple": simple}, "y", "h0", last)
            kept += [np.abs(by_x[:, t]).max() for t in range(last)] + [np.abs(by_start).max()]
        count += 1
    return Shown(
        max(leaks) == 0 and min(reaches) > 0,
        f"over {count} draws the last output's derivatives by earlier inputs and by the start are at most {max(leaks):.2g} "
        f"in simple training (asked: 0) and at least {min(reaches):.2g} in full BPTT (asked: above 0)",
    )


def order_matters(spec):
    """Two inputs exchanged give another last output."""
    apart = []
    for values in draws(spec, SIZES, 12, simple=0):
        exchanged = values["x"].copy()
        exchanged[[0, 1]] = exchanged[[1, 0]]
        last = run(spec, values).outputs["y"][-1]
        apart.append(distance(last, run(spec, {**values, "x": exchanged}).outputs["y"][-1]))
    return Shown(
        min(apart) > DIFFERENT,
        f"over {len(apart)} draws with T from 2 to 9, the first two inputs exchanged change the last output by at least "
        f"{min(apart):.2g} of its largest entry (asked: above {DIFFERENT:g})",
    )


def recurrence_is_the_memory(spec):
    """The last output's derivatives by earlier inputs and by the start, with the recurrent weights and without them."""
    found = {"with": [], "without": []}
    for values in draws(spec, SIZES, 3, simple=0):
        last = len(values["x"]) - 1
        for chosen, weights in (("with", values["W_hh"]), ("without", np.zeros_like(values["W_hh"]))):
            by_x, by_start = (jacobian(spec, {**values, "W_hh": weights}, "y", name, last) for name in ("x", "h0"))
            found[chosen] += [*np.abs(by_x[:, :last]).max(axis=(0, 2)), np.abs(by_start).max()]
    return Shown(
        min(found["with"]) > 0 and max(found["without"]) == 0,
        f"over {len(found['with'])} earlier inputs and starts of draws with T from 2 to 9, the derivative of the last output by them is at least "
        f"{min(found['with']):.2g} (asked: above 0), and without the recurrent weights {max(found['without']):.2g} (asked: 0)",
    )
