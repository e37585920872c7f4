"""What the gates of a long short-term memory do, whatever its matrices are called."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import DIFFERENT, distance, draws, opened, rewritten, run


def keep_replace_and_reveal(spec, candidate):
    """A step with gates held at 0 and at 1: the memory kept whole, replaced whole, hidden and revealed by the output gate.

    The memory is c, and ``candidate`` names what may go into it.
    """
    kept, replaced = _held(spec, f=1, i=0), _held(spec, f=0, i=1)
    hidden, revealed = _held(spec, o=0), _held(spec, o=1)
    apart, moved = [], []
    for values in draws(spec, ({"T": 1, "I": 3, "H": 4}, {"T": 1, "I": 2, "H": 3}), 8):
        new = opened(spec, values).intermediates[candidate]
        out = run(revealed, values).outputs
        left = (run(kept, values).outputs["c"] - values["c0"], run(replaced, values).outputs["c"] - new, run(hidden, values).outputs["h"])
        apart.append(max(np.abs(array).max() for array in (*left, out["h"] - np.tanh(out["c"]))))
        moved.append(distance(new[0], values["c0"]))
    return Shown(
        max(apart) == 0 and min(moved) > DIFFERENT,
        f"over {len(apart)} draws of a step the memory is the one before where f = 1 and i = 0, {candidate} where f = 0 and i = 1, and the output is 0 where o = "
        f"0 and tanh(c) where o = 1, to within {max(apart):.2g} (asked: 0); {candidate} and the memory before are at least {min(moved):.2g} of the largest entry apart "
        f"(asked: above {DIFFERENT:g})",
    )


def _held(spec, **gates):
    """The spec with gates held at a number."""
    return rewritten(spec, *(f"{gate}[t] = {number} + 0 * h[t-1]" for gate, number in gates.items()))
