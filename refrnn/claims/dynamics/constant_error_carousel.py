"""Constant error carousel: claims of cmu-2017 about an error that only gates scale."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, distance, draws, jacobian, norm, run

SIZES = ({"T": 1}, {"T": 6, "H": 4}, {"T": 25, "H": 2})


def error_is_carried_unchanged(spec):
    """The gradient of the start, bit for bit that of the last state; beside it gates of 0.9."""
    steps, changed, faded = (1, 10, 100, 1000), [], []
    for number in steps:
        values = spec.draw({"T": number, "H": 3}, batch=1, seed=number, dtype="float64")
        changed.append(distance(*_errors(spec, {**values, "sigma": np.ones_like(values["sigma"])})))
        at_start, at_end = _errors(spec, {**values, "sigma": np.full_like(values["sigma"], 0.9)})
        faded.append(norm(at_start) / norm(at_end))
    return Shown(
        max(changed) == 0,
        f"with gates at 1 over {', '.join(map(str, steps))} steps the error of the start differs from that of the last state by "
        f"{max(changed):.2g} (asked: 0); with gates at 0.9 there are {', '.join(f'{share:.2g}' for share in faded)} of it left",
    )


def only_gates_scale(spec):
    """The Jacobian of the last state by the start holds the products of the gates, and twice the start is twice the state."""
    apart, scaled = [], []
    for values in draws(spec, SIZES, 8):
        last = len(values["sigma"]) - 1
        gates = np.diag(np.prod(values["sigma"][:, 0], axis=0))
        apart.append(distance(jacobian(spec, values, "h", "h0", last), gates))
        twice = run(spec, {**values, "h0": 2 * values["h0"]}).outputs["h"]
        scaled.append(distance(twice, 2 * run(spec, values).outputs["h"]))
    return Shown(
        max(apart) < SAME and max(scaled) == 0,
        f"over {len(apart)} draws with T from 1 to 25 the Jacobian of the last state by the start differs from the diagonal matrix of the "
        f"gates' products by at most {max(apart):.2g} (asked: below {SAME:g}); twice the start is twice the state but for {max(scaled):.2g} (asked: 0)",
    )


def _errors(spec, values):
    """The errors of the start and of the last state."""
    found = run(spec, values)
    return found.backward({"Div": np.ones(1)})["h0"], found.outputs["h"][-1] - values["d"]
