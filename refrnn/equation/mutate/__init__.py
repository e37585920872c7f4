"""Breaks equations in every single place that matters, to show that the cases of a verification tell.

A mutant is the list of equations with one fault, named in words. It may be no valid program (a cycle, shapes that
do not fit): whoever runs it refuses those, and reads elements outside their range as zeros.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

from refrnn.equation.mutate import formulas, swaps, times
from refrnn.equation.mutate.tree import DIFFERENTIABLE, canonical, gradient_reaches, names
from refrnn.equation.parse import equation_of

__all__ = ["Mutant", "Symbols", "mutants", "mutants_of"]


@dataclass(frozen=True)
class Symbols:
    """What a fault must know of symbols, by name: roles, and shapes with all axes as texts such as ("T", "4*H").

    A name without a role is an index letter or a size; where no shape is known, no fault that needs it is made.
    No gradient is asked for along the names in ``still``, so that no fault in it could be told. Names in ``whole`` are
    whole numbers, the same for all places.
    """

    roles: dict
    shapes: dict = field(default_factory=dict)
    sizes: frozenset = frozenset()
    still: frozenset = frozenset()
    whole: frozenset = frozenset()

    @classmethod
    def of(cls, spec):
        """The symbols of a loaded spec, those that its equations define without a declaration too."""
        roles = {name: "value" for name in spec.defined} | {name: symbol.role for name, symbol in spec.symbols.items()}
        shapes = {name: spec.full_shape(name) for name in roles if name in spec.arrays or name in spec.reached}
        shapes = {name: tuple(map(str, shape)) for name, shape in shapes.items()}
        differentiable = {name for name, role in roles.items() if role in DIFFERENTIABLE}
        return cls(roles, shapes, frozenset(spec.sizes), frozenset(differentiable - _moving(spec)), frozenset(spec.integer_constants))


def _moving(spec):
    """The names that a gradient is asked for, and all that depend on them."""
    moving = set(spec.differentiated)
    for _ in spec.equations:  # as often as a dependency can be long
        moving |= {equation.name for equation in spec.equations if not moving.isdisjoint(names(equation.value))}
    return moving


@dataclass(frozen=True)
class Mutant:
    """One fault: its ``name`` is unique among the mutants of the same equations and the same in every run.

    ``number`` is the place (from 0) of the first equation with the fault, ``kind`` the name of the fault's kind,
    ``equations`` the whole list; the trees that the fault does not touch are the original ones.
    """

    name: str
    kind: str
    number: int
    equations: tuple


def mutants(spec):
    """Every mutant of a loaded spec."""
    return mutants_of(spec.equations, Symbols.of(spec))


def mutants_of(equations, symbols):
    """Every mutant of ``equations``, in their order: each differs from the original and from all others."""
    equations = tuple(equations)
    original = [canonical(equation.value) for equation in equations]
    seen, named = set(), Counter()
    for words, kind, changes in sorted(_faults(equations, symbols), key=lambda fault: min(fault[2])):
        texts = [(number, canonical(value)) for number, value in sorted(changes.items())]
        difference = tuple((number, text) for number, text in texts if text != original[number])
        if not difference or difference in seen:
            continue
        seen.add(difference)
        first = difference[0][0]
        name = f"equation {first + 1}: {words}"
        named[name] += 1
        if named[name] > 1:
            name = f"{name} ({named[name]})"
        yield Mutant(name, _plain(kind), first, _broken(equations, changes))


def _broken(equations, changes):
    return tuple(
        equation_of(equation.target, changes[number], equation.place) if number in changes else equation
        for number, equation in enumerate(equations)
    )


def _faults(equations, symbols):
    """(words, kind, new right sides by number) of every fault."""
    for number, equation in enumerate(equations):
        for kind in (*formulas.KINDS, *times.KINDS):
            for words, value in kind(equation, symbols):
                yield words, kind, {number: value}
    for kind in swaps.KINDS:
        for words, changes in kind(equations, symbols):
            yield words, kind, changes


def _plain(kind):
    return kind.__name__.replace("_", " ")
