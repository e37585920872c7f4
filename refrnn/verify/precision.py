"""Whether this machine's long double is the extended precision that the truth is computed in."""

import numpy as np

from refrnn.errors import MachineError

BITS = 64  # of the significand: eleven more than float64 has
LARGEST_POWER = 4000  # of two: what overflows in float64 must still be a number


def require_extended(number=np.longdouble):
    """Raise MachineError where ``number``, NumPy's long double, can't tell right from wrong in float64.

    It is measured, not looked up: its significand, its range, and that its exp, log and tanh are as precise.
    """
    lacks = _lacks(number)
    if lacks:
        raise MachineError(
            f"verify needs an extended precision to judge float64, and NumPy's long double on this machine {lacks}; "
            "run it on Linux or an Intel Mac (x86-64: 80 bits), or on Linux for Arm (128 bits)"
        )


def _lacks(number):
    one, two = number(1), number(2)
    eps = two ** (1 - BITS)
    if not (one + eps > one and (one + eps) - one == eps):
        return "has no more digits than float64"
    with np.errstate(all="ignore"):
        if not np.isfinite(two**LARGEST_POWER) or two**-LARGEST_POWER == 0:
            return "has no wider range than float64"
    e = _series(number)
    slope = (e * e - 1) / (e * e + 1)
    off = {"exp": np.exp(one) / e - 1, "log": np.exp(np.log(3 * one)) / 3 - 1, "tanh": np.tanh(one) / slope - 1}
    wrong = [name for name, difference in off.items() if not abs(difference) <= 8 * eps]
    return f"computes {wrong[0]} in a lower precision" if wrong else None


def _series(number):
    """e, summed from its smallest term on."""
    terms = [number(1)]
    for place in range(1, 40):
        terms.append(terms[-1] / place)
    return sum(reversed(terms), number(0))
