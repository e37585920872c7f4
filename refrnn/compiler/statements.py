"""The equations of a program as statements of a kernel, and which of them needs which first."""

import ast
import re
from dataclasses import dataclass, field, replace

from refrnn.equation.conditions import both, bounds_of
from refrnn.equation.indices import ONE, ZERO, Known, size_of
from refrnn.equation.sizes import Opaque, Size
from refrnn.equation.tree import Choice, Compare, Index, Number, Read, Span, Total, children, is_on_indices, rebuilt
from refrnn.errors import SpecError


class CompileError(SpecError):
    """What can't be compiled, with its place."""


@dataclass(eq=False)
class Statement:
    """``name`` at ``places`` is ``value``, for all ``letters`` in their ranges, where ``bounds`` are 0 or more and ``conditions`` hold."""

    name: str
    places: tuple
    letters: dict
    value: object
    bounds: tuple
    conditions: tuple
    equation: object
    reads: list = field(default_factory=list)  # (Read, Known there)

    def shown(self):
        return f"{self.equation.place}: {self.equation.shown()}"


def statements_of(clauses):
    """All clauses as statements."""
    return [Statement(one.name, one.places, one.ranges, one.value, one.bounds, one.conditions, one.equation) for one in clauses.all]


class Facts:
    """What is known of indices: the ranges of letters, and sizes that are 0 or more."""

    def __init__(self, known, facts=()):
        self.known, self.facts = known, facts

    def with_range(self, letter, lower, upper):
        ends = (Size.of(letter) - lower, upper - ONE - Size.of(letter))
        return Facts(self.known.with_range(letter, lower, upper), (*self.facts, *(one for end in ends for one in _alternatives(end))))

    def narrowed(self, bound):
        return Facts(self.known.narrowed(bound), (*self.facts, *_alternatives(bound)))

    def where(self, condition, holds):
        """What is known where a condition on indices holds, or where it does not."""
        facts = self
        for bound in bounds_of(condition, holds, self.known)[0]:
            facts = facts.narrowed(bound)
        return facts

    def never_below_zero(self, size):
        """Whether a size is proved to be 0 or more: by the ranges, or as one fact, or the sum of two, and more."""
        sure = self.known.never_below_zero
        if sure(size):
            return True
        facts = (*self.facts, *_remainders(size))
        left = [size - fact for fact in facts]
        return any(map(sure, left)) or any(sure(one - fact) for number, one in enumerate(left) for fact in facts[number + 1:])

    def always_below_zero(self, size):
        return self.never_below_zero(ZERO - size - ONE)


def _alternatives(size):
    """A size that is 0 or more, and, where min(a, b) is added in it or max(a, b) taken away, the same with each of these."""
    found = [size]
    for names, count in size.terms.items():
        if count not in (1, -1) or len(names) != 1 or not isinstance(names[0], Opaque):
            continue
        tree = ast.parse(names[0], mode="eval").body
        if isinstance(tree, ast.Call) and tree.func.id == ("min" if count == 1 else "max"):
            rest = size - Size({names: count})
            found += [one for argument in tree.args for one in _alternatives(rest + size_of(argument) * Size.of(count))]
    return found


def _remainders(size):
    """What is known of a remainder in a size: it is 0 or more, and less than what was divided by."""
    found = []
    for names in size.terms:
        tree = ast.parse(names[0], mode="eval").body if len(names) == 1 and isinstance(names[0], Opaque) else None
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mod):
            one = Size({names: 1})
            found += [one, size_of(tree.right) - ONE - one]
    return found


def facts_of(statement, lowest):
    """What is known of the letters of a statement."""
    facts = Facts(Known({}, lowest))
    for letter, ends in statement.letters.items():
        facts = facts.with_range(letter, *ends)
    for bound in statement.bounds:
        facts = facts.narrowed(bound)
    for condition in statement.conditions:
        facts = facts.where(condition, True)
    return facts


def note_reads(statement, lowest):
    statement.reads = list(_reads(statement.value, facts_of(statement, lowest)))


def _reads(node, facts):
    """Every Read within an expression, with what is known where it is read."""
    if isinstance(node, Read):
        yield node, facts
    if isinstance(node, Total):
        yield from _reads(node.body, facts.with_range(node.letter, node.lower, node.upper))
    elif isinstance(node, Choice) and is_on_indices(node.condition):
        yield from _reads(node.yes, facts.where(node.condition, True))
        yield from _reads(node.no, facts.where(node.condition, False))
    else:
        for child in children(node):
            yield from _reads(child, facts)


def ends_of(place):
    """The first and the last place of a subscript."""
    return (place.lower, place.upper - ONE) if isinstance(place, Span) else (place, place)


def check_places(statement, storages):
    """Refuse a read that is not proved to lie within what is stored."""
    for read, facts in statement.reads:
        if _unproved(read, facts, storages):
            raise CompileError(
                f"{statement.shown()} can't be compiled: that {plain(read)} lies within {read.name} is not clear at all sizes; "
                "say where by a condition on its index, or run it by the equation"
            )


def guard_places(statement, storages, lowest):
    """Let a read that is not proved to lie within what is stored be 0 where it does not: of a derived equation nobody needs these places."""
    statement.value = _guarded(statement.value, facts_of(statement, lowest), storages)


def _guarded(node, facts, storages):
    if isinstance(node, Read):
        conditions = [Compare("GtE", Index(size), Number(0)) for size in _unproved(node, facts, storages)]
        return Choice(both(conditions), node, Number(0)) if conditions else node
    if isinstance(node, Total):
        return replace(node, body=_guarded(node.body, facts.with_range(node.letter, node.lower, node.upper), storages))
    if isinstance(node, Choice) and is_on_indices(node.condition):
        yes, no = (_guarded(part, facts.where(node.condition, holds), storages) for part, holds in ((node.yes, True), (node.no, False)))
        return replace(node, yes=yes, no=no)
    return rebuilt(node, lambda child: _guarded(child, facts, storages))


def _unproved(read, facts, storages):
    """The sizes that have to be 0 or more for a read to lie within what is stored, and are not proved to be."""
    storage, found = storages.get(read.name), []
    if storage is None:
        return found
    extents = [extent for axis, extent in enumerate(storage.extents) if axis != storage.batch]
    low = [*storage.low, *(ZERO,) * (len(extents) - len(storage.low))]
    for axis, place in enumerate(read.places):
        first, last = ends_of(place)
        if isinstance(place, Span) and facts.never_below_zero(place.lower - place.upper):
            continue
        found += [size for size in (first - low[axis], low[axis] + extents[axis] - ONE - last) if not facts.never_below_zero(size)]
    return found


def plain(node):
    """An expression in the letters of its equation."""
    return re.sub(r"__\d+", "", str(node))
