"""What is right for a case, and how far an honest implementation may be from it.

The truth is the equation evaluated and differentiated in extended precision. The bound is measured, not chosen: the
same evaluation with every result randomly rounded to the case's precision shows what rounding costs on that very case,
through its operation count and its conditioning, for each quantity by itself.
"""

import copy
from dataclasses import dataclass, replace

import numpy as np

from refrnn.backends.run import expected_shapes
from refrnn.backends.sequences import Sequences
from refrnn.spec.values import check_values
from refrnn.verify.handed import handed_on
from refrnn.verify.precision import require_extended
from refrnn.verify.world import NEAR, World
from refrnn.verify.zeros import keeps_signs

MOST_WORLDS = 32  # ways of taking what rounding leaves open
SUBNORMAL = 64.0  # of the smallest normal number: what an ulp is counted of at least
LARGE, LESS = 1000.0, 30.0  # the number of a special case that exponentials do not hold, and what they do
FAINT = 2.0**-480  # a stretch below which products of two stretched numbers are subnormal
LONG = 64  # steps, or units, from which on half as many may be enough
SMALL = 1e-3  # Relative errors below it grow in proportion to eps.


@dataclass(frozen=True)
class Worst:
    """The largest error of one quantity: in ulp of its scale, its bound, and the place."""

    quantity: str
    kind: str
    ulp: float
    bound: float
    place: tuple

    @property
    def ok(self):
        return self.ulp <= self.bound


class Truth:
    """The right outputs, intermediates and gradients of one case, with a bound for each."""

    def __init__(self, spec, case):
        require_extended()
        self.spec = spec
        self.signed = {name for name in spec.defined if keeps_signs(spec, name)}
        self._draw(case)
        self.worlds, self._unvisited = [], []
        self._visit(World(self))

    @classmethod
    def drawn(cls, spec, case):
        """What a case draws, without the quantities, which are dear: for what holds whatever they are."""
        truth = cls.__new__(cls)
        truth.spec = spec
        truth._draw(case)
        return truth

    def _draw(self, case):
        self.case = case
        self.values, self.lengths = case.draw(self.spec)
        self.checked = check_values(self.spec, self.values, self.lengths)
        self.changed = handed_on(self.spec, self.values, self.lengths, self.checked)
        self.special = case.special
        self.eps = float(np.finfo(self.checked.dtype).eps)
        # Of what lies below the smallest normal number an ulp is the same for all; some are lost where it is made of such.
        self.smallest = SUBNORMAL * float(np.finfo(self.checked.dtype).tiny)
        self.sequences = len(Sequences(self.spec, self.checked).items)
        self.upstream = self._draw_upstream()

    def _draw_upstream(self):
        random = np.random.default_rng([self.case.seed, 99])
        upstream = {}
        for name, shape in expected_shapes(self.spec, self.checked).items():
            # In both precisions the same numbers.
            upstream[name] = np.asarray(random.standard_normal(shape)).astype(np.float32).astype(self.checked.dtype)
        return upstream

    def in_precision(self, case):
        """The truth of a case that differs in its dtype alone, measured anew where rounding does more here than to cost some ulp."""
        world = self.worlds[0]
        small = max(world.bounds.values(), default=0) * self.eps <= SMALL
        sizes = [scale[scale > 0].min(initial=1) for scale in world.scales.values()]
        below = min(sizes, default=1) <= np.finfo(self.checked.dtype).tiny / self.eps
        if self.special or world.open or world.unjudged or not small or below or any(map(np.any, world.cancels.values())):
            return Truth(self.spec, case)
        twin = copy.copy(self)
        twin._draw(case)
        twin.worlds = [world.seen_by(twin)]
        return twin

    @property
    def quantities(self):
        """Everything compared, as {(kind, name): array}, every decision taken as extended precision takes it."""
        return self.worlds[0].quantities

    @property
    def bounds(self):
        """The largest error allowed, in ulp, by (kind, name)."""
        return self.worlds[0].bounds

    @property
    def scales(self):
        """What an ulp of each quantity counts of, by (kind, name)."""
        return self.worlds[0].scales

    def kind_of(self, name):
        """Under which heading of the report an output stands."""
        return "clip" if "clip" in self.spec.verify and name in self.spec.outputs else "forward"

    def error(self, key, array):
        """The largest error of one array in ulp, and its place: see :meth:`World.errors`."""
        return self.worlds[0].errors({key: array})[key]

    def allowed(self, key):
        """See :meth:`World.allowed`."""
        return self.worlds[0].allowed(key)

    def cancelling(self, key):
        """See :meth:`World.cancelling`."""
        return self.worlds[0].cancelling(key)

    # ------------------------------------------------------------ judgement

    @property
    def undecided(self):
        """The symbols that decide by numbers which are closer together than rounding is exact."""
        return list(dict.fromkeys(map(str, self.worlds[0].open)))

    @property
    def left_out(self):
        """The quantities that a case about extreme values leaves unjudged."""
        return [name for _, name in self.worlds[0].unjudged] if self.case.extreme else []

    @property
    def failures(self):
        """What can't be judged on this case, in words."""
        found = [f"{text}, in case {self.case.name}" for text in self.changed]
        unjudged, all_of_them = self.worlds[0].unjudged, self.quantities.keys()
        if unjudged and (not self.case.extreme or unjudged.keys() == all_of_them):
            found += [f"{name} {why}, in case {self.case.name}" for (_, name), why in unjudged.items()]
        if 2 ** len(self.worlds[0].open) > MOST_WORLDS:
            found.append(f"rounding leaves {len(self.worlds[0].open)} decisions open, too many to try, in case {self.case.name}")
        return found

    def judge(self, found, more=1.0):
        """A :class:`Worst` for each of the quantities ``found`` that can be judged; ``more`` multiplies their bounds.

        Where rounding leaves decisions open, all quantities together may agree with either side of each.
        """
        for world in self._all_worlds():
            judged = self._judge_in(world, found, more)
            if all(worst.ok for worst in judged):
                return judged
        return self._judge_in(self.worlds[0], found, more)

    def _judge_in(self, world, found, more):
        judged = []
        unjudged = world.unjudged
        fitting = {key: array for key, array in found.items() if key not in unjudged and np.shape(array) == world.quantities[key].shape}
        errors = world.errors(fitting)
        for key, array in found.items():
            kind, name = key
            if key in unjudged:
                continue
            if key not in fitting:
                judged.append(Worst(name, kind, float("inf"), world.bounds[key], ()))
                continue
            ulp, place = errors[key]
            lost = self.case.extreme and np.isnan(array).any()  # to rounding, which two samples may have missed by chance
            if lost and not self.special or more * world.bounds[key] < ulp < NEAR * world.bounds[key]:
                world.look_closer()
                if key in world.unjudged:
                    continue
                errors = world.errors(fitting)  # an ulp, and what comes after, may be another one now
                ulp, place = errors[key]
            judged.append(Worst(name, kind, ulp, more * world.bounds[key], place))
        return judged

    def _all_worlds(self):
        """The world that extended precision decides for, then those with open decisions taken the other way."""
        yield from list(self.worlds)
        while self._unvisited and len(self.worlds) < MOST_WORLDS:
            world = World(self, self._unvisited.pop(0))
            self._visit(world)
            yield world

    def _visit(self, world):
        self.worlds.append(world)
        self._unvisited += [world.flips + (flip,) for flip in world.open]


def truths(spec, cases):
    """The truth of each case, in their order; where cases differ in precision alone it is measured once, in float32.

    What rounding costs there is at least what it costs in float64, in ulp.
    """
    in_float32 = {case.problem(): case for case in cases if case.dtype == "float32"}
    known = {}
    for case in cases:
        problem = case.problem()
        if problem not in known:
            first = in_float32.get(problem, case)
            known[problem] = first, _judgeable(spec, first)
        first, truth = known[problem]
        if first is not case:
            truth = truth.in_precision(case) if truth.case.problem() == problem else _judgeable(spec, case)
        yield truth


def _judgeable(spec, case):
    """The truth of a case, or of a gentler one: a right equation may divide by what is zero, or leave the range where values are large, or after many steps.

    Or decide by what is below the normal numbers, where rounding leaves no digit to decide by.
    """
    truth = Truth(spec, case)
    while truth.failures and (case.still or abs(case.stretch) > 1):
        case = replace(case, still=False) if case.still else replace(case, stretch=float(np.copysign(max(1, abs(case.stretch) / 2), case.stretch)))
        truth = Truth(spec, case)
    while truth.failures and 0 < abs(case.stretch) < FAINT:
        case = replace(case, stretch=case.stretch * 2.0**64)
        truth = Truth(spec, case)
    while truth.failures and max((case.sizes.get(name, 0) for name in spec.time), default=0) >= LONG:
        case = replace(case, sizes={name: size // 2 if name in spec.time else size for name, size in case.sizes.items()})
        truth = Truth(spec, case)
    while truth.failures and max(case.sizes.values(), default=0) >= LONG:  # a sum of many numbers may saturate what reads it
        case = replace(case, sizes={name: size // 2 if size >= LONG else size for name, size in case.sizes.items()})
        truth = Truth(spec, case)
    if truth.failures and LARGE in case.numbers and case.special:  # beside infinity, what it makes zero in the precision alone is NaN
        case = replace(case, numbers=tuple(LESS if number == LARGE else number for number in case.numbers))
        truth = Truth(spec, case)
    if truth.failures and case.special and any(map(np.isinf, case.numbers)):  # rounding may make 1 - f zero, or not, and infinity is told by it
        truth = Truth(spec, replace(case, numbers=tuple(number for number in case.numbers if not np.isinf(number))))
    return truth
