"""Skip connections through time: claims of krippahl about how far a gradient reaches."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import draws, jacobian, norm, rewritten

SMALL = 2.0**-14
LENGTH_ONE = "h[t] = tanh(W @ x[t] + U @ h[t-1] + V @ h[t-1] + b)"


def gradient_passes_fewer_factors(spec):
    """The least number of recurrent matrices on the way: the power of a factor, common to U and V, that the gradient goes with.

    Halving a factor small enough for the shortest way to count alone divides the gradient by 2 for each matrix on it.
    """
    jumped, stepped = [], []
    for jump, jumps in ((2, 3), (3, 4), (4, 2), (5, 3)):
        gap = jump * jumps
        for values in draws(spec, ({"T": gap + 1, "D": jump},), 3):
            jumped.append(abs(_factors(spec, values, gap) - jumps))
            stepped.append(abs(_factors(spec, {**values, "V": np.zeros_like(values["V"])}, gap) - gap))
    return Shown(
        max(jumped) < 0.01 and max(stepped) < 0.01,
        f"over {len(jumped)} draws with jumps of 2 to 5 steps and gaps of 6 to 15, the gradient goes with the power n/D of the weights, to "
        f"{max(jumped):.2g}, and without the jumps with the power n, to {max(stepped):.2g} (asked: 0.01)",
    )


def _factors(spec, values, gap):
    """The power of a small factor of U and V that the gradient over ``gap`` steps goes with."""
    found = []
    for factor in (SMALL, SMALL / 2):
        weaker = {**values, "U": factor * values["U"], "V": factor * values["V"]}
        found.append(norm(jacobian(spec, weaker, "h", "x", gap)[:, 0]))
    return np.log2(found[0] / found[1])


def more_gradient_is_left(spec):
    """The same U and V, once with V over D steps and once with both over one step."""
    plain = rewritten(spec, LENGTH_ONE)
    gap, more, shares = 24, [], []
    for jump in (3, 4, 6):
        for values in draws(spec, ({"T": gap + 1, "D": jump, "I": 3, "H": 4},), 5):
            for name in ("U", "V"):
                values[name] = values[name] * 0.4 / np.linalg.norm(values[name], 2)
            with_jumps, without = (jacobian(network, values, "h", "x", gap) for network in (spec, plain))
            left, left_without = (norm(by_x[:, 0]) / norm(by_x[:, gap]) for by_x in (with_jumps, without))
            more.append(left / left_without)
            shares.append((left, left_without))
    most = np.max(shares, axis=0)
    return Shown(
        min(more) > 2,
        f"over {len(more)} draws with U and V of norm 0.4 and jumps of 3, 4 or 6 steps, at most {most[0]:.2g} of the gradient is left after {gap} steps, "
        f"and {most[1]:.2g} with both over one step; at least {min(more):.2g} times as much for the same weights (asked: above 2)",
    )
