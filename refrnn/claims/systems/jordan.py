"""Jordan network: claims of cmu-2020 about its memory and its "simple" training."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, distance, draws, farthest, jacobian, passed, run

SIZES = ({"T": 2}, {"T": 5, "I": 3, "H": 6, "O": 2}, {"T": 9, "I": 2, "H": 3, "O": 4})
WEIGHTS = ("W_xh", "W_mh", "b_h", "W_hy", "b_y")


def memory_is_a_fading_sum(spec):
    """The context against the sum written out, with the powers of mu."""
    apart = []
    for values in draws(spec, SIZES, 6):
        found, mu = run(spec, values).outputs, float(values["mu"])
        outputs = np.concatenate((values["y0"][None], found["y"]))  # y at -1 comes first
        for t, m in enumerate(found["m"]):
            faded = [mu**age * outputs[t - age] for age in range(t + 1)]
            apart.append(distance(m, mu ** (t + 1) * values["m0"] + np.sum(faded, axis=0)))
    return Shown(
        max(apart) < SAME,
        f"over {len(apart)} steps with mu from 0 to 1 the context differs from the sum by at most {max(apart):.2g} of its "
        f"largest entry (asked: below {SAME:g})",
    )


def simple_training_differs(spec):
    """The same outputs, and another gradient for every weight: each acts on a context."""
    outputs, apart = [], []
    for seed, values in enumerate(draws(spec, SIZES, 6)):
        full, d_full = passed(spec, {**values, "simple": 0}, seed)
        simple, d_simple = passed(spec, {**values, "simple": 1}, seed)
        outputs.append(farthest(full, simple))
        apart.append(min(distance(d_full[name], d_simple[name]) for name in WEIGHTS))
    return Shown(
        max(outputs) == 0 and min(apart) > DIFFERENT,
        f"over {len(apart)} draws with T from 2 to 9 the outputs differ by {max(outputs):.2g}, and every weight's gradient "
        f"by at least {min(apart):.2g} of its largest entry (asked: 0, above {DIFFERENT:g})",
    )


def error_stays_in_its_step(spec):
    """The last output's derivatives by all that came before its own input."""
    leaks, reaches, count = [], [], 0
    for values in draws(spec, SIZES, 2):
        last = len(values["x"]) - 1
        for simple, kept in ((1, leaks), (0, reaches)):
            chosen = {**values, "simple": simple}
            by_x = jacobian(spec, chosen, "y", "x", last)
            kept += [np.abs(by_x[:, t]).max() for t in range(last)]
            kept += [np.abs(jacobian(spec, chosen, "y", start, last)).max() for start in ("m0", "y0")]
        count += 1
    return Shown(
        max(leaks) == 0 and min(reaches) > 0,
        f"over {count} draws the last output's derivatives by earlier inputs and by the starts are at most {max(leaks):.2g} "
        f"in simple training (asked: 0) and at least {min(reaches):.2g} in full BPTT (asked: above 0)",
    )
