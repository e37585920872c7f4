"""The gradient as equations: the adjoint recurrence of a program, in its own letters.

What an element of a symbol gets is the sum over all places at which the equations read it. The subscripts of a read are
solved for the letters of its equation: ``a[t]`` reads ``h[t-1]``, so ``d_h[t]`` gets what flows out of ``a[t+1]``, and
letters that nothing determines are summed. Where the last step gets less than all others, it has an equation of its own.
"""

import itertools
from dataclasses import dataclass, field

from refrnn.equation.adjoint import Backward, embedded
from refrnn.equation.clauses import Clauses, plain_letter
from refrnn.equation.conditions import both, decided, is_zero_at, not_below_zero
from refrnn.equation.evaluate import Pattern
from refrnn.equation.forward import ForwardValues
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import ONE, ZERO, Known, Solution, linear_in, replaced
from refrnn.equation.simplify import NOTHING, Builder
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Apply, Choice, Compare, Index, Read, Span, Total, is_on_indices, names_of, rebuilt, replaced_in, walk

_LETTERS = "tkjisrqlmnuvw"


@dataclass
class Adjoint:
    """Adjoint equations, in order, as texts.

    ``shapes`` are those of all symbols that they define, ``means`` what these are, ``values`` the forward values that
    they read, ``upstream`` the gradients handed in by the outputs they are of, ``gradients`` the names of what is asked
    for by the arrays they are of, ``of`` what each gradient is of by its name.
    """

    equations: list = field(default_factory=list)
    shapes: dict = field(default_factory=dict)
    means: dict = field(default_factory=dict)
    values: list = field(default_factory=list)
    upstream: dict = field(default_factory=dict)
    gradients: dict = field(default_factory=dict)
    of: dict = field(default_factory=dict)


def adjoint(program, differentiated, lowest, time=()):
    """The :class:`Adjoint` of a program with respect to the arrays ``differentiated``; SpecError where it has none.

    ``lowest`` are the least values of its integer constants, None where there is none; ``time`` are the sizes that stand
    first where a symbol has several indices.
    """
    return _Maker(program, differentiated, lowest, time).made


class _Maker:
    def __init__(self, program, differentiated, lowest, time):
        self.program = program
        self.made = Adjoint()
        self.clauses = Clauses(program, lowest)
        self.symbols = {*program.sizes, *program.arrays, *program.ranks, *FUNCTIONS, "range", "prod", "lengths", "saved"}
        self.letters = self.clauses.letters()
        self.active = self.clauses.active(differentiated)
        self.names = {name: self._free(f"d_{name}") for name in (*self.active, *differentiated)}
        self.upstream = {name: self._free(f"g_{name}") for name in program.outputs if name in self.active}
        self.like = {own: name for names in (self.names, self.upstream) for name, own in names.items()} | {f"@{name}": name for name in self.active}
        self.pieces = []  # (name, symbol, ranges of its letters, way) of gradients that are used several times
        self.written = []  # (left side, value)
        self.flows = {}
        self.builder = Builder(self._shape, self._known({}))
        self.forward = ForwardValues(self.clauses, self.builder, self._gets, self._define, self._free, {Size.of(name) for name in time})
        self._go_back({*self.active, *differentiated})
        self._write(differentiated)

    def _known(self, ranges):
        return Known(ranges, self.clauses.lowest)

    def _free(self, wanted):
        """A name that no symbol and no letter has."""
        every = itertools.chain([wanted], (f"{wanted}_{number}" for number in itertools.count(2)))
        name = next(name for name in every if name not in self.symbols | self.letters)
        self.symbols.add(name)
        return name

    def _shape(self, name):
        """The whole shape of any symbol, of the program or of its adjoint."""
        return self.made.shapes[name] if name in self.made.shapes else self.clauses.shape(self.like.get(name, name))

    # ------------------------------------------------------------ back through all equations

    def _go_back(self, into):
        firsts = {name: self.clauses.first(name) for name in self.clauses.ranks}
        for clause in self.clauses.all:
            if clause.name in self.active:
                out = Read(self.names[clause.name] if clause.within else f"@{clause.name}", clause.places)
                Backward(clause, out, self.builder, into, self.clauses.ranks, firsts, self._piece, self.flows)

    def _piece(self, clause, way, shape):
        """A symbol for what flows and several terms read: the textbooks' delta of a unit."""
        name, ranges = self._free(f"delta_{clause.name}"), {**clause.ranges, **way.ranges}
        ranges = {letter: ranges[letter] for letter in sorted(ranges, key=lambda letter: ranges[letter][1] not in self.forward.time)}
        self.made.shapes[name] = (*(size for _, size in ranges.values()), *shape)
        self.made.means[name] = f"gradient of what {clause.name} is made of"
        self.pieces.append((name, clause.name, ranges, way))
        return Read(name, tuple(map(Size.of, ranges)))

    def _gets(self, name, key, known):
        """What an element gets, as one expression."""
        return self._whole(self._terms(name, key, known), self.program.element_shapes[name], known)

    # ------------------------------------------------------------ what an element gets

    def _terms(self, name, key, known):
        """{guards: [(places, value)]}: what flows into the element of a symbol at ``key``; guards are sizes of 0 or more, and conditions."""
        found = {}
        if name in self.upstream:
            places = tuple(place - first for place, first in zip(key, self.clauses.first(name)))
            bounds = [bound for place, size in zip(places, self.clauses.spans(name)) for bound in (place, size - ONE - place)]
            solution = Solution({}, [], bounds, known)
            if solution.possible:
                self.made.upstream[name] = self.upstream[name]
                found[solution.guards] = [((), Read(self.upstream[name], places))]
        for flow in self.flows.get(name, ()):
            for guards, places, value in self._solved(flow, key, known, self._shape(name)[len(key):]):
                found.setdefault(guards, []).append((places, value))
        return found

    def _solved(self, flow, key, known, shape):
        """What one flow gives to the element at ``key``: nothing, or its sum over all letters that the key leaves open."""
        new = {letter: Size.of(self.clauses.fresh(letter)) for letter in flow.ranges}
        free = {str(new[letter]): tuple(replaced(bound, new) for bound in ends) for letter, ends in flow.ranges.items()}
        equal = [replaced(place, new) - wanted for place, wanted in zip(flow.key, key)]
        solution = Solution(free, equal, [replaced(bound, new) for bound in flow.bounds], known)
        if not solution.possible:
            return
        worth = {letter: replaced(size, solution.worth) for letter, size in new.items()}
        value = replaced_in(flow.gradient, worth)
        places = tuple(Span(replaced(p.lower, worth), replaced(p.upper, worth)) if isinstance(p, Span) else replaced(p, worth) for p in flow.places)
        conditions = [replaced_in(condition, worth) for condition in flow.conditions]
        conditions += [is_zero_at(size, known.ranges) for size in solution.zero]
        if any(decided(condition, known) is False for condition in conditions):
            return
        conditions = [condition for condition in conditions if decided(condition, known) is None]
        within = [condition for condition in conditions if names_of(condition) & solution.ranges.keys()]
        inner = [bound for bound in solution.guards if bound.names() & solution.ranges.keys()]
        for condition in (*within, *(not_below_zero(bound, solution.ranges) for bound in inner)):
            value = self.builder.choice(condition, value, NOTHING)
        if any(place.names() & solution.ranges.keys() for place in _ends(places)):
            value, places = embedded(self.builder, self._wide(value, places, shape), places, shape), ()
        for letter in reversed(solution.ranges):
            value = self.builder.total(Total("add", letter, *solution.ranges[letter], value))
        guards = (*(bound for bound in solution.guards if bound not in inner), *(one for one in conditions if one not in within))
        yield guards, places, value

    def _gathered(self, parts, shape):
        """The sum of values that fill parts of an element, as one value in its shape."""
        whole = [value for places, value in parts if not places]
        by_place = {}
        for places, value in parts:
            if places:
                by_place.setdefault(places, []).append(value)
        pieces = {places: self.builder.summed(values) for places, values in by_place.items()}
        whole += self._joined(pieces, shape)
        whole += [embedded(self.builder, self._wide(value, places, shape), places, shape) for places, value in pieces.items()]
        return self.builder.summed(whole)

    def _wide(self, value, places, shape):
        """The value of a part in the part's shape, were it a single number."""
        wanted = tuple(place.upper - place.lower for place in places if isinstance(place, Span)) + shape[len(places):]
        return Apply("add", (Apply("zeros", (), wanted), value)) if wanted and not self.builder.shape(value) else value

    def _joined(self, pieces, shape):
        """Parts of a vector that follow one another, joined; they are taken out of ``pieces``."""
        if len(shape) != 1:
            return []
        starts = {places[0].lower: places for places in pieces if isinstance(places[0], Span)}
        chain, stop = [], ZERO
        while stop in starts and starts[stop][0].upper != stop:
            chain.append(starts[stop])
            stop = chain[-1][0].upper
        if len(chain) < 2:
            return []
        values = [self._wide(pieces.pop(places), places, shape) for places in chain]
        values = [Apply("zeros", (), (p[0].upper - p[0].lower,)) if value == NOTHING else value for p, value in zip(chain, values)]
        if stop != shape[0]:
            values.append(Apply("zeros", (), (shape[0] - stop,)))
        return [Apply("concat", tuple(values))]

    def _whole(self, groups, shape, known):
        """One expression of all groups of terms, those with guards chosen by them."""
        parts = []
        for guards, terms in groups.items():
            value = self._gathered(terms, shape)
            for guard in reversed(guards):
                value = self.builder.choice(not_below_zero(guard, known.ranges) if isinstance(guard, Size) else guard, value, NOTHING)
            parts.append(value)
        return self.builder.summed(parts)

    # ------------------------------------------------------------ writing

    def _write(self, differentiated):
        places = {equation.name: place for place, equation in enumerate(self.program.equations)}
        for name in sorted(self.active, key=places.get, reverse=True):
            self._symbol(name)
            for piece, of, ranges, way in self.pieces:
                if of == name:
                    self._piece_of(piece, ranges, way)
        for name in differentiated:
            self._array(name)
            self.made.gradients[name] = self.names[name]
        self._keep_what_is_needed()

    def _piece_of(self, name, ranges, way):
        """The equation of a piece: nothing where nothing flows, or another clause gives the place."""
        known = self._known(ranges)
        conditions = [not_below_zero(bound, ranges) for bound in way.bounds if not known.never_below_zero(bound)]
        conditions += [condition for condition in way.conditions if decided(condition, known) is None]
        for bound in way.bounds:
            known = known.narrowed(bound)
        value = self.forward.settled(way.gradient, known)
        if conditions:
            value = Choice(both(conditions), value, NOTHING)
        self._equation(name, tuple(map(Size.of, ranges)), self._shaped(value, self.made.shapes[name][len(ranges):]), known)

    def _keep_what_is_needed(self):
        """Leave out equations that no gradient reads: a symbol may decide alone, or be stopped."""
        reads = {}
        for target, value in self.written:
            reads.setdefault(target.name, set()).update(node.name for node in walk(value) if isinstance(node, Read))
        needed, waiting = set(), list(self.made.gradients.values())
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += reads.get(name, ())
        made = self.made
        made.equations = [f"{target} = {value}" for target, value in self.written if target.name in needed]
        made.shapes, made.means = ({name: what for name, what in told.items() if name in needed} for told in (made.shapes, made.means))
        made.of = {own: name for name, own in self.names.items() if own in needed}
        made.values = [name for name in self.program.ranks if name in needed]
        made.upstream = {name: g for name, g in made.upstream.items() if g in needed}

    def _symbol(self, name):
        """The adjoint of a symbol over its range."""
        equation, patterns, _ = self.clauses.general(name)
        new = {pattern.letter: Size.of(self.clauses.fresh(pattern.letter)) for pattern in patterns if isinstance(pattern, Pattern)}
        ranges = {str(new[pattern.letter]): (ZERO, pattern.size) for pattern in patterns if isinstance(pattern, Pattern)}
        key = tuple(replaced(place, new) for place in self.clauses.target(equation))
        self._defined(name, key, ranges, self.program.element_shapes[name])

    def _array(self, name):
        """The gradient of an array that is handed in."""
        shape, rank = self.program.arrays[name], self.clauses.ranks[name]
        letters = [self.clauses.fresh(self._letter_of(size)) for size in shape[:rank]]
        self._defined(name, tuple(map(Size.of, letters)), {letter: (ZERO, size) for letter, size in zip(letters, shape)}, shape[rank:])

    def _letter_of(self, size):
        letter = str(size).lower()
        return letter if letter.isidentifier() and letter not in self.symbols else "k"

    def _defined(self, name, key, ranges, shape):
        """The equations of an adjoint: one, or two where a single place at an end gets other terms than all others."""
        self.made.shapes[self.names[name]] = self._shape(name)
        self.made.means[self.names[name]] = f"gradient of {name}"
        known = self._known(ranges)
        groups = self._terms(name, key, known)
        end = self._end([guards for guards in groups if guards], ranges)
        if end is not None:
            letter, place, rest = end
            fixed = self._known({one: ends for one, ends in ranges.items() if one != letter})
            place = tuple(replaced(one, {letter: place}) for one in key)
            self._adjoint_at(name, place, self._terms(name, place, fixed), fixed, shape)
            known = known.with_range(letter, *rest)
            groups = self._terms(name, key, known)
        self._adjoint_at(name, key, groups, known, shape)

    def _adjoint_at(self, name, key, groups, known, shape):
        value = self.forward.settled(self._whole(groups, shape, known), known)
        self._equation(self.names[name], key, self._shaped(value, shape), known)

    def _define(self, name, shape, means, places, value, known):
        self.made.shapes[name], self.made.means[name] = shape, means
        self._equation(name, places, self._shaped(value, shape[len(places):]), known)

    def _shaped(self, value, shape):
        """The value of a whole equation, from which its shape can be told."""
        if value == NOTHING and shape:
            return Apply("zeros", (), shape)
        if isinstance(value, Choice) and is_on_indices(value.condition):
            return Choice(value.condition, self._shaped(value.yes, shape), self._shaped(value.no, shape))
        untold = not self.builder.shape(value) or self._may_be_nothing(value)
        return Apply("add", (Apply("zeros", (), shape), value)) if shape and untold else value

    def _may_be_nothing(self, node):
        """Whether each term of a sum may be nothing, so that no term tells its shape."""
        if isinstance(node, Total):
            return self._may_be_nothing(node.body)
        if isinstance(node, Apply) and FUNCTIONS[node.name].elementwise:
            return all(not self.builder.shape(argument) or self._may_be_nothing(argument) for argument in node.arguments)
        return isinstance(node, Choice) and is_on_indices(node.condition)

    @staticmethod
    def _end(guarded, ranges):
        """Where all guards tell just the last or the first place of one letter from the others: the letter, that place, and the range without it."""
        for letter, (lower, upper) in ranges.items():
            for place, rest in ((upper - ONE, (lower, upper - ONE)), (lower, (lower + ONE, upper))):
                if guarded and all(len(guards) == 1 and _tells(guards[0], letter, place, rest) for guards in guarded):
                    return letter, place, rest
        return None

    def _equation(self, name, places, value, known):
        """Write one equation, its letters those of the program where they are free."""
        new = {}
        for place in places:
            for letter in sorted(place.names() & known.ranges.keys() - new.keys()):
                new[letter] = Size.of(self._letter(letter, set(map(str, new.values()))))
        value = self._relettered(value, new, set(map(str, new.values())))
        self.written.append((Read(name, tuple(replaced(place, new) for place in places)), value))

    def _relettered(self, node, new, around):
        if isinstance(node, Total):
            letter = self._letter(node.letter, around)
            bounds = replaced(node.lower, new), replaced(node.upper, new)
            body = self._relettered(node.body, {**new, node.letter: Size.of(letter)}, around | {letter})
            return Total(node.operation, letter, *bounds, body)
        return rebuilt(node, lambda child: self._relettered(child, new, around), lambda size: replaced(size, new))

    def _letter(self, letter, around):
        every = itertools.chain((plain_letter(letter), *_LETTERS), (f"k{number}" for number in itertools.count(2)))
        return next(one for one in every if one not in around and one not in self.symbols)


def _tells(guard, letter, place, rest):
    """Whether a guard holds at all places of a letter but this one, or at this one alone."""
    if isinstance(guard, Compare):
        return guard.kind == "Eq" and guard.left == Index(Size.of(letter)) and guard.right == Index(place)
    if not isinstance(guard, Size):
        return False
    count, beyond = linear_in(guard, letter)
    alone = Size.of(letter) - rest[0], rest[1] - ONE - Size.of(letter)
    return count in (1, -1) and guard in alone and replaced(guard, {letter: place}) == -1


def _ends(places):
    """The sizes in subscripts."""
    return [end for place in places for end in ((place.lower, place.upper) if isinstance(place, Span) else (place,))]
