"""The kill matrix: every broken equation must be told from the right one by some case, within the bounds in use."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.equation.evaluate import Program
from refrnn.equation.mutate import mutants
from refrnn.errors import SpecError


@dataclass(frozen=True)
class KillMatrix:
    """``by_case`` counts which case killed first; ``refused`` are mutants that mean nothing (a cycle, shapes)."""

    tried: int
    killed: int
    refused: int
    equivalent: tuple
    survivors: tuple
    wrongly_listed: tuple  # of (name, what is wrong)
    by_case: dict


def kill_matrix(spec, truths, step=lambda text: None):
    """Break ``spec`` in every place that matters and let the cases find it."""
    listed = {entry["mutant"] for entry in spec.equivalent}
    killed, refused, survivors, by_case = 0, 0, [], {}
    unknown = set(listed)
    wrongly = []
    for mutant in mutants(spec):
        program = _program(spec, mutant)
        unknown.discard(mutant.name)
        if program is None:
            refused += 1
            continue
        step(mutant.name)
        case = _killer(spec, program, truths)
        if case is None:
            survivors.append(mutant.name)
            continue
        killed += 1
        by_case[case] = by_case.get(case, 0) + 1
        if mutant.name in listed:
            wrongly.append((mutant.name, f"killed by case {case}"))
    wrongly += [(name, "no mutant of this spec") for name in sorted(unknown)]
    equivalent = tuple(name for name in survivors if name in listed)
    living = tuple(name for name in survivors if name not in listed)
    return KillMatrix(killed + len(survivors), killed, refused, equivalent, living, tuple(wrongly), by_case)


def _program(spec, mutant):
    """The broken program, or None where it is refused."""
    try:
        program = Program(
            mutant.equations,
            spec.sizes,
            spec.array_shapes,
            spec.integer_constants,
            spec.value_shapes,
            spec.outputs,
            outside_is_zero=True,
            element_shapes=spec.element_shapes,
        )
        shapes = program.check(spec.small_sizes(4), spec.lowest_constants())
        program.check({name: 1 for name in spec.sizes}, spec.lowest_constants())
    except SpecError:
        return None
    same = all(shapes[name] == spec.element_shapes[name] for name in spec.outputs)
    return program if same else None


def _killer(spec, program, truths):
    """The name of the first case that tells the broken program from the right one."""
    for truth in truths.values():
        try:
            broken = EquationPass(spec, truth.checked, np.longdouble, program=program)
        except SpecError:
            return truth.case.name
        found = {(truth.kind_of(name), name): array for name, array in broken.gather(spec.outputs).items()}
        if any(not worst.ok for worst in truth.judge(found)):
            return truth.case.name
        if not spec.differentiated:
            continue
        gradients = {("gradient", f"d_{name}"): g for name, g in broken.backward(truth.upstream).items() if name not in truth.checked.omitted}
        if any(not worst.ok for worst in truth.judge(gradients)):
            return truth.case.name
    return None
