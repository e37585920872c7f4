"""The lectures' own lines, run: printed backward equations against the true gradients, and misprints shown to fail."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.equation.algebra import Numbers
from refrnn.errors import SpecError
from refrnn.spec.build import place_of, printed_program, variant

# Both sides are computed in extended precision: they agree to many digits or they are different mathematics.
SAME = 1e-13
DIFFERENT = 1e-6


@dataclass(frozen=True)
class Erratum:
    """A misprint and how it was shown to be one."""

    lecture: str
    printed: str
    says: str
    shown: str
    ok: bool


@dataclass(frozen=True)
class PrintedResult:
    """A printed gradient held against the true one."""

    lecture: str
    checked: tuple  # of names
    worst: float
    failures: tuple  # of texts


def relative(found, truth):
    """The largest difference relative to the largest magnitude."""
    difference = np.abs(np.asarray(found, np.longdouble) - truth).max(initial=0)
    scale = max(np.abs(truth).max(initial=0), np.abs(found).max(initial=0))
    if np.isnan(difference):
        return float("inf")
    return float(difference / scale) if scale > 0 else 0.0


def check_misprints(spec, truth):
    """Each misprint of the forward equations, run in the place of the right line."""
    errata = []
    right = EquationPass(spec, truth.checked, np.longdouble).gather(spec.outputs)
    for misprint in spec.misprints:
        try:
            wrong = EquationPass(spec, truth.checked, np.longdouble, program=variant(spec, [misprint.reads])).gather(spec.outputs)
            apart = max((relative(wrong[name], right[name]), name) for name in spec.outputs)
            errata.append(_erratum(misprint, apart, "the outputs"))
        except SpecError as error:
            errata.append(Erratum(misprint.lecture, misprint.printed, misprint.says, f"refused: {error}", True))
    return errata


def _erratum(misprint, apart, what):
    difference, name = apart
    ok = difference > DIFFERENT
    shown = f"as printed, {name} is off by {difference:.2g} of its largest value" if ok else f"as printed, {what} do not change"
    return Erratum(misprint.lecture, misprint.printed, misprint.says, shown, ok)


def check_printed_gradients(spec, truth):
    """Every printed gradient as mended, and each of its misprints by itself: (results, errata)."""
    results, errata = [], []
    for block in spec.printed_gradients:
        trial = _Trial(spec, truth, block)
        apart = trial.differences(block.equations)
        failures = tuple(
            f"the printed gradient of {name} is off by {difference:.2g}" for name, difference in apart.items() if not difference <= SAME
        )
        results.append(PrintedResult(block.lecture, tuple(apart), max(apart.values()), failures))
        for misprint in block.misprints:
            errata.append(_try_misprint(trial, block, misprint))
    return results, errata


def _try_misprint(trial, block, misprint):
    equations = list(block.equations)
    lecture = misprint.lecture or block.lecture
    equations[place_of(equations, misprint.reads)] = misprint.reads
    try:
        apart = trial.differences(equations)
    except SpecError as error:
        reason = str(error).partition(": ")[2] or str(error)
        return Erratum(lecture, misprint.printed, misprint.says, f"refused: {reason}", True)
    worst = max(apart, key=apart.get)
    found = _erratum(misprint, (apart[worst], f"the gradient of {worst}"), "the gradients")
    return Erratum(lecture, found.printed, found.says, found.shown, found.ok)


class _Trial:
    """A printed block on one case: the true adjoints, and the values that its equations may name."""

    def __init__(self, spec, truth, block):
        self.spec = spec
        self.block = block
        self.upstream = self._upstream(truth)
        self.passed = EquationPass(spec, truth.checked, np.longdouble)
        self.gradients = self.passed.backward(self.upstream)
        self.adjoints = self.passed.adjoints([name for name in block.gradients if name in spec.defined])

    def _upstream(self, truth):
        upstream = {}
        for name, array in truth.upstream.items():
            fixed = self.block.upstream.get(name)
            upstream[name] = array if fixed is None else np.full_like(array, fixed)
        return upstream

    def differences(self, equations):
        """How far each printed gradient is from the true one, by the name of the symbol."""
        program, wanted = self._program(equations)
        sequences = self.passed.sequences
        totals = {}
        for item, run in zip(sequences.items, self.passed.runs):
            seeds = {name: np.asarray(sequences.take(name, array, item), np.longdouble) for name, array in self.upstream.items()}
            arrays = {**run.arrays, **{f"d_{name}": array for name, array in seeds.items()}}
            printed = program.run(arrays, sequences.sizes(item), Numbers(np.longdouble, record=False), self.passed.checked.integers)
            for name, check in wanted.items():
                self._collect(totals, name, item, printed.value(check))
        return {name: relative(found, self._true(name)) for name, found in totals.items()}

    def _collect(self, totals, name, item, value):
        if self.spec.batch_axis(name) is None:
            totals[name] = totals.get(name, 0) + value
            return
        if name not in totals:
            totals[name] = self.passed.sequences.empty(name, np.longdouble)
        self.passed.sequences.put(name, totals[name], item, value)

    def _true(self, name):
        return self.adjoints[name] if name in self.adjoints else self.gradients[name]

    def _program(self, equations):
        program, wanted = printed_program(self.spec, self.block, equations)
        program.check(self.spec.small_sizes(4), self.spec.lowest_constants())
        return program, wanted
