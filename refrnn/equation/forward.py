"""Forward values as an adjoint may read them: within their range from an array, before and behind it from what begins them."""

from refrnn.equation.conditions import both, bounds_of, decided, is_zero_at, not_below_zero
from refrnn.equation.indices import ONE, ZERO, Solution, replaced
from refrnn.equation.simplify import NOTHING
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Choice, Read, Span, Total, is_on_indices, rebuilt, replaced_in
from refrnn.errors import SpecError

_DEEPEST = 10  # starts that begin at starts


class ForwardValues:
    """Settles what expressions read.

    ``clauses`` are the program's; ``adjoint(name, key, known)`` gives what an element before or behind its symbol's range
    gets, which has no symbol of its own; ``define(name, shape, means, places, value, known)`` writes an equation of a
    symbol that is needed besides, and ``free(name)`` names it. ``time`` are the sizes that stand first among its indices.
    """

    def __init__(self, clauses, builder, adjoint, define, free, time):
        self.clauses = clauses
        self.program = clauses.program
        self.builder = builder
        self.adjoint = adjoint
        self.define = define
        self.free = free
        self.time = time
        self.before = {}  # symbols for values of which some lie before or behind their range

    def settled(self, node, known, depth=0):
        """An expression in what an adjoint may read, at all places that ``known`` knows."""
        if depth > _DEEPEST:
            raise SpecError("starts that begin at starts without an end have no gradient equation")
        if isinstance(node, Read):
            return self._read(node, known, depth)
        if isinstance(node, Total):
            inner = known.with_range(node.letter, node.lower, node.upper)
            return rebuilt(node, lambda body: self.settled(body, inner, depth))
        if isinstance(node, Choice) and is_on_indices(node.condition):
            certain = decided(node.condition, known)
            if certain is not None:
                return self.settled(node.yes if certain else node.no, known, depth)
            sides = []
            for branch, holds in ((node.yes, True), (node.no, False)):
                inner = known
                for bound in bounds_of(node.condition, holds, known)[0]:
                    inner = inner.narrowed(bound)
                sides.append(self.settled(branch, inner, depth))
            return self.builder.choice(node.condition, *sides)
        return rebuilt(node, lambda child: self.settled(child, known, depth))

    def _read(self, node, known, depth):
        if node.name.startswith("@"):
            rank = self.clauses.ranks[node.name[1:]]
            value = self.adjoint(node.name[1:], node.places[:rank], known)
            return self.settled(self.builder.part(value, node.places[rank:]), known, depth + 1)
        if node.name not in self.program.ranks:
            return node
        rank = self.clauses.ranks[node.name]
        key, letters = self._single(node)
        for letter, ends in letters.items():
            known = known.with_range(letter, *ends)
        places, ends = self._from_first(node.name, key)
        if all(map(known.never_below_zero, ends)):
            apart = next((axis for axis in range(rank) if axis >= len(node.places) or isinstance(node.places[axis], Span)), rank)
            return self._value(node.name, (*places[:apart], *node.places[apart:]))
        if not letters and any(map(known.always_below_zero, ends)):
            return self._settled_start(node, known, depth)
        return self._beside(Read(node.name, key), letters, node.places[rank:], known, depth)

    def _single(self, node):
        """The key of one element of a read, by new letters along what it takes together, and the ranges of these."""
        key, letters = [], {}
        for axis, (first, size) in enumerate(zip(self.clauses.first(node.name), self.clauses.spans(node.name))):
            place = node.places[axis] if axis < len(node.places) else Span(ZERO, size)
            if isinstance(place, Span):
                letter = self.clauses.fresh("k")
                letters[letter] = ZERO, place.upper - place.lower
                key.append(first + place.lower + Size.of(letter))
            else:
                key.append(place + first if letters else place)
        return tuple(key), letters

    def _from_first(self, name, key):
        """The places of a key from the first one of its symbol on, and what is 0 or more where they lie within its range."""
        places = tuple(place - first for place, first in zip(key, self.clauses.first(name)))
        return places, [end for place, size in zip(places, self.clauses.spans(name)) for end in (place, size - ONE - place)]

    def _value(self, name, places):
        if not self.program.definitions[name].is_whole():
            place = self.clauses.general(name)[0].place
            raise SpecError(f"{place}: {name} is defined at single places only, and its gradient is no equation; give it one with an index letter")
        return Read(name, places)

    def _begun(self, node, known):
        """What a read is worth by the starts of its symbol, chosen where there are several; None where none gives it."""
        rank, chosen = self.clauses.ranks[node.name], []
        for clause in self.clauses.all:
            if clause.name != node.name or clause.within:
                continue
            new = {letter: Size.of(self.clauses.fresh(letter)) for letter in clause.ranges}
            free = {str(new[letter]): ends for letter, ends in clause.ranges.items()}
            solution = Solution(free, [replaced(place, new) - wanted for place, wanted in zip(clause.places, node.places)], [], known)
            conditions = [*(not_below_zero(bound, known.ranges) for bound in solution.guards), *(is_zero_at(size, known.ranges) for size in solution.zero)]
            if solution.possible and not any(decided(condition, known) is False for condition in conditions):
                value = replaced_in(clause.value, {letter: replaced(size, solution.worth) for letter, size in new.items()})
                open_ones = [condition for condition in conditions if decided(condition, known) is None]
                chosen.append((open_ones, self.builder.part(value, node.places[rank:])))
        value = chosen[-1][1] if chosen else None
        for conditions, other in reversed(chosen[:-1]):
            value = Choice(both(conditions), other, value) if conditions else other
        return value

    def _beside(self, node, together, element, known, depth):
        """A read of which some places lie before or behind the range, by a symbol that has a value at all of them.

        Elements along the letters ``together`` are read at once, and of each the ``element`` subscripts.
        """
        found = [letter for place in node.places for letter in known.ranges if letter in place.names()]
        alone = [letter for letter in dict.fromkeys(found) if letter not in together]
        letters = sorted(alone, key=lambda letter: known.wide[letter] not in self.time) + list(together)
        anonymous = {letter: Size.of(f"letter__{number}") for number, letter in enumerate(letters)}
        mark = node.name, *(str(replaced(place, anonymous)) for place in node.places), *(str(known.ranges[letter]) for letter in letters)
        if mark not in self.before:
            name = self.before[mark] = self.free(f"{node.name}_before")
            shape = (*(known.wide[letter] for letter in letters), *self.program.element_shapes[node.name])
            self.define(name, shape, f"{node.name} where it is read, its start included", tuple(map(Size.of, letters)), self._anywhere(node, known, depth), known)
        places = [Size.of(letter) for letter in letters if letter not in together]
        if element and together:
            places += [Span(*known.ranges[letter]) for letter in together]
        return Read(self.before[mark], (*places, *element))

    def _anywhere(self, node, known, depth):
        """The value of an element within the range or beside it; where no start gives it, nothing, which is not read there."""
        places, ends = self._from_first(node.name, node.places)
        if any(map(known.always_below_zero, ends)):
            return self._settled_start(node, known, depth)
        within = self._value(node.name, places)
        start = self._begun(node, known)
        conditions = [not_below_zero(end, known.ranges) for end in ends if not known.never_below_zero(end)]
        return Choice(both(conditions), within, NOTHING if start is None else self.settled(start, known, depth + 1))

    def _settled_start(self, node, known, depth):
        start = self._begun(node, known)
        if start is None:
            raise SpecError(f"{node} lies where no equation gives it")
        return self.settled(start, known, depth + 1)
