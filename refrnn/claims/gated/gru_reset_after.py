"""Reset gate after the product: against the other unit, and krippahl's words about its gates."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, another_spec, distance, draws, jacobian, opened, passed, rewritten, run

SIZES = ({"T": 2, "I": 3, "H": 4}, {"T": 6, "I": 2, "H": 3})
# The symbols of gru-reset-before, each under the name it has here.
OTHER_NAMES = {
    "x": "x", "h0": "h0", "W_xr": "W_r", "W_hr": "U_r", "b_r": "b_r", "W_xz": "W_z", "W_hz": "U_z", "b_z": "b_z",
    "W_xh": "W", "W_hh": "U", "b_h": "b_h",
}


def _against_reset_before(spec, diagonal):
    """The distances of outputs and of gradients between the two units, over draws without b_u."""
    before = another_spec("gru-reset-before")
    outputs, gradients = [], []
    for seed, values in enumerate(draws(spec, SIZES, 8)):
        del values["b_u"]
        if diagonal:
            values["U"] = np.diag(np.diag(values["U"]))
        after, d_after = passed(spec, values, seed)
        other, d_other = passed(before, {name: values[here] for name, here in OTHER_NAMES.items()}, seed)
        outputs.append(distance(after["h"], other["h"]))
        if diagonal:
            d_after["U"], d_other["W_hh"] = np.diag(d_after["U"]), np.diag(d_other["W_hh"])
        gradients.append(max(distance(d_after[here], d_other[name]) for name, here in OTHER_NAMES.items()))
    return outputs, gradients


def place_of_reset_matters(spec):
    """Before and after the product are two units, unless the matrix of the candidate is diagonal."""
    general, d_general = _against_reset_before(spec, False)
    diagonal, d_diagonal = _against_reset_before(spec, True)
    return Shown(
        min(general + d_general) > DIFFERENT and max(diagonal + d_diagonal) < SAME,
        f"over {len(general)} draws the states of the two units differ by at least {min(general):.2g} and their gradients by "
        f"{min(d_general):.2g} of the largest entry (asked: above {DIFFERENT:g}); with a diagonal U by at most {max(diagonal):.2g} and "
        f"{max(d_diagonal):.2g} (asked: below {SAME:g}; of the gradient of U the diagonal counts)",
    )


def gates_do_what_they_are_for(spec):
    """z = 1 passes the whole state on, z = 0 none of it; r = 0 makes the candidate forget it."""
    passes, drops = rewritten(spec, "z[t] = 1 + 0 * h[t-1]"), rewritten(spec, "z[t] = 0 * h[t-1]")
    free = rewritten(spec, outputs=("h", "h_hat"))
    forgets = rewritten(free, "r[t] = 0 * h[t-1]")
    passed_on, dropped, forgotten, seen = [], [], [], []
    for values in draws(spec, ({"T": 1, "I": 3, "H": 4}, {"T": 1, "I": 2, "H": 3}), 8):
        passed_on.append(np.abs(run(passes, values).outputs["h"][-1] - values["h0"]).max())
        replaced = opened(drops, values)
        dropped.append(np.abs(replaced.outputs["h"] - replaced.intermediates["h_hat"]).max())
        forgotten.append(np.abs(jacobian(forgets, values, "h_hat", "h0", 0)).max())
        seen.append(np.abs(jacobian(free, values, "h_hat", "h0", 0)).max())
    return Shown(
        max(passed_on + dropped + forgotten) == 0 and min(seen) > DIFFERENT,
        f"over {len(seen)} draws of a step the state differs from the one before by {max(passed_on):.2g} where z = 1 and from the "
        f"candidate by {max(dropped):.2g} where z = 0, and the derivative of the candidate by the state is {max(forgotten):.2g} where r "
        f"= 0 (asked: 0 each); with r free it is at least {min(seen):.2g} (asked: above {DIFFERENT:g})",
    )


def _kept(spec, steps, bias):
    """How much the derivative of the last state by the start stretches, with ``bias`` at the update gate."""
    kept = []
    for seed in range(4):
        values = spec.draw({"T": steps, "I": 3, "H": 2}, batch=1, seed=seed, dtype="float64")
        small = {name: 0.3 * values[name] for name in ("W_z", "U_z", "W_r", "U_r", "W", "U")}
        values = {**values, **small, "b_z": np.full(2, float(bias))}
        kept.append(np.linalg.norm(jacobian(spec, values, "h", "h0", steps - 1), 2))
    return kept


def avoids_vanishing_gradients(spec):
    """Not by itself: the linear path passes on the update gate's part of the gradient at every step."""
    steps = 50
    lost, kept = max(_kept(spec, steps, 0)), min(_kept(spec, steps, 6))
    return Shown(
        lost > 1e-3,
        f"over {steps} steps and 4 draws with small weights, the derivative of the last state by the start is at most {lost:.2g} with no "
        f"bias at the update gate (a counterexample is below 1e-3), and at least {kept:.2g} with a bias of 6, which puts it at "
        f"{1 / (1 + np.exp(-6.0)):.4f} (asked: above 0.5)",
        mend_holds=kept > 0.5,
    )
