"""How small an error the cases find: of each symbol's value, and of its slope on the way back."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.errors import SpecError

FIRST = 1000.0  # ulp, in which the errors that a change makes are measured, to find the case that sees the most
STEPS = 12  # of bisection
LARGEST = 1.0  # relative: the value doubled


@dataclass(frozen=True)
class Least:
    """The smallest relative error of one symbol that some case in a precision finds; None where none finds any.

    ``of`` is "value" (the symbol is multiplied by 1 + error wherever it is computed, and its slope with it) or "slope"
    (its adjoint alone is).
    """

    symbol: str
    of: str
    dtype: str
    relative: float | None
    ulp: float | None
    case: str | None

    def __str__(self):
        if self.relative is None:
            return f"{self.of} of {self.symbol} in {self.dtype}: no error is found"
        return f"{self.of} of {self.symbol} in {self.dtype}: {self.ulp:.3g} ulp ({self.relative:.1e}), case {self.case}"


def sensitivity(spec, truths, step=lambda text: None):
    """A :class:`Least` for the value and for the slope of every symbol that is defined, in each precision of the cases.

    A symbol through which no gradient flows has no slope, and none here.
    """
    found = []
    for name in spec.defined:
        for of in ("value", "slope"):
            if of == "slope" and not spec.differentiated:
                continue
            for dtype in dict.fromkeys(str(truth.checked.dtype) for truth in truths.values()):
                step(f"sensitivity to the {of} of {name}")
                found.append(_least(name, of, dtype, [truth for truth in truths.values() if truth.checked.dtype == dtype]))
    return [least for least in found if least is not None]


def bluntest(found):
    """The symbol whose smallest error found is the largest one, in ulp; one of which nothing is found is worse than any."""
    return max(found, key=lambda least: float("inf") if least.ulp is None else least.ulp, default=None)


def _least(name, of, dtype, truths):
    eps = truths[0].eps
    shares = [_share_of_bound(truth, name, of, FIRST * eps) for truth in truths]
    # What is infinitely wrong, such as another word chosen, does not grow in proportion.
    best = int(np.argmax([share if np.isfinite(share) else 0 for share in shares])) if any(map(np.isfinite, shares)) else 0
    truth, share = truths[best], shares[best]
    high = min(LARGEST, 2 * FIRST * eps / share) if 0 < share < np.inf else FIRST * eps
    while _share_of_bound(truth, name, of, high) <= 1 and high < LARGEST:
        high = min(LARGEST, 16 * high)
    if _share_of_bound(truth, name, of, high) <= 1:
        shares = [_share_of_bound(other, name, of, LARGEST) for other in truths]
        if of == "slope" and max(shares) == 0:
            return None
        if max(shares) <= 1:
            return Least(name, of, dtype, None, None, None)
        truth = truths[int(np.argmax(shares))]
    low = high / 2.0**STEPS
    for _ in range(STEPS):
        middle = (low * high) ** 0.5  # of their exponents
        low, high = (low, middle) if _share_of_bound(truth, name, of, middle) > 1 else (middle, high)
    return Least(name, of, dtype, float(high), float(high / eps), truth.case.name)


def _share_of_bound(truth, name, of, relative):
    """The largest share of its bound that any quantity is off by, with the relative error in the equation."""
    factor = 1 + np.longdouble(relative)
    scaled = {name: (factor if of == "value" else 1, factor)}
    try:
        broken = EquationPass(truth.spec, truth.checked, np.longdouble, scaled=scaled)
    except SpecError:
        return float("inf")  # a place that is none: the equation itself refuses it
    with np.errstate(all="ignore"):
        return max(worst.ulp / worst.bound for worst in truth.judge(_quantities(truth, broken)))


def _quantities(truth, broken):
    found = {(truth.kind_of(name), name): array for name, array in broken.gather(truth.spec.defined).items()}
    if truth.spec.differentiated:
        gradients = broken.backward(truth.upstream)
        found.update({("gradient", f"d_{name}"): array for name, array in gradients.items() if name not in truth.checked.omitted})
    return found
