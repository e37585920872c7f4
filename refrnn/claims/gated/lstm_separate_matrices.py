"""Long short-term memory with two matrices for each gate: the unit whose gates share one, and krippahl's words about them."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, SAME, another_spec, distance, draws, farthest, opened, passed, rewritten, run


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
    """A step with gates held at 0 and at 1: the cell state kept whole, replaced whole, and hidden and shown by the output gate."""
    kept, replaced = _held(spec, f=1, i=0), _held(spec, f=0, i=1)
    hidden, shown = _held(spec, o=0), _held(spec, o=1)
    apart, moved = [], []
    for values in draws(spec, ({"T": 1, "I": 3, "H": 4}, {"T": 1, "I": 2, "H": 3}), 8):
        candidate = opened(spec, values).intermediates["c_hat"]
        out = run(shown, values).outputs
        left = (run(kept, values).outputs["c"] - values["c0"], run(replaced, values).outputs["c"] - candidate, run(hidden, values).outputs["h"])
        apart.append(max(np.abs(array).max() for array in (*left, out["h"] - np.tanh(out["c"]))))
        moved.append(distance(candidate[0], values["c0"]))
    return Shown(
        max(apart) == 0 and min(moved) > DIFFERENT,
        f"over {len(apart)} draws of a step the cell state is the one before where f = 1 and i = 0, the candidate where f = 0 and i = 1, and the output is 0 where o = "
        f"0 and tanh(c) where o = 1, to within {max(apart):.2g} (asked: 0); the candidate and the state before are at least {min(moved):.2g} of the largest entry apart "
        f"(asked: above {DIFFERENT:g})",
    )


def _held(spec, **gates):
    """The spec with gates held at a number."""
    return rewritten(spec, *(f"{gate}[t] = {number} + 0 * h[t-1]" for gate, number in gates.items()))


def _joined(arrays):
    """The arrays W_f to b_c, or their gradients, as the row lstm has them."""
    rows = [np.concatenate((arrays[f"U_{gate}"], arrays[f"W_{gate}"]), axis=1) for gate in "ifoc"]
    return {"W": np.concatenate(rows), "b": np.concatenate([arrays[f"b_{gate}"] for gate in "ifoc"])}
