"""The right quantities of a case, the scale that each error is measured in, and what honest rounding costs there.

Rounding can leave a decision of the equation open: a comparison of two numbers that are as near to each other as their
errors are large. A world is the truth with some of the open decisions taken the other way.
"""

import copy
from dataclasses import dataclass

import numpy as np

from refrnn.equation.held import Held
from refrnn.equation.noise import NEAREST
from refrnn.verify.ends import past_end
from refrnn.verify.passes import Passes

SAMPLES = 2  # of random rounding
MORE_SAMPLES = 14  # where an error is near its bound
NEAR = 30.0  # times the bound: no honest error was beyond three bounds of two samples; beyond thirty a closer look, dear as seven truths, tells nothing
# Times the rounding that was sampled. Of 43,000 quantities of all backends none took more than 1.4 times that of sixteen
# samples, whose largest, of even numbers, is below half of the largest possible once in 65,000 times.
HEADROOM = 2.0
FLOOR = 2.0  # ulp, however little was sampled: honest results were off by 1.1 where sixteen samples were exact
OPEN = 5.0  # times what two samples, and no closer look, move the two sides of a decision by: their larger one is below a fifth once in 25
# Times the ulp of the largest quantities of a case: the rounding of terms that cancel is below it, and mostly below 64;
# what rounding has run away with is mostly above 100,000.
CONDITIONED = 1000.0
EVENED = 32.0  # ulp: nine of ten quantities cost less in every step; a step that costs more, and is not alone, is measured by its rounding
UNCERTAIN = 0.1  # The largest part of a quantity that rounding may take, if it is to be judged: one digit is certain.


@dataclass(frozen=True)
class Flip:
    """One open decision taken the other way: of which sequence, the how manyth there, at which entry, and the other side."""

    item: int
    number: int
    place: tuple
    side: object
    element: tuple  # (name, key) of the symbol that was being computed

    @property
    def order(self):
        return self.item, self.number, self.place

    def __str__(self):
        name, key = self.element
        return f"{name}[{', '.join(map(str, key))}]" if key else name


class World:
    """Quantities, scales and bounds with the decisions ``flips`` taken the other way; ``open`` are those still open."""

    def __init__(self, truth, flips=()):
        self.truth = truth
        self.flips = flips
        exact, held = self._exact()
        (self.quantities,) = self._quantities(exact)
        self.either = self._either_is_right(exact)
        self.held = held
        self.origin = self
        samples = self._samples(held, range(SAMPLES))
        self.grouped = {}
        self.deviations = self._deviations([found for found, _ in samples])
        self.open = self._still_open(held, [choices for _, choices in samples])
        self.looked_closer = False
        self._measure()

    def _measure(self):
        """Scales and bounds from the deviations."""
        self.scales, self.cancels, self.uncertain, self.units = {}, {}, {}, {}
        self._find_scales()
        self.bounds = {key: FLOOR + HEADROOM * ulp for key, (ulp, _) in self._largest(self.deviations).items()}
        self.unjudged = self._find_unjudged()

    def seen_by(self, truth):
        """The same world for a truth of another precision: an ulp is another one, and all is as many of them."""
        other = copy.copy(self)
        other.truth, other.units, other.bounds, other.looked_closer = truth, {}, dict(self.bounds), False
        return other

    def _exact(self):
        forced = {}
        for flip in self.flips:
            forced.setdefault(flip.item, {}).setdefault(flip.number, []).append((flip.place, flip.side))
        count = self.truth.sequences
        held = [Held(forced=forced.get(item)) for item in range(count)]
        return Passes(self.truth.spec, self.truth.checked, np.longdouble, [held]), held

    def _samples(self, held, seeds):
        """For each seed of random rounding, or NEAREST, the quantities, every decision held, and the margins that it would have decided by."""
        dtype = self.truth.checked.dtype
        # Between two numbers of float32 lie many of float64, which is the faster one.
        wide = np.float64 if dtype == np.float32 else np.longdouble
        choices = [[Held(one) for one in held] for _ in seeds]
        noise = NEAREST if NEAREST in seeds else [1000 + seed for seed in seeds]
        return list(zip(self._quantities(Passes(self.truth.spec, self.truth.checked, wide, choices, noise)), choices))

    def _quantities(self, passes):
        """Everything compared, as {(kind, name): array}, of each pass."""
        truth = self.truth
        all_of_them = [{(truth.kind_of(name), name): array for name, array in found.items()} for found in passes.gather(truth.spec.defined)]
        if truth.spec.differentiated:
            for quantities, gradients in zip(all_of_them, passes.backward(truth.upstream)):
                for name, gradient in gradients.items():
                    if name not in truth.checked.omitted:
                        quantities["gradient", f"d_{name}"] = gradient
        if truth.special:
            all_of_them = [{key: self._in_range(array) for key, array in quantities.items()} for quantities in all_of_them]
        return all_of_them

    def _in_range(self, array):
        """A number too large for the precision is infinite in it."""
        return np.where(np.abs(array) > np.finfo(self.truth.checked.dtype).max, np.copysign(np.inf, array), array)

    def _either_is_right(self, exact):
        """Where zero times infinity makes a gradient NaN by arithmetic and a number by calculus, in a case about such."""
        if not (self.truth.special and self.truth.spec.differentiated):
            return {}
        (by_arithmetic,) = exact.backward(self.truth.upstream, absorbing=False)
        (by_calculus,) = exact.backward(self.truth.upstream, absorbing=True)
        return {("gradient", f"d_{name}"): np.isnan(by_arithmetic[name]) != np.isnan(by_calculus[name]) for name in by_arithmetic}

    def _deviations(self, samples):
        """How far samples are from the truth at most, by key."""
        together = self._together(tuple(self.quantities))
        apart = [_apart(together.flat(found), together.truth) for found in samples]
        largest = np.maximum.reduce(apart)
        return together.by_key(np.where(np.isnan(largest), np.inf, largest))

    def look_closer(self):
        """Sample rounding further, once: of few entries the largest of two samples may be small by chance, and no chance is as one-sided as machines may be."""
        if self.looked_closer:
            return
        self.looked_closer = True
        if self.origin is not self:  # an ulp is another one here, and all is as many of them
            self.origin.look_closer()
            self.scales, self.uncertain, self.units = self.origin.scales, self.origin.uncertain, {}
            # But to which side machines err hangs on the digits that they have.
            nearest = self._deviations([found for found, _ in self._samples(self.held, [NEAREST])])
            for key, (ulp, _) in self._largest(nearest).items():
                self.bounds[key] = max(self.origin.bounds[key], FLOOR + HEADROOM * ulp)
            self.unjudged = self._find_unjudged()
            return
        more = range(SAMPLES, SAMPLES + MORE_SAMPLES)
        samples = [found for seeds in (more, [NEAREST]) for found, _ in self._samples(self.held, seeds)]
        for key, deviation in self._deviations(samples).items():
            self.deviations[key] = np.maximum(self.deviations[key], deviation)
        self._measure()

    # ------------------------------------------------------------ scales

    def _axes(self, key):
        """The axes that share a scale: those of a time step where there is time, else all."""
        array = self.quantities[key]
        has_time = array.ndim and self.truth.spec.time_size(_symbol(key)) is not None
        return tuple(range(1 if has_time else 0, array.ndim))

    def _find_scales(self):
        """What an ulp counts of, by key, in a shape that goes with the quantity; notes where terms cancel.

        It is the largest magnitude, of the time step where there is time. Where rounding is larger than that, terms
        cancel, as in 1 - tanh(9)**2 or in the gradient of a bias that goes out in a softmax: then it is the scale of those
        terms, which random rounding shows. They are told from numbers that rounding has run away with by their size:
        not even extended precision leaves them a digit, or it is some rounding of the largest quantities of the case.
        """
        together = self._together(tuple(self.quantities))
        finite = together.by_key(np.where(np.isfinite(together.truth), np.abs(together.truth), 0))
        sizes = {key: self._largest_of(key, array) for key, array in finite.items()}
        moved = {key: self._largest_of(key, apart) for key, apart in self.deviations.items()}
        eps, largest = self.truth.eps, {}
        for key, size in sizes.items():
            largest[key[0] == "gradient"] = max(largest.get(key[0] == "gradient", 0), size.max(initial=0))
        given = max((float(np.abs(array).max(initial=0)) for array in self.truth.upstream.values()), default=0)
        terms = {False: largest.get(False, 0), True: max(largest.get(True, 0), given)}
        for key, size in sizes.items():
            apart = moved[key]
            lost = HEADROOM * apart > UNCERTAIN * size
            in_extended = UNCERTAIN * size <= HEADROOM * apart * (np.finfo(np.longdouble).eps / eps)
            of_the_case = lost & (apart <= CONDITIONED * eps * largest[key[0] == "gradient"])
            self.cancels[key] = cancels = (apart > 0) & np.isfinite(apart) & (in_extended | of_the_case)
            self.uncertain[key] = bool(np.any(lost & ~cancels))
            partly = apart <= CONDITIONED * eps * terms[key[0] == "gradient"]
            size = np.where(cancels, apart / eps, self._evened(size, apart, partly))
            self.scales[key] = np.where(size > 0, np.maximum(size, self.truth.smallest), 0)

    def _evened(self, size, apart, partly):
        """The sizes of the steps, larger where rounding costs far more ulp than it should: one bound goes for all of them.

        It should cost what it does in most steps, and no more than some ulp where terms cancel ``partly``: what is left of
        them has fewer digits than they, as 1 - tanh(9)**2 has, and an ulp is theirs.
        """
        if not size.max(initial=0) > 0 or not np.isfinite(apart).all():
            return size
        costs = apart[size > 0] / (self.truth.eps * size[size > 0])
        if costs.max() <= EVENED:
            return size
        usual = np.where(partly, EVENED, max(EVENED, 4 * float(np.median(costs))) if size.size > 1 else np.inf)
        return np.maximum(size, np.where(size > 0, apart / (self.truth.eps * usual), 0))

    def _largest_of(self, key, array):
        return array.max(axis=self._axes(key), keepdims=True, initial=0)

    def allowed(self, key):
        """How far each entry may be off, in a shape that goes with the quantity."""
        return self.bounds[key] * self.truth.eps * self.scales[key]

    def cancelling(self, key):
        """The scale of the terms at each entry of a quantity that is zero because they cancel; elsewhere zero."""
        array = self.quantities[key]
        return np.broadcast_to(np.where(self.cancels[key], self.scales[key], 0), array.shape)

    # ------------------------------------------------------------ errors

    def errors(self, found):
        """The largest error of each of the arrays ``found`` in ulp, and its place, by key.

        An ulp is the precision's eps times the scale of the quantity. A quantity that is zero and never was the sum of
        anything, and all that lies past a sequence's end, must be exactly zero; NaN and infinities must be where they
        are in the truth, and so must the signs of zeros be that come of no sum.
        """
        if not found:
            return {}
        together = self._together(tuple(found))
        truth, array = together.truth, together.flat(found)
        difference = _apart(array, truth)
        if together.either is not None:
            difference = np.where(together.either & np.isnan(array), 0, difference)
        if together.signed is not None:
            difference = np.where(together.signed & (array == 0) & (np.signbit(truth) != np.signbit(array)), np.inf, difference)
        return self._largest_in(together, difference)

    def _together(self, keys):
        """What the quantities of some keys are held against, one after the other in one array: NumPy's share of small arrays is its calls."""
        if keys not in self.grouped:
            self.grouped[keys] = Together(self, keys)
        return self.grouped[keys]

    def _largest(self, differences):
        """The largest of the differences of each key in ulp, and its place."""
        together = self._together(tuple(differences))
        return self._largest_in(together, together.flat(differences))

    def _largest_in(self, together, difference):
        """As ``_largest``, of differences that stand one after the other."""
        ulp, has_zeros = self._ulp(together)
        with np.errstate(all="ignore"):
            if has_zeros:
                errors = np.divide(difference, ulp, out=np.zeros(difference.shape, np.longdouble), where=difference != 0)
            else:
                errors = difference / ulp
        if _has_nan(errors):
            errors = np.where(np.isnan(errors), np.inf, errors)
        return {key: _largest_of_all(errors) for key, errors in together.by_key(errors).items()}

    def _ulp(self, together):
        """An ulp of each entry, and whether some are zero: past a sequence's end there is none."""
        if together.keys not in self.units:
            each = [self._ulp_of(key) for key in together.keys]
            ulp = together.flat(each)
            self.units[together.keys] = ulp, not np.all(ulp > 0)
        return self.units[together.keys]

    def _ulp_of(self, key):
        past = past_end(self.truth.spec, self.truth.checked, _symbol(key), self.quantities[key].shape)
        return np.where(past, 0, self.truth.eps * self.scales[key])

    def _find_unjudged(self):
        """What can't be judged on this case, and why, by key."""
        found = {}
        for key, array in self.quantities.items():
            if not self.truth.special and not np.isfinite(array).all():
                found[key] = "is not finite, and the case is not about NaN and infinity"
            elif not np.isfinite(self.bounds[key]):
                found[key] = "leaves the range of the precision"
            elif self.uncertain[key] or self.bounds[key] * self.truth.eps > UNCERTAIN:
                found[key] = f"has no certain digit: honest rounding costs up to {self._cost(key):.3g} ulp, and 1 is {1 / self.truth.eps:.3g} ulp"
        return found

    def _cost(self, key):
        """The most ulp, of the size of a quantity or a step, that honest rounding costs."""
        size = self._largest_of(key, np.abs(self.quantities[key]))
        apart = self._largest_of(key, self.deviations[key])
        with np.errstate(all="ignore"):
            return HEADROOM * float(np.nanmax(np.where(self.cancels[key], 0, apart / size), initial=0)) / self.truth.eps

    # ------------------------------------------------------------ open decisions

    def _still_open(self, held, samples):
        """The decisions, after the last of ``flips``, whose margin is within what rounding moves it by."""
        found = []
        for item, one in enumerate(held):
            for number, (side, margin, element) in enumerate(zip(one.values, one.margins, one.elements)):
                moved = [sample[item].margins[number] for sample in samples]
                found += [Flip(item, number, *other, element) for other in _others(side, margin, moved)]
        return [flip for flip in found if not self.flips or flip.order > self.flips[-1].order]


class Together:
    """Quantities of a world one after the other in one array, by their ``keys``: of small arrays it is the calls that cost."""

    def __init__(self, world, keys):
        self.keys = keys
        arrays = [world.quantities[key] for key in keys]
        self.truth = self.flat(arrays)
        ends = np.cumsum([array.size for array in arrays]).tolist()
        self._places = [(key, slice(end - array.size, end), array.shape) for key, array, end in zip(keys, arrays, ends)]
        self.either = self._marked({key: world.either[key] for key in keys if key in world.either})
        zeros = {key: array == 0 for key, array in zip(keys, arrays) if key[0] != "gradient" and key[1] in world.truth.signed}
        self.signed = self._marked(zeros)

    @staticmethod
    def flat(arrays):
        """Arrays of all of the quantities, or by their keys, as one in extended precision."""
        return np.concatenate([*(arrays.values() if isinstance(arrays, dict) else arrays)], axis=None, dtype=np.longdouble)

    def by_key(self, flat):
        """Its part for each key, in the shape of the quantity."""
        return {key: flat[place].reshape(shape) for key, place, shape in self._places}

    def _marked(self, marks):
        """Which of all entries are marked, by marks for some keys; None where none is."""
        found = np.concatenate([marks.get(key, np.zeros(shape, bool)) for key, _, shape in self._places], axis=None) if marks else np.False_
        return found if found.any() else None


def _symbol(key):
    kind, name = key
    return name[2:] if kind == "gradient" else name


def _apart(array, truth):
    """How far each entry is from the truth: not at all where both are NaN, or the same infinity."""
    with np.errstate(all="ignore"):
        apart = np.abs(array - truth)
        if apart.size and _has_nan(apart):
            apart = np.where((array == truth) | (np.isnan(array) & np.isnan(truth)), 0, apart)
    return apart


def _largest_of_all(array):
    """The largest number of an array, and its place."""
    if not array.size:
        return 0.0, ()
    place = _unravelled(int(array.argmax()), array.shape)
    return float(array[place]), place


def _unravelled(number, shape):
    """The place of the entry of this number; for one place NumPy takes several times as long."""
    place = []
    for size in reversed(shape):
        number, index = divmod(number, size)
        place.append(index)
    return tuple(reversed(place))


def _has_nan(array):
    """NaN is larger than all to NumPy, and argmax the quickest that looks at all."""
    largest = array.flat[array.argmax()]
    return largest != largest


def _others(side, margin, moved):
    """The places, with the other side, at which rounding may decide otherwise."""
    with np.errstate(all="ignore"):
        apart = np.maximum.reduce([np.abs(other - margin) for other in moved])
        near = (apart > 0) & (np.abs(margin) <= OPEN * apart)
    if not np.any(near):
        return []
    places = [tuple(int(index) for index in place) for place in np.argwhere(near)]
    if np.ndim(side) < np.ndim(margin):  # an argmax: another place may be the largest
        return [((), np.asarray(side).dtype.type(place[0])) for place in places if place[0] != side]
    sides = np.asarray(side)
    return [(place, ~sides[place] if sides.dtype == bool else -sides[place] or sides.dtype.type(1)) for place in places]
