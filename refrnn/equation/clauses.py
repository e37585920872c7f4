"""The equations of a program as clauses: what each gives where, in letters like no other, and what it leaves to others."""

import itertools
from dataclasses import dataclass

from refrnn.equation.evaluate import Pattern
from refrnn.equation.indices import ONE, ZERO, Known, replaced, size_of
from refrnn.equation.simplify import NOTHING
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Compare, Index, Logical, Read, Span, Total, rebuilt, walk
from refrnn.errors import SpecError


@dataclass(frozen=True)
class Clause:
    """An equation in letters of its own: what it gives where, for which letters."""

    name: str
    places: tuple
    ranges: dict
    value: object
    equation: object
    within: bool  # its places lie within the symbol's range; else it is a start
    fresh: object  # makes a letter that is like no other
    bounds: tuple = ()
    conditions: tuple = ()


class Clauses:
    """All clauses of a program, and where the indices of its symbols run; ``lowest`` are the least values of integer constants."""

    def __init__(self, program, lowest):
        self.program = program
        self.lowest = {name: lowest.get(name) for name in program.integers}
        self._count = itertools.count(1)
        self.all = [self._clause(equation) for equation in program.equations]
        self.ranks = {name: program.ranks[name] for name in program.ranks} | self._leading()

    def fresh(self, letter):
        """A letter that is like no other, and begins as this one."""
        every = (f"{plain_letter(letter)}__{number}" for number in self._count)
        return next(one for one in every if one not in self.program.sizes and one not in self.program.integers)

    def shape(self, name):
        """The whole shape of a symbol of the program."""
        if name in self.program.arrays:
            return self.program.arrays[name]
        return (*self.spans(name), *self.program.element_shapes[name])

    def letters(self):
        """The letters of all clauses as the program names them."""
        bound = (letter for clause in self.all for letter in clause.ranges)
        summed = (node.letter for clause in self.all for node in walk(clause.value) if isinstance(node, Total))
        return {plain_letter(letter) for letter in itertools.chain(bound, summed)}

    def general(self, name):
        """(equation, patterns, compiled) of the equation that runs over most places of a symbol."""
        return self.program.definitions[name].equations[-1]

    def spans(self, name):
        """The sizes that the indices of a symbol run through."""
        return tuple(pattern.size if isinstance(pattern, Pattern) else ONE for pattern in self.general(name)[1])

    def first(self, name):
        """The first place along each index."""
        if name not in self.program.ranks:
            return (ZERO,) * self.ranks[name]
        equation, patterns, _ = self.general(name)
        return tuple(pattern.offset if isinstance(pattern, Pattern) else place for pattern, place in zip(patterns, self.target(equation)))

    def target(self, equation):
        """The places on the left side of an equation."""
        return tuple(map(size_of, equation.subscripts))

    def _leading(self):
        """By array: how many of its first axes the equations read place by place."""
        leading = dict.fromkeys(self.program.arrays, 0)
        for clause in self.all:
            for node in walk(clause.value):
                if isinstance(node, Read) and node.name in leading:
                    single = list(itertools.takewhile(lambda place: not isinstance(place, Span), node.places))
                    leading[node.name] = max(leading[node.name], len(single))
        return leading

    def active(self, differentiated):
        """The symbols between an output and something differentiated, in the order of their equations."""
        reads = {}
        for equation in self.program.equations:
            reads.setdefault(equation.name, set()).update(equation.reads)
        depends = set(differentiated)
        while more := {name for name, read in reads.items() if name not in depends and read & depends}:
            depends |= more
        reached, waiting = set(), list(self.program.outputs)
        while waiting:
            name = waiting.pop()
            if name in reads and name not in reached:
                reached.add(name)
                waiting += reads[name]
        return [name for name in reads if name in depends and name in reached]

    def _clause(self, equation):
        patterns = self.program.patterns_of(equation)
        new = {pattern.letter: Size.of(self.fresh(pattern.letter)) for pattern in patterns if isinstance(pattern, Pattern)}
        value = self._lettered(self.program.trees[id(equation)], new)
        places = tuple(replaced(place, new) for place in self.target(equation))
        ranges = {str(new[pattern.letter]): (ZERO, pattern.size) for pattern in patterns if isinstance(pattern, Pattern)}
        within = self._lies_within(equation, places, ranges)
        bounds, conditions = self._left_by_others(equation, places, ranges) if within else ((), ())
        return Clause(equation.name, places, ranges, value, equation, within, self.fresh, bounds, conditions)

    def _lettered(self, node, new):
        """An expression with its letters replaced, and fresh ones for its sums."""
        if isinstance(node, Total):
            letter = self.fresh(node.letter)
            body = self._lettered(node.body, {**new, node.letter: Size.of(letter)})
            return Total(node.operation, letter, replaced(node.lower, new), replaced(node.upper, new), body)
        return rebuilt(node, lambda child: self._lettered(child, new), lambda size: replaced(size, new))

    def _lies_within(self, equation, places, ranges):
        """Whether an equation gives places of its symbol's range at all sizes, and no other before or behind it."""
        known = Known(ranges, self.lowest)
        ends = zip(places, self.first(equation.name), self.spans(equation.name))
        bounds = [bound for place, first, size in ends for bound in (place - first, first + size - ONE - place)]
        return equation is self.general(equation.name)[0] or all(map(known.never_below_zero, bounds))

    def _left_by_others(self, equation, places, ranges):
        """What holds where no more specific equation of the same symbol gives the place, as bounds and conditions."""
        known, bounds, conditions = Known(ranges, self.lowest), [], []
        for other, patterns, _ in self.program.definitions[equation.name].equations:
            if other is equation:
                break
            apart = self._differences(other, patterns, places, known)
            if len(apart) == 1 and known.never_below_zero(apart[0]):
                bounds.append(apart[0] - ONE)
            elif len(apart) == 1 and known.never_below_zero(ZERO - apart[0]):
                bounds.append(ZERO - apart[0] - ONE)
            elif apart:
                conditions.append(Logical("Or", tuple(Compare("NotEq", Index(one), NOTHING) for one in apart)) if len(apart) > 1 else Compare("NotEq", Index(apart[0]), NOTHING))
        return tuple(bounds), tuple(conditions)

    def _differences(self, other, patterns, places, known):
        """Sizes of which one is not 0 wherever a place is not that of the ``other`` equation; none where the two never meet."""
        apart = []
        for place, target, pattern in zip(places, self.target(other), patterns):
            if isinstance(pattern, Pattern) and not pattern.narrow:
                continue
            below, size = (place - pattern.offset, pattern.size) if isinstance(pattern, Pattern) else (place - target, ONE)
            if known.always_below_zero(below) or known.always_below_zero(size - ONE - below):
                return []
            if isinstance(pattern, Pattern):
                raise SpecError(f"{other.place}: {other.shown()} may lie within the range of {other.name}, and its gradient is no equation then")
            if below != 0:
                apart.append(below)
        return apart


def plain_letter(letter):
    return letter.split("__")[0]
