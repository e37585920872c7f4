"""The lectures' own lines, run: printed backward equations against the true gradients, and misprints shown to fail."""

import re
from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.equation.algebra import Numbers
from refrnn.errors import SpecError
from refrnn.spec.build import place_of, printed_program, variant
from refrnn.spec.spec import Misprint

# Both sides are computed in extended precision: they agree to many digits or they are different mathematics.
SAME = 1e-13
DIFFERENT = 1e-6


@dataclass(frozen=True)
class Erratum:
    """A misprint and how it was shown to be one."""

    misprint: Misprint
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
    right = EquationPass(spec, truth.checked, np.longdouble).gather(spec.outputs)

    def differences(equation):
        wrong = EquationPass(spec, truth.checked, np.longdouble, program=variant(spec, [equation])).gather(spec.outputs)
        return {name: relative(wrong[name], right[name]) for name in spec.outputs}

    return [_judged(misprint, differences) for misprint in spec.misprints]


def _judged(misprint, differences):
    """The Erratum of a misprint; ``differences(equation)`` are those of one printed line to the right one, by name."""
    found = [_judged_line(misprint.refused, differences, equation) for equation in misprint.reads]
    shown = "; ".join(dict.fromkeys(shown for shown, _ in found))
    if misprint.kind == "remark":
        shown = shown.replace("as printed", "read so")
    return Erratum(misprint, shown, all(ok for _, ok in found))


def _judged_line(refused, differences, equation):
    """How a printed line fails, and whether that shows it wrong.

    That it is refused does not by itself, as a slip of ours in ``reads`` is refused too: the spec says with which words,
    and what the error quotes of the line itself does not count.
    """
    try:
        apart = differences(equation)
    except SpecError as error:
        reason = str(error).partition(": ")[2] or str(error)
        if refused and refused in re.sub(r"'[^']*'", "''", reason):
            return f"as printed, it means nothing: {refused}", True
        return f"as printed, it is refused, which the spec does not say with these words: {reason}", False
    worst = max(apart, key=apart.get)
    if refused:
        return f"as printed, it computes, where the spec says that it is refused with {refused!r}", False
    if apart[worst] == float("inf"):
        return f"as printed, {worst} is no number", False
    if not apart[worst] > DIFFERENT:
        return "as printed, nothing changes", False
    return f"as printed, {worst} is off by {apart[worst]:.2g} of its largest value", True


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
    def differences(equation):
        equations = list(block.equations)
        equations[place_of(equations, equation)] = equation
        return {f"the gradient of {name}": found for name, found in trial.differences(equations).items()}

    return _judged(misprint, differences)


class _Trial:
    """A printed block on one case: the true adjoints, and the values that its equations may name."""

    def __init__(self, spec, truth, block):
        self.spec = spec
        self.block = block
        self.upstream = self._upstream(truth)
        self.passed = EquationPass(spec, truth.checked, np.longdouble)
        self.gradients = self.passed.backward(self.upstream)
        self.adjoints = self.passed.adjoints([name for name in block.gradients if name in spec.defined], self.upstream)

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
            seeds = {name: np.asarray(sequences.seed(name, array, item), np.longdouble) for name, array in self.upstream.items()}
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
