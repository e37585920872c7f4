"""Long short-term memory with two matrices for each gate: the unit whose gates share one, and krippahl's words about them."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.gates import keep_replace_and_reveal
from refrnn.claims.measure import SAME, another_spec, draws, farthest, passed


def is_the_unit_with_one_matrix(spec):
    """Outputs and all gradients are those of the row lstm with W = [U, W] for each gate, in its order i, f, o, g."""
    one = another_spec("lstm")
    forward, backward = [], []
    for values in draws(spec, ({"T": 1, "H": 4, "I": 2}, {"T": 6, "H": 3, "I": 5}), 4):
        outputs, gradients = passed(spec, values)
        given = {name: values[name] for name in ("x", "h0", "c0")}
        other, others = passed(one, {**given, **_joined(values)})
        forward.append(farthest(outputs, other))
        backward.append(farthest(_joined(gradients) | {name: gradients[name] for name in given}, others))
    return Shown(
        max(forward) < SAME and max(backward) < SAME,
        f"over {len(forward)} draws of 1 and 6 steps the outputs differ from those of lstm by at most {max(forward):.2g} of the "
        f"largest, the gradients by {max(backward):.2g} (asked: below {SAME:g})",
    )


def gates_do_what_they_are_for(spec):
    """A step with gates held at 0 and at 1."""
    return keep_replace_and_reveal(spec, "c_hat")


def _joined(arrays):
    """The arrays W_f to b_c, or their gradients, as the row lstm has them."""
    rows = [np.concatenate((arrays[f"U_{gate}"], arrays[f"W_{gate}"]), axis=1) for gate in "ifoc"]
    return {"W": np.concatenate(rows), "b": np.concatenate([arrays[f"b_{gate}"] for gate in "ifoc"])}
