"""The kill matrix: every broken equation must be told from the right one by some case, within the bounds in use.

A mutant that no case tells is equivalent where its equations are proved to say the same, or where the spec lists it
with a reason; draws made to tell what can be told must agree with both. All others are alive.
"""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.equation.evaluate import Program
from refrnn.equation.mutate import Symbols, mutants
from refrnn.equation.mutate.equivalence import BUT_FOR_TIES, Prover
from refrnn.errors import RefrnnError, SpecError
from refrnn.kernels.primitives.fork import cached_property
from refrnn.verify.adversarial import DRAWS, FINER
from refrnn.verify.truth import Truth
from refrnn.verify.world import CONDITIONED

UNDECIDED = "no draw tells it either, and it is not proved equivalent"


@dataclass(frozen=True)
class KillMatrix:
    """Every mutant stands in one of these; what is no count is a tuple of pairs (name, why).

    ``by_case`` counts which case killed first; ``refused`` are mutants that mean nothing: a cycle, shapes that do not
    fit, a place that is not there. ``wrongly_listed`` are entries of the spec's list that are not as they say.
    """

    killed: int
    refused: tuple
    proved: tuple
    listed: tuple
    alive: tuple
    wrongly_listed: tuple
    by_case: dict

    @property
    def tried(self):
        """How many mutants mean something."""
        return self.killed + len(self.proved) + len(self.listed) + len(self.alive)


def kill_matrix(spec, truths, step=lambda text: None):
    """Break ``spec`` in every place that matters and let the cases find it."""
    judge = _Judge(spec, truths)
    reasons = {entry["mutant"]: entry["because"] for entry in spec.equivalent}
    found = {"refused": [], "proved": [], "listed": [], "alive": []}
    wrongly, by_case, unknown = [], {}, set(reasons)
    for mutant in mutants(spec):
        step(mutant.name)
        unknown.discard(mutant.name)
        verdict, why = judge.verdict(mutant, reasons.get(mutant.name))
        if verdict == "killed":
            by_case[why] = by_case.get(why, 0) + 1
        else:
            found[verdict].append((mutant.name, why))
        if mutant.name in reasons and verdict in ("killed", "refused", "alive"):
            wrongly.append((mutant.name, f"killed by case {why}" if verdict == "killed" else f"{verdict}: {why}"))
    wrongly += [(name, "no mutant of this spec") for name in sorted(unknown)]
    lists = {verdict: tuple(pairs) for verdict, pairs in found.items()}
    return KillMatrix(sum(by_case.values()), **lists, wrongly_listed=tuple(wrongly), by_case=by_case)


class _Judge:
    """Says of each mutant what becomes of it; what only survivors need is made when the first of them is met."""

    def __init__(self, spec, truths):
        self.spec = spec
        self.truths = _finest(truths.values())

    def verdict(self, mutant, listed):
        """A pair: "killed" and the case; or "refused", "proved", "listed" or "alive", and why."""
        try:
            program = self._program(mutant)
            case = _teller(self.spec, program, self.truths)
        except SpecError as error:
            return "refused", str(error)
        if case is not None:
            return "killed", case
        refusal = self._outside(mutant)
        if refusal is not None:
            return "refused", refusal
        return self._survivor(mutant, program, listed)

    def _survivor(self, mutant, program, listed):
        proof = self.prover.prove(mutant)
        try:
            draw = _teller(self.spec, program, self.draws, FINER, values_of_ties=proof == BUT_FOR_TIES, proved=proof is not None)
        except SpecError as error:
            return "alive", f"a draw is refused: {error}"
        if draw is not None:
            return "alive", f"the draw {draw} tells it" + ("" if proof is None else f", so that this proof is wrong: {proof}")
        if proof is not None:
            return "proved", proof
        return ("listed", listed) if listed is not None else ("alive", UNDECIDED)

    def _program(self, mutant, outside_is_zero=True):
        """The broken program; a SpecError where it means nothing."""
        spec = self.spec
        program = Program(
            mutant.equations,
            spec.sizes,
            spec.array_shapes,
            spec.integer_constants,
            spec.value_shapes,
            spec.outputs,
            outside_is_zero=outside_is_zero,
            element_shapes=spec.element_shapes,
        )
        for sizes in (spec.small_sizes(4), spec.small_sizes(1, least=1)):
            for constants in self.constants:
                shapes = program.check(sizes, constants)
        for name in spec.outputs:
            if shapes[name] != spec.element_shapes[name]:
                raise SpecError(f"{name} has the shape {list(shapes[name])}, not {list(spec.element_shapes[name])}")
        return program

    def _outside(self, mutant):
        """What a spec with these equations would be refused for, or None: a place outside a range is no zero there."""
        try:
            self._program(mutant, outside_is_zero=False)
        except SpecError as error:
            return str(error)
        return None

    @cached_property
    def constants(self):
        """Integer constants all at the low end of their domains, and all at the high end: other branches, other shapes."""
        ends = zip(*(self.spec.symbols[name].integers(self.spec.small_sizes(4)) for name in self.spec.integer_constants))
        return [dict(zip(self.spec.integer_constants, end)) for end in ends] or [{}]

    @cached_property
    def prover(self):
        symbols = Symbols.of(self.spec)
        shapes = {name: self.spec.full_shape(name) for name in symbols.shapes}
        return Prover(self.spec.equations, symbols, shapes, self.spec.outputs)

    @cached_property
    def draws(self):
        """The truths of the draws on which the right equations give numbers."""
        found = []
        for draw in DRAWS:
            try:
                truth = Truth(self.spec, draw)
            except RefrnnError:
                continue  # a draw may leave what the equations take, such as a place among words
            if all(np.isfinite(array).all() for array in truth.quantities.values()):
                found.append(truth)
        return found


def _finest(truths):
    """Of truths that differ in precision alone the finest: it tells whatever the others tell."""
    found = {}
    for truth in truths:
        problem = truth.case.problem()
        if problem not in found or truth.eps < found[problem].eps:
            found[problem] = truth
    return list(found.values())


def _teller(spec, program, truths, finer=1.0, values_of_ties=False, proved=False):
    """The name of the first case that tells the broken program from the right one, or None.

    An ulp of the case counts as ``finer`` ulp. With ``values_of_ties`` a draw of equal values looks at the values
    alone, not at their gradients. What is ``proved`` may round in another way: of the terms that cancel in it the right
    program may have none.
    """

    def differs(found):
        told = [(worst.kind, worst.quantity) for worst in truth.judge(found) if worst.ulp * finer > worst.bound]
        return any(not proved or _beyond_rounding(truth, key, found[key]) for key in told)

    for truth in truths:
        broken = EquationPass(spec, truth.checked, np.longdouble, program=program)
        if differs({(truth.kind_of(name), name): array for name, array in broken.gather(spec.outputs).items()}):
            return truth.case.name
        if not spec.differentiated or (values_of_ties and truth.case.ties):
            continue
        gradients = broken.backward(truth.upstream)
        if differs({("gradient", f"d_{name}"): array for name, array in gradients.items() if name not in truth.checked.omitted}):
            return truth.case.name
    return None


def _beyond_rounding(truth, key, array):
    """Whether a quantity is further off than the largest numbers of the case are rounded in extended precision."""
    of_gradients = key[0] == "gradient"
    numbers = [found for (kind, _), found in truth.quantities.items() if (kind == "gradient") == of_gradients]
    numbers += truth.upstream.values() if of_gradients else ()
    largest = max(np.abs(found).max(initial=0) for found in numbers)
    apart = np.abs(array - truth.quantities[key]).max(initial=0)
    return not apart <= CONDITIONED * np.finfo(np.longdouble).eps * largest
