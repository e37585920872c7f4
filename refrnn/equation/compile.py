"""Tree to closures: what an expression is worth, and which elements of other symbols it needs first.

A compiled expression is a pair of functions. ``value(run, indices)`` computes it in the run's algebra;
``needs(indices, reads)`` calls ``reads.add(name, key, node)`` for every element it reads (None where it reads none).
``indices`` maps index letters, sizes and integer constants to integers.
"""

import math
from typing import Callable, NamedTuple

from refrnn.equation.comparisons import COMPARISONS
from refrnn.equation.conditions import as_size
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import EquationError, is_polynomial, numbered
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Compare, Logical, Span, is_on_indices, loops_of, shown

LARGEST_ARRAY = 2**26  # entries of zeros(...) and identity(...)


class Work:
    """What may still be spent: elements computed, elements read and terms of sums, so that nothing runs for ever."""

    def __init__(self, most):
        self.most = most
        self.left = most

    def spend(self, steps):
        self.left -= steps
        if self.left < 0:
            raise EquationError(f"this takes more than {self.most:,} steps; make the sums shorter or the sizes smaller")


class Reads:
    """The elements that an expression reads, in order."""

    def __init__(self, work, readers=None):
        """``readers`` is a mapping that takes the expression that reads it by element, or None."""
        self.work = work
        self.readers = readers
        self.found = []

    def add(self, name, key, node):
        self.work.spend(1)
        self.found.append((name, key))
        if self.readers is not None:
            self.readers.setdefault((name, key), node)


class Compiled(NamedTuple):
    value: Callable
    needs: Callable | None


def _all_needs(parts):
    needs = [part.needs for part in parts if part.needs is not None]
    if len(needs) <= 1:
        return needs[0] if needs else None

    def all_of_them(indices, reads):
        for need in needs:
            need(indices, reads)

    return all_of_them


def tested(condition):
    """A function of the indices that decides a condition on them."""
    if isinstance(condition, Compare):
        compare, left, right = COMPARISONS[condition.kind].holds, *(numbered(as_size(side)) for side in (condition.left, condition.right))
        return lambda indices: compare(left(indices), right(indices))
    parts = [tested(part) for part in condition.parts]
    if condition.kind == "Not":
        return lambda indices: not parts[0](indices)
    decide = all if condition.kind == "And" else any
    return lambda indices: decide(part(indices) for part in parts)


class Compiler:
    """Compiles expressions over :class:`refrnn.equation.tree.Names`; ``stack_keys`` tells the elements of a symbol."""

    def __init__(self, names, stack_keys):
        self.names = names
        self.stack_keys = stack_keys

    def compile(self, node):
        """The pair (value, needs) of an expression."""
        return getattr(self, "_" + type(node).__name__.lower())(node)

    def _size(self, size):
        """A function (run, indices) -> Size for shapes, integer for numbers."""
        number = numbered(size)
        known = size.names() <= self.names.sizes and is_polynomial(size)

        def found(run, indices):
            if run.algebra.symbolic:
                return size if known else Size.of(number(indices))
            return number(indices)

        return found

    def _number(self, node):
        number = node.value
        return Compiled(lambda run, indices: run.algebra.constant(number), None)

    def _index(self, node):
        number = numbered(node.size)
        return Compiled(lambda run, indices: run.algebra.constant(number(indices)), None)

    def _apply(self, node):
        name, parts = node.name, [self.compile(argument) for argument in node.arguments]
        needs, values = _all_needs(parts), [part.value for part in parts]
        if node.sized:
            return Compiled(self._sized(node, values), needs)
        if len(values) == 1:
            (of_part,) = values
            return Compiled(lambda run, indices: run.algebra.apply(name, of_part(run, indices)), needs)
        if len(values) == 2:
            of_left, of_right = values
            return Compiled(lambda run, indices: run.algebra.apply(name, of_left(run, indices), of_right(run, indices)), needs)
        return Compiled(lambda run, indices: run.algebra.apply(name, *[value(run, indices) for value in values]), needs)

    def _sized(self, node, values):
        numbers, sizes = [numbered(size) for size in node.sized], [self._size(size) for size in node.sized]

        def value(run, indices):
            _check_extents(node, [number(indices) for number in numbers])
            return run.algebra.apply(node.name, *[value(run, indices) for value in values], sized=tuple(size(run, indices) for size in sizes))

        return value

    def _power(self, node):
        base, number = self.compile(node.base), node.exponent
        exponent = numbered(number) if isinstance(number, Size) else lambda indices: number
        alone = not isinstance(number, Size) or number.names() <= self.names.sizes | self.names.integers
        return Compiled(lambda run, indices: run.algebra.power(base.value(run, indices), exponent(indices), alone), base.needs)

    def _compare(self, node):
        kind, left, right = node.kind, self.compile(node.left), self.compile(node.right)
        return Compiled(
            lambda run, indices: run.algebra.compare(kind, left.value(run, indices), right.value(run, indices)),
            _all_needs((left, right)),
        )

    def _logical(self, node):
        kind, parts = node.kind, [self.compile(part) for part in node.parts]
        return Compiled(lambda run, indices: run.algebra.logical(kind, [part.value(run, indices) for part in parts]), _all_needs(parts))

    def _choice(self, node):
        yes, no = self.compile(node.yes), self.compile(node.no)
        if is_on_indices(node.condition):
            return self._branch(node, tested(node.condition), yes, no)
        test = self.compile(node.condition)

        def value(run, indices):
            return run.algebra.select(test.value(run, indices), yes.value(run, indices), no.value(run, indices))

        return Compiled(value, _all_needs((test, yes, no)))

    @staticmethod
    def _branch(node, chooses, yes, no):
        def needs(indices, reads):
            chosen = yes if chooses(indices) else no
            if chosen.needs is not None:
                chosen.needs(indices, reads)

        def value(run, indices):
            chosen = (yes if chooses(indices) else no).value(run, indices)
            shape = run.kept_shape(node, indices)
            return chosen if shape is None else run.algebra.filled(chosen, shape)

        has_needs = yes.needs is not None or no.needs is not None
        return Compiled(value, needs if has_needs else None)

    def _total(self, node):
        loops, inner = loops_of(node)
        bounds = [(letter, numbered(lower), numbered(upper)) for letter, lower, upper in loops]
        operation, body = node.operation, self.compile(inner)
        of_body = body.value

        def value(run, indices):
            terms = [of_body(run, inner) for inner in _places(bounds, dict(indices), run.work)]
            return run.algebra.total(operation, terms, () if terms else run.kept_shape(node, indices))

        def needs(indices, reads):
            for inner in _places(bounds, dict(indices), reads.work):
                body.needs(inner, reads)

        return Compiled(value, needs if body.needs is not None else None)

    def _part(self, node):
        inner, places = self.compile(node.base), self._places(node.places)
        return Compiled(lambda run, indices: _index(run, inner.value(run, indices), _evaluated(run, places, indices), node), inner.needs)

    def _places(self, places):
        return [(self._size(one.lower), self._size(one.upper)) if isinstance(one, Span) else numbered(one) for one in places]

    def _read(self, node):
        """A symbol: an array handed in, or the elements that its equations define."""
        name, places = node.name, self._places(node.places)
        if name in self.names.arrays:
            if not places:
                return Compiled(lambda run, indices: run.leaf(name), None)
            if not any(isinstance(place, tuple) for place in places):
                key = _key(places)
                return Compiled(lambda run, indices: _entry(run, name, key(indices), node), None)
            return Compiled(lambda run, indices: _index(run, run.leaf(name), _evaluated(run, places, indices), node, name), None)
        rank = self.names.ranks[name]
        whole_from = next((axis for axis, place in enumerate(places) if isinstance(place, tuple)), len(places))
        if whole_from < rank:
            return self._read_part(node, places[:whole_from], places[whole_from:])
        key, rest = _key(places[:rank]), places[rank:]

        def needs(indices, reads):
            reads.add(name, key(indices), node)

        if not rest:
            return Compiled(lambda run, indices: run.element(name, key(indices)), needs)
        return Compiled(lambda run, indices: _index(run, run.element(name, key(indices)), _evaluated(run, rest, indices), node), needs)

    def _read_part(self, node, first, rest):
        """The elements of a symbol whose first indices are given, stacked, then the subscripts that are left."""
        name = node.name

        def needs(indices, reads):
            begin = tuple(place(indices) for place in first)
            reads.found += [(name, key) for key in self.stack_keys(name, indices, reads.work, begin)]

        def value(run, indices):
            part = run.stacked(name, tuple(place(indices) for place in first), indices)
            return _index(run, part, _evaluated(run, rest, indices), node) if rest else part

        return Compiled(value, needs)


def _check_extents(node, extents):
    made = FUNCTIONS[node.name].shape(*extents) if FUNCTIONS[node.name].sized < 0 else extents
    if any(extent < 0 for extent in made):
        raise EquationError(f"{shown(node)} has a size below 0")
    if math.prod(made) > LARGEST_ARRAY:
        raise EquationError(f"{shown(node)} has more than {LARGEST_ARRAY:,} entries; make it smaller")


def _places(bounds, indices, work):
    """``indices`` with the letters of a sum at each of its places in turn; always the same dictionary."""
    (letter, lower, upper), *rest = bounds
    start, stop = lower(indices), upper(indices)
    work.spend(max(0, stop - start))
    for place in range(start, stop):
        indices[letter] = place
        if rest:
            yield from _places(rest, indices, work)
        else:
            yield indices


def _key(places):
    """A function of the indices that computes all of ``places``; written out for the common cases, which run most."""
    if len(places) == 1:
        (only,) = places
        return lambda indices: (only(indices),)
    if len(places) == 2:
        first, second = places
        return lambda indices: (first(indices), second(indices))
    return lambda indices: tuple([place(indices) for place in places])


def _entry(run, name, key, node):
    """An entry or row of an array handed in: read once, however often the equations name it."""
    entry = run.entries.get((name, key))
    if entry is None:
        entry = run.entries[name, key] = _index(run, run.leaf(name), key, node, name)
    return entry


def _evaluated(run, places, indices):
    """Subscripts as integers, and slices as pairs of bounds."""
    return [tuple([bound(run, indices) for bound in place]) if isinstance(place, tuple) else place(indices) for place in places]


def _index(run, value, places, node, name=None):
    """``value[places]`` after the places are known to lie inside."""
    extents = run.extents(value)
    if len(places) > len(extents):
        raise EquationError(f"{shown(node)} has more subscripts than axes")
    for axis, (extent, place) in enumerate(zip(extents, places)):
        if isinstance(place, tuple):
            _check_slice(run, place, axis, value, node, name)
        elif not 0 <= place < extent:
            if run.outside_is_zero:
                return run.zero(value, len(places))
            end = value[axis] if run.algebra.symbolic and place == extent else None
            raise EquationError(_outside(run, node, axis, value, f"place {place}", name), end)
    return run.algebra.index(value, places)


def _check_slice(run, bounds, axis, value, node, name):
    start, stop = (run.whole_number(bound) for bound in bounds)
    if start > stop:
        numbers = "" if run.algebra.symbolic else f", at {start}:{stop}"
        raise EquationError(f"{shown(node)} ends before it begins{numbers}")
    if start < 0 or stop > run.extents(value)[axis]:
        raise EquationError(_outside(run, node, axis, value, f"the places {start} to {stop - 1}", name))


def _outside(run, node, axis, value, read, name):
    """What is read beyond the ends: in sizes where a check chose the numbers."""
    whose = f" of {name}" if name else ""
    if run.algebra.symbolic:
        return f"{shown(node)} reaches beyond the places 0 to {value[axis] - 1}{whose}"
    return f"{shown(node)} reads {read}, but there are only the places 0 to {run.extents(value)[axis] - 1}{whose}"

