"""Pattern memory: the claim of cmu-2017 that a plain net forgets, for weights that shrink and for those of a latch."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import SAME, orthogonal, run

STEPS = 400
PATTERNS = (1, -1)  # pattern 1 and its opposite
LOUD, QUIET = 3.0, 0.5  # of a plain unit's argument: what pattern 1 gives it, and what anything later may


def plain_state_forgets(spec):
    """Pattern 1 or its opposite and then the same other stuff: how far apart the plain states are, step by step."""
    tightest, left = 0.0, []
    for seed in range(4):
        W_h = 0.9 * orthogonal(3, seed)
        apart = np.linalg.norm(np.subtract(*_states(spec, W_h, seed, _any(seed))), axis=1)
        tightest = max(tightest, (apart / apart[0] / 0.9 ** np.arange(STEPS)).max(where=apart > 1e-3, initial=0))
        left.append(apart[-1])
    others = (*map(_any, range(4)), -np.array(PATTERNS))  # the last is against the pattern, all the time
    kept = min((_states(spec, 2 * np.eye(3), 0, other).swapaxes(0, 2) * PATTERNS).min() for other in others)
    return Shown(
        kept < 0.5,
        f"over {STEPS - 1} steps of other stuff behind pattern 1 and {len(left)} draws the states that differ by pattern 1 alone come together to {max(left):.2g} where W_h "
        f"shrinks by 0.9 (asked: below {SAME:g}), at no step more than {tightest:.3f} times the power of that apart (asked: at most 1); units that feed 2 back to "
        f"themselves keep the sign that pattern 1 gave them, under such stuff and under what is always against it, at a size of at least {kept:.3g} (asked: above 0.5)",
        mend_holds=max(left) < SAME and tightest <= 1 + SAME and kept > 0.5,
    )


def _any(seed):
    """Stuff of any size and sign, the same behind both patterns."""
    return np.random.default_rng([seed, 31]).uniform(-1, 1, (STEPS - 1, 1))


def _states(spec, W_h, seed, other):
    """The plain states (2, steps, H) of a sequence that begins with pattern 1, and of one that begins with its opposite, then ``other`` stuff."""
    H = len(W_h)
    values = spec.draw({"T": STEPS, "I": 2, "H": H}, batch=2, seed=seed, dtype="float64")
    x = np.zeros_like(values["x"])
    x[0, :, 0] = PATTERNS
    x[1:, :, 1] = other
    W_x = np.repeat([[LOUD, QUIET]], H, axis=0)
    found = run(spec, {**values, "x": x, "h0": np.zeros((2, H)), "W_x": W_x, "W_h": W_h, "b": np.zeros(H)})
    return found.outputs["h"].swapaxes(0, 1)
