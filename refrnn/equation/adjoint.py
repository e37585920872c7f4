"""What flows back through one equation: from its result to each place that it reads, in letters."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from refrnn.equation.conditions import bounds_of
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import ONE, ZERO, Known, is_polynomial
from refrnn.equation.parse import parse_expression
from refrnn.equation.simplify import NOTHING, is_negative, is_zero, ones
from refrnn.equation.sizes import Size, entries
from refrnn.equation.tree import (
    Apply, Choice, Compare, Index, Names, Number, Part, Power, Read, Span, Total, children, is_on_indices, names_of, replaced_in, tree_of, walk,
)  # fmt: skip


@dataclass(frozen=True)
class Flow:
    """What flows into the element of a symbol at ``key`` and there into its ``places``, for all letters in ``ranges`` where ``bounds`` are 0 or more and ``conditions`` hold."""

    key: tuple
    places: tuple
    gradient: object
    ranges: dict
    bounds: tuple = ()
    conditions: tuple = ()


@dataclass(frozen=True)
class _Way:
    """The way from the result to an expression: what flows into it, and around it sums, conditions on indices and on numbers."""

    gradient: object
    ranges: dict = field(default_factory=dict)
    bounds: tuple = ()
    conditions: tuple = ()
    masks: tuple = ()  # (condition, whether it holds): what flows where it is otherwise is nothing, even were it NaN


class Backward:
    """Goes back through one clause; ``flows`` takes what it finds by the names of symbols."""

    def __init__(self, clause, out, builder, active, ranks, firsts, name_piece, flows):
        """``out`` reads the adjoint of what the clause gives, ``active`` are the symbols into which a gradient flows, ``ranks`` and
        ``firsts`` tell how many indices they have and where these begin; ``name_piece`` makes a symbol of a gradient used several times."""
        self.clause = clause
        self.builder = builder
        self.active = active
        self.ranks = ranks
        self.firsts = firsts
        self.name_piece = name_piece
        self.flows = flows
        self.result = Read(clause.name, clause.places)
        self.whole = clause.value
        self.visit(clause.value, _Way(out, bounds=clause.bounds, conditions=clause.conditions))

    def visit(self, node, way):
        """Go on into an expression, where something flows into it and out of it."""
        if is_zero(way.gradient) or not self._flows_through(node):
            return
        if way.ranges and not isinstance(node, Read):
            way = self._summed(node, way)
        getattr(self, "_" + type(node).__name__.lower())(node, way)

    def _flows_through(self, node):
        return any(isinstance(one, Read) and one.name in self.active for one in walk(node))

    def _summed(self, node, way):
        """The way with its gradient summed over each letter that the expression does not depend on."""
        names = names_of(node)
        for letter in reversed([letter for letter in way.ranges if letter not in names]):
            if any(letter in names_of(end) for other, ends in way.ranges.items() if other != letter for end in ends):
                continue
            gradient = self.settled(node, way).gradient
            own = [condition for condition in way.conditions if letter in names_of(condition)]
            bounds = [bound for bound in way.bounds if letter in bound.names()]
            for condition in (*own, *(Compare("GtE", Index(bound), NOTHING) for bound in bounds)):
                gradient = self.builder.choice(condition, gradient, NOTHING)
            gradient = self.builder.total(Total("add", letter, *way.ranges[letter], gradient))
            way = _Way(
                gradient, {other: ends for other, ends in way.ranges.items() if other != letter},
                tuple(bound for bound in way.bounds if bound not in bounds), tuple(one for one in way.conditions if one not in own),
            )  # fmt: skip
        return way

    def settled(self, node, way):
        """The way with its masks applied, in the shape of the expression, and short where it is used more than once."""
        gradient = way.gradient
        for condition, holds in reversed(way.masks):
            gradient = self.builder.choice(condition, *((gradient, NOTHING) if holds else (NOTHING, gradient)))
        shape = self.builder.shape(node)
        if shape and not self.builder.shape(gradient):
            gradient = Apply("add", (Apply("zeros", (), shape), gradient))
        return replace(way, gradient=gradient, masks=())

    def _folded(self, gradient, shape):
        """Summed over what was repeated: a single number, or an axis of literally 1."""
        if not shape:
            return self.builder.apply("sum", gradient)
        wide = self.builder.shape(gradient)
        for axis, (size, repeated) in enumerate(zip(shape, wide)):
            if size == repeated:
                continue
            if len(shape) == 1:
                return Apply("add", (Apply("zeros", (), shape), self.builder.apply("sum", gradient)))
            sides = (ones(repeated), gradient) if axis == 0 else (gradient, ones(repeated))
            summed = self.builder.apply("matmul", *sides)
            gradient = Apply("outer", (ones(ONE), summed) if axis == 0 else (summed, ones(ONE)))
        return gradient

    def shared(self, node, way):
        """As ``settled``; where several arguments need what flows and it is no mere symbol, a symbol of its own."""
        way = self.settled(node, way)
        if sum(map(self._flows_through, children(node))) > 1 and not is_zero(way.gradient) and not _is_short(way.gradient) and self._is_indexed(way):
            way = replace(way, gradient=self.name_piece(self.clause, way, self.builder.shape(node)))
        return way

    def _is_indexed(self, way):
        """Whether the letters of the sums around can be indices of a symbol: they run from 0 to a size."""
        letters = way.ranges.keys() | self.clause.ranges.keys()
        return all(lower == 0 and is_polynomial(upper) and not upper.names() & letters for lower, upper in way.ranges.values())

    # ------------------------------------------------------------ symbols

    def _read(self, node, way):
        if node.name not in self.active:
            return
        gradient = self.settled(node, way).gradient
        rank, shape = self.ranks[node.name], self.builder.symbols(node.name)
        key, inside, ranges, whole = [], [], dict(way.ranges), False
        for axis in range(rank):
            place = node.places[axis] if axis < len(node.places) else Span(ZERO, shape[axis])
            first = self.firsts[node.name][axis]
            if isinstance(place, Span):
                whole, letter = True, self.clause.fresh("k")
                ranges[letter] = ZERO, place.upper - place.lower
                key.append(first + place.lower + Size.of(letter))
                inside.append(Size.of(letter))
            else:
                key.append(place + first if whole else place)
        if inside:
            gradient = self.builder.part(gradient, tuple(inside))
        flow = Flow(tuple(key), node.places[rank:], gradient, {**self.clause.ranges, **ranges}, way.bounds, way.conditions)
        self.flows.setdefault(node.name, []).append(flow)

    def _part(self, node, way):
        way = self.settled(node, way)
        self.visit(node.base, replace(way, gradient=embedded(self.builder, way.gradient, node.places, self.builder.shape(node.base))))

    # ------------------------------------------------------------ functions

    def _apply(self, node, way):
        function = FUNCTIONS[node.name]
        several = sum(map(self._flows_through, node.arguments)) > 1
        if not function.elementwise or several and (way.masks or not _is_short(way.gradient)):
            # What is masked now is masked again behind a slope that is NaN where nothing flows.
            # A slice of a product is a product of a slice: each term then computes its part alone.
            sliced = node.name == "concat" and isinstance(way.gradient, Apply) and way.gradient.name == "matmul"
            way = replace((self.settled if sliced else self.shared)(node, way), masks=way.masks if function.elementwise else ())
        if callable(function.adjoint):
            for argument, gradient in zip(node.arguments, function.adjoint(self.builder, node.arguments, way.gradient)):
                self.visit(argument, replace(way, gradient=gradient))
            return
        for argument, text in zip(node.arguments, self._adjoint(function, node)):
            if text:
                gradient, masks = self._pulled(text, self._names(node, argument, way), function.elementwise)
                self._into(argument, node, gradient, masks, way)

    def _adjoint(self, function, node):
        """The texts of the adjoint for each argument."""
        texts = function.adjoint
        if isinstance(texts, dict):
            texts = texts[tuple(len(self.builder.shape(argument)) for argument in node.arguments)]
        return texts * len(node.arguments) if function.arguments == 0 else texts

    def _names(self, node, argument, way):
        """What the names in an adjoint stand for; of a function of any number of arguments, ``a`` is the one that is asked about."""
        shape = self.builder.shape(node.arguments[0])
        given = (argument,) if FUNCTIONS[node.name].arguments == 0 else node.arguments
        names = dict(zip("ab", given)) | {"g": way.gradient, "out": self.result if node is self.whole else node}
        return names | {"ones": ones(shape[-1]) if shape else NOTHING, "count": Index(entries(shape))}

    def _pulled(self, text, names, elementwise):
        """What flows into an argument; of each number, a choice between something and nothing is a mask."""
        template = _template(text)
        if elementwise and isinstance(template, Choice) and NOTHING in (template.yes, template.no):
            condition = self.builder.filled(template.condition, names)
            holds = template.no == NOTHING
            return self.builder.filled(template.yes if holds else template.no, names), ((condition, holds),)
        return self.builder.filled(template, names), ()

    def _into(self, argument, node, gradient, masks, way):
        """On into an argument, summed over what was repeated."""
        way = replace(way, gradient=gradient, masks=way.masks + masks)
        shape = self.builder.shape(argument)
        if shape != self.builder.shape(node) and FUNCTIONS[node.name].elementwise:
            way = self._settled_as(node, argument, way)
        self.visit(argument, way)

    def _settled_as(self, node, argument, way):
        """Settled in the shape of the result, then folded into that of an argument that was repeated."""
        wide = self.settled(node, way)
        return replace(wide, gradient=self._folded(wide.gradient, self.builder.shape(argument)))

    def _power(self, node, way):
        if len(self.builder.shape(node)) < 2:
            fixed = not isinstance(node.exponent, Size) or not node.exponent.names()
            number = node.exponent.number({}) if fixed and isinstance(node.exponent, Size) else node.exponent
            exponent, lower = (Number(number), number - 1) if fixed else (Index(number), number - ONE)
            way = way if fixed else self._where_not(number, way)
            slope = self.builder.apply("multiply", exponent, self.builder.power(node.base, lower))
            self.visit(node.base, replace(way, gradient=self.builder.apply("multiply", way.gradient, slope)))
            return
        way = self.settled(node, way)
        turned, letter = self.builder.apply("transpose", node.base), self.clause.fresh("j")
        exponent = node.exponent if isinstance(node.exponent, Size) else Size.of(int(node.exponent))
        before, after = Power(turned, Size.of(letter)), Power(turned, exponent - ONE - Size.of(letter))
        body = Apply("matmul", (Apply("matmul", (before, way.gradient)), after))
        self.visit(node.base, replace(way, gradient=self.builder.total(Total("add", letter, ZERO, exponent, body))))

    def _where_not(self, exponent, way):
        """The way where an exponent is not 0: there nothing flows, though 0 times a power of -1 of zero is no number."""
        known = Known({**self.clause.ranges, **way.ranges}, self.builder.known.lowest)
        if known.never_below_zero(exponent - ONE):
            return way
        bounds, conditions = bounds_of(Compare("NotEq", Index(exponent), NOTHING), True, known)
        return replace(way, bounds=(*way.bounds, *bounds), conditions=(*way.conditions, *conditions))

    # ------------------------------------------------------------ sums and choices

    def _total(self, node, way):
        way = self.settled(node, way)
        gradient = way.gradient
        if node.operation == "multiply":
            other = self.clause.fresh(node.letter)
            body = replaced_in(node.body, {node.letter: Size.of(other)})
            here = Size.of(node.letter)
            before = Total("multiply", other, node.lower, here, body)
            after = Total("multiply", other, here + ONE, node.upper, body)
            gradient = self.builder.apply("multiply", self.builder.apply("multiply", gradient, before), after)
        letter = self.clause.fresh(node.letter)  # what flows may hold the sum itself
        ranges = {**way.ranges, letter: (node.lower, node.upper)}
        new = {node.letter: Size.of(letter)}
        self.visit(replaced_in(node.body, new), replace(way, gradient=replaced_in(gradient, new) if node.operation == "multiply" else gradient, ranges=ranges))

    def _choice(self, node, way):
        for branch, holds in ((node.yes, True), (node.no, False)):
            if is_on_indices(node.condition):
                known = Known({**self.clause.ranges, **way.ranges}, self.builder.known.lowest)
                bounds, conditions = bounds_of(node.condition, holds, known)
                inner = replace(way, bounds=(*way.bounds, *bounds), conditions=(*way.conditions, *conditions))
            else:
                inner = replace(way, masks=(*way.masks, (node.condition, holds)))
            if self.builder.shape(branch) != self.builder.shape(node):
                inner = self._settled_as(node, branch, inner)
            self.visit(branch, inner)


def _is_short(node):
    """A symbol, or a part or the negative of one: what may be written several times."""
    if is_negative(node):
        return _is_short(node.arguments[0])
    if isinstance(node, Part):
        return _is_short(node.base)
    return isinstance(node, (Read, Number, Index))


# What adjoints of functions are written in.
_NAMES = Names(set(), set(), dict.fromkeys(("g", "out", "a", "b", "ones", "count")), {})


@lru_cache(maxsize=None)
def _template(text):
    return tree_of(parse_expression(text, "an adjoint"), _NAMES, frozenset())


def embedded(builder, gradient, places, shape):
    """A gradient of ``base[places]`` as one of ``base``: zeros elsewhere."""
    apply = builder.apply
    if is_zero(gradient):
        return NOTHING
    if len(shape) == 1:
        (place,) = places
        if not isinstance(place, Span):
            return apply("multiply", gradient, Apply("one_hot", (Index(place),), (shape[0],)))
        ends = [Apply("zeros", (), (size,)) for size in (place.lower, shape[0] - place.upper)]
        pieces = [piece for piece in (ends[0], gradient, ends[1]) if piece != Apply("zeros", (), (ZERO,))]
        return Apply("concat", tuple(pieces)) if len(pieces) > 1 else gradient
    places = (*places, Span(ZERO, shape[1]))[:2]
    rows, columns = places
    if not isinstance(rows, Span) and not isinstance(columns, Span):
        hots = [Apply("one_hot", (Index(place),), (size,)) for place, size in zip(places, shape)]
        return apply("multiply", gradient, apply("outer", *hots))
    if not isinstance(rows, Span):
        inner = embedded(builder, gradient, (columns,), shape[1:])
        return apply("outer", Apply("one_hot", (Index(rows),), (shape[0],)), inner)
    if not isinstance(columns, Span):
        inner = embedded(builder, gradient, (rows,), shape[:1])
        return apply("outer", inner, Apply("one_hot", (Index(columns),), (shape[1],)))
    if rows != Span(ZERO, shape[0]):
        gradient = apply("matmul", Part(Apply("identity", (), (shape[0],)), (Span(ZERO, shape[0]), rows)), gradient)
    if columns != Span(ZERO, shape[1]):
        gradient = apply("matmul", gradient, Part(Apply("identity", (), (shape[1],)), (columns,)))
    return gradient
