"""Skip connections through time: how far a gradient reaches."""

import numpy as np

from refrnn.claims import Shown
from refrnn.claims.measure import draws, jacobian, norm

SMALL = 2.0**-14
# The gap in steps, and inputs that are seen together, as one of them may just be passed over.
GAP, SEEN = 30, 7


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
    """The same U and V, once with V over D steps and once with both over one step: weak ones, and numbers times the identity.

    The longest of the D poles is at least the D-th root of V, a single one at most U + V: for two equal numbers of at most 1/4 less.
    A small V that takes from U takes more of the pole over D steps, as it is then divided by a power of U.
    """
    weak, adding, opposed, slight = [], [], [], []
    for jump in (2, 3, 4, 6):
        for values in draws(spec, ({"T": GAP + 1, "D": jump, "I": 3, "H": 4},), 3):
            weak += [_gained(spec, {**values, **{name: 0.2 * values[name] / np.linalg.norm(values[name], 2) for name in "UV"}})]
            weak += [_gained(spec, {**values, **dict.fromkeys("UV", -strength * np.eye(4))}) for strength in (0.1, 0.2)]
            adding += [_gained(spec, {**values, **dict.fromkeys("UV", strength * np.eye(4))}) for strength in (0.1, 0.3, 0.45)]
            opposed += [_gained(spec, {**values, **dict.fromkeys("UV", -0.45 * np.eye(4))})] if jump == 2 else []
            slight += [_gained(spec, {**values, "U": 0.2 * np.eye(4), "V": -0.001 * np.eye(4)})] if jump < 4 else []
    return Shown(
        min(weak) > 1 and min(adding) > 1 and max(opposed + slight) < 1,
        f"over gaps of {GAP - SEEN + 1} steps and more and jumps of 2 to 6, U and V of one norm up to 0.2, of any sign, leave at least {min(weak):.2g} times as much of the "
        f"gradient as with both over one step, {len(adding)} that add up, 0.1 to 0.45 times the identity, at least {min(adding):.2g} times (asked: above "
        f"1); -0.45 times the identity with jumps of 2 at most {max(opposed):.2g} times, and jumps of 2 or 3 of -0.001 times it beside 0.2 times it {max(slight):.2g} times (asked: below 1)",
    )


def _gained(spec, values):
    """What is left of the gradient over the gap with jumps, relative to what is left without."""
    values = {**values, "x": values["x"] / 8, "h_start": values["h_start"] / 8, "b": 0 * values["b"]}
    over_one_step = {"U": values["U"] + values["V"], "V": 0 * values["V"]}
    with_jumps, without = (jacobian(spec, {**values, **weights}, "h", "x", GAP) for weights in ({}, over_one_step))
    left, left_without = (norm(by_x[:, :SEEN]) / norm(by_x[:, GAP]) for by_x in (with_jumps, without))
    return left / left_without
