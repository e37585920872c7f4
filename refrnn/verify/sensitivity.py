"""How small an error the cases find: of each symbol's value, and of its slope on the way back."""

import itertools
from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.errors import SpecError

# Relative: what so small an error changes is in proportion to it, and far above the rounding of extended precision.
PROBE = 2.0**-32
LARGEST = 1.0  # relative: the value doubled
CLOSE = 1.02  # how far above the border between what is found and what is not a number may be that stands for it


@dataclass(frozen=True)
class Least:
    """The smallest relative error of one symbol that some case in a precision finds; None where none finds any.

    ``of`` is "value" (the symbol is multiplied by 1 + error wherever it is computed, and its slope with it) or "slope"
    (its adjoint alone is). An error of less than half an ulp is none.
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

    A symbol through which no gradient flows has no slope, and none here. Cases about NaN and infinity, which show where
    these stand, are left out.
    """
    by_dtype = {}
    for truth in truths.values():
        if not truth.special:
            by_dtype.setdefault(str(truth.checked.dtype), []).append(truth)
    found = []
    for name in spec.defined:
        for of in ("value", "slope") if spec.differentiated else ("value",):
            step(f"sensitivity to the {of} of {name}")
            planted = _Planted(name, of)
            found += [planted.least(dtype, of_dtype) for dtype, of_dtype in by_dtype.items()]
    return [least for least in found if least is not None]


def bluntest(found):
    """The symbol whose smallest error found is the largest one, in ulp; one of which nothing is found is worse than any."""
    return max(found, key=lambda least: float("inf") if least.ulp is None else least.ulp, default=None)


class _Planted:
    """An error in the value or the slope of one symbol, planted in the equation at different sizes."""

    def __init__(self, name, of):
        self.name = name
        self.of = of
        self.growths = {}  # by the id of the quantities that cases share

    def least(self, dtype, truths):
        """The smallest size found, told by proportion and then tried; where it is in no proportion, by bisection."""
        truth, relative = self._most_telling(truths)
        if not self._is_border(truth, relative):
            found = [self._by_bisection(truth, truths), *self._next_border(truths)]
            truth, relative = min(found, key=lambda one: np.inf if one[1] is None else one[1])
        if relative is None:
            return None if self.of == "slope" and self._changes_nothing(truths) else Least(self.name, self.of, dtype, None, None, None)
        return Least(self.name, self.of, dtype, float(relative), float(relative / truth.eps), truth.case.name)

    def _most_telling(self, truths):
        """The case that finds the smallest error, and its size, as far as errors are in proportion to it."""
        while True:
            sizes = [self._size_at_bound(truth) for truth in truths]
            best = int(np.argmin(sizes))
            world = truths[best].worlds[0]
            if world.looked_closer or not 0 < sizes[best] < LARGEST:
                return truths[best], sizes[best]
            world.look_closer()  # as judging an error so near to its bound does

    def _next_border(self, truths):
        """The case, in a list, that finds the smallest error of those that find one in proportion."""
        sizes = sorted((float(self._size_at_bound(truth)), place) for place, truth in enumerate(truths))
        found = ((truths[place], size) for size, place in sizes if self._is_border(truths[place], size))
        return list(itertools.islice(found, 1))

    def _size_at_bound(self, truth):
        """The size at which the first quantity is at its bound; zero where no size at all can be computed."""
        growth = self._growth(truth)
        if growth is None:
            return 0.0
        with np.errstate(all="ignore"):
            moved = {key: np.where(part == 0, truth.quantities[key], truth.quantities[key] + part) for key, part in growth.items()}  # zeros keep their sign
            shares = [truth.error(key, array)[0] / truth.bounds[key] for key, array in moved.items()]
            return 1 / np.float64(max(shares, default=0))

    def _growth(self, truth):
        """How far each quantity that is judged moves per unit of the error; None where the equation refuses it."""
        mark = id(truth.quantities)
        if mark not in self.growths:
            found = self._quantities(truth, PROBE)
            with np.errstate(all="ignore"):
                self.growths[mark] = found and {key: (array - truth.quantities[key]) / np.longdouble(PROBE) for key, array in found.items()}
        growth = self.growths[mark]
        return growth and {key: part for key, part in growth.items() if key not in truth.worlds[0].unjudged}

    def _is_border(self, truth, relative):
        return relative < LARGEST and self._is_found(truth, relative * CLOSE) and not self._is_found(truth, relative / CLOSE)

    def _by_bisection(self, truth, truths):
        """The case and the size, between half an ulp and the largest; None where no case finds the largest."""
        truth = next((one for one in (truth, *truths) if self._is_found(one, LARGEST)), None)
        if truth is None:
            return None, None
        low, high = truth.eps / 2, LARGEST
        if self._is_found(truth, low):
            return truth, low
        while high > CLOSE * low:
            middle = (low * high) ** 0.5  # of their exponents
            low, high = (low, middle) if self._is_found(truth, middle) else (middle, high)
        return truth, high

    def _changes_nothing(self, truths):
        return not any(np.any(part) for truth in truths for part in (self._growth(truth) or {}).values())

    def _is_found(self, truth, relative):
        found = self._quantities(truth, relative)
        with np.errstate(all="ignore"):
            return found is None or not all(worst.ok for worst in truth.judge(found))

    def _quantities(self, truth, relative):
        """All that is compared, with the error in the equation; None where the equation refuses it, as a place that is none."""
        factor = 1 + np.longdouble(relative)
        scaled = {self.name: (factor if self.of == "value" else 1, factor)}
        try:
            broken = EquationPass(truth.spec, truth.checked, np.longdouble, scaled=scaled)
        except SpecError:
            return None
        found = {(truth.kind_of(name), name): array for name, array in broken.gather(truth.spec.defined).items()}
        if truth.spec.differentiated:
            gradients = broken.backward(truth.upstream)
            found.update({("gradient", f"d_{name}"): array for name, array in gradients.items() if name not in truth.checked.omitted})
        return found
