"""Expressions built as a person would write them: no zeros, no ones, no double signs, subscripts taken inside."""

from fractions import Fraction

from refrnn.equation.conditions import both, compares_indices, negated
from refrnn.equation.functions import FUNCTIONS, ShapeError
from refrnn.equation.indices import ONE, ZERO
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Apply, Choice, Compare, Index, Logical, Number, Part, Power, Read, Span, Total, is_on_indices, names_of, rebuilt, shape_of

NOTHING = Number(0)
_UNIT = Number(1)


def is_zero(node):
    return node == NOTHING or isinstance(node, Apply) and node.name == "zeros"


def is_negative(node):
    return isinstance(node, Apply) and node.name == "negative"


def ones(size):
    return Apply("add", (Apply("zeros", (), (size,)), Number(1)))


class Builder:
    """Builds expressions over symbols whose whole shapes ``symbols(name)`` gives; ``known`` compares sizes."""

    def __init__(self, symbols, known):
        self.symbols = symbols
        self.known = known

    def shape(self, node):
        return shape_of(node, self.symbols)

    def apply(self, name, *arguments, sized=()):
        """A function of the language, of arguments that are written already."""
        build = getattr(self, f"_{name}", None)
        return build(*arguments) if build is not None else Apply(name, arguments, sized)

    def filled(self, template, names):
        """A template in which each symbol is replaced by an expression."""
        if isinstance(template, Read):
            return names[template.name]
        if isinstance(template, Power):  # a square of each entry, which of a matrix is not its power
            base = self.filled(template.base, names)
            return Power(base, template.exponent) if len(self.shape(base)) < 2 else self._multiply(base, base)
        return self.built(rebuilt(template, lambda child: self.filled(child, names)))

    def built(self, node):
        """An expression of parts that are built already."""
        if isinstance(node, Apply):
            return self.apply(node.name, *node.arguments, sized=node.sized)
        if isinstance(node, Part):
            return self.part(node.base, node.places)
        if isinstance(node, Choice):
            return self.choice(node.condition, node.yes, node.no)
        if isinstance(node, Power):
            return self.power(node.base, node.exponent)
        return self.total(node) if isinstance(node, Total) else node

    # ------------------------------------------------------------ sums and products

    def _add(self, left, right):
        if is_zero(left) or is_zero(right):
            return self._widened(right if is_zero(left) else left, left if is_zero(left) else right)
        if is_negative(right):
            return self._subtract(left, right.arguments[0])
        return self._subtract(right, left.arguments[0]) if is_negative(left) else Apply("add", (left, right))

    def _widened(self, node, zero):
        """What is left of a sum with a zero, which is written where it gives the sum its shape."""
        if zero == NOTHING or self.shape(node) or not self.shape(zero):
            return node
        return Apply("add", (zero, node)) if not is_zero(node) else zero

    def _subtract(self, left, right):
        if is_zero(right):
            return self._widened(left, right)
        if is_zero(left):
            return self._widened(self._negative(right), left)
        return self._add(left, right.arguments[0]) if is_negative(right) else Apply("subtract", (left, right))

    def _negative(self, node):
        if is_zero(node):
            return node
        if isinstance(node, Number):
            return Number(-node.value)
        return node.arguments[0] if is_negative(node) else Apply("negative", (node,))

    def _signed(self, name, left, right):
        """A product, its sign before it."""
        negative = is_negative(left) != is_negative(right)
        left, right = (side.arguments[0] if is_negative(side) else side for side in (left, right))
        product = Apply(name, (left, right))
        return Apply("negative", (product,)) if negative else product

    def _multiply(self, left, right):
        if is_zero(left) or is_zero(right):
            return NOTHING
        (first, left), (second, right) = _with_factor(left), _with_factor(right)
        factor = first * second
        if factor.denominator != 1:  # a quotient stays as it is written
            return self._signed("multiply", _times(first, left), _times(second, right))
        if _UNIT in (left, right):
            return _times(factor, right if left == _UNIT else left)
        return _times(factor, self._signed("multiply", left, right))

    def _divide(self, left, right):
        if is_zero(left) or right == _UNIT:
            return NOTHING if is_zero(left) else left
        factor, rest = _with_factor(left)
        if isinstance(right, Number) and type(right.value) is int and right.value and (factor / right.value).denominator == 1:
            return _times(factor / right.value, rest)
        return self._signed("divide", left, right)

    def _matmul(self, left, right):
        if is_zero(left) or is_zero(right):
            return NOTHING
        for one, other, shape in ((left, right, self.shape(left)), (right, left, self.shape(right))):
            if isinstance(one, Apply) and one.name == "identity":
                return other
            # diag(a) @ b is a * b: along its rows for a vector alone.
            if isinstance(one, Apply) and one.name == "diag" and len(self.shape(other)) == 1:
                return self._multiply(one.arguments[0], other)
        return self._signed("matmul", left, right)

    def _outer(self, left, right):
        return NOTHING if is_zero(left) or is_zero(right) else self._signed("outer", left, right)

    def _transpose(self, node):
        if is_zero(node):
            return NOTHING
        if is_negative(node):
            return self._negative(self._transpose(node.arguments[0]))
        if isinstance(node, Apply) and node.name == "transpose":
            return node.arguments[0]
        if isinstance(node, Apply) and node.name in ("diag", "identity"):
            return node
        if isinstance(node, Apply) and node.name == "outer":
            return Apply("outer", node.arguments[::-1])
        if isinstance(node, Apply) and node.name == "matmul":
            return self._matmul(*(self._transpose(side) for side in node.arguments[::-1]))
        return Apply("transpose", (node,))

    def _sum(self, node):
        if is_zero(node):
            return NOTHING
        if not self.shape(node):
            return node
        return self._negative(self._sum(node.arguments[0])) if is_negative(node) else Apply("sum", (node,))

    def power(self, base, exponent):
        if exponent in (1, ONE):
            return base
        if exponent in (0, ZERO) and len(self.shape(base)) < 2:
            return _UNIT
        return Power(base, exponent)

    def total(self, node):
        if node.operation == "add" and is_zero(node.body):
            return NOTHING
        if node.operation == "add" and (together := self._together(node)) is not None:
            return together
        if node.operation == "add" and is_negative(node.body):
            return self._negative(Total("add", node.letter, node.lower, node.upper, node.body.arguments[0]))
        return node

    def _together(self, node):
        """A sum over the entries of a vector, each at its place, as that vector; None where the sum is another one."""
        body = node.body
        if not (isinstance(body, Apply) and body.name == "multiply" and body.arguments[1] == Apply("one_hot", (Index(Size.of(node.letter)),), (node.upper,))):
            return None
        return self._without(body.arguments[0], node.letter, node.upper) if node.lower == 0 and not self.shape(body.arguments[0]) else None

    def _without(self, entry, letter, size):
        """The vector whose entry at ``letter`` this is."""
        if isinstance(entry, Read) and entry.places and entry.places[-1] == Size.of(letter):
            bare = Read(entry.name, entry.places[:-1])
            free = not any(letter in _names_at(place) for place in bare.places)
            return bare if free and self.shape(bare) == (size,) else None
        if isinstance(entry, Apply) and FUNCTIONS[entry.name].elementwise and not entry.sized:
            parts = [self._without(argument, letter, size) if letter in names_of(argument) else argument for argument in entry.arguments]
            return None if None in parts else Apply(entry.name, tuple(parts))
        return None

    def choice(self, condition, yes, no):
        if is_zero(yes) and is_zero(no) or yes == no:
            return yes
        if is_zero(yes) and isinstance(condition, Compare) and compares_indices(condition):
            return Choice(negated(condition), no, yes)
        if no == NOTHING and isinstance(yes, Choice) and yes.no == NOTHING and is_on_indices(condition) and is_on_indices(yes.condition):
            return Choice(both((condition, yes.condition)), yes.yes, NOTHING)
        return Choice(condition, yes, no)

    def summed(self, terms):
        """The sum of terms, those without a sign first, what they share before brackets."""
        alike = {}
        for place, term in enumerate(terms):
            alike.setdefault(_shared_factor(term) or place, []).append(term)
        return self._plain_sum(sorted((self._factored(shared, found) for shared, found in alike.items()), key=is_negative))

    def _factored(self, shared, found):
        if len(found) == 1:
            return found[0]
        parts = [self._negative(_body(term).arguments[1]) if is_negative(term) else _body(term).arguments[1] for term in found]
        return self._multiply(shared, self._plain_sum(sorted(parts, key=is_negative)))

    def _plain_sum(self, terms):
        total = NOTHING
        for term in terms:
            total = self._add(total, term)
        return total

    # ------------------------------------------------------------ parts

    def part(self, node, places):
        """``node[places]``, the subscripts taken inside where that is shorter."""
        shape = self.shape(node)
        places = self._needed(places, shape)
        if not places or not shape:
            return node
        if is_zero(node):
            return NOTHING
        if isinstance(node, (Read, Part)):
            return _further(node, places, shape_of_base=self.symbols(node.name) if isinstance(node, Read) else self.shape(node.base))
        if isinstance(node, Power):
            return Power(self.part(node.base, places), node.exponent) if len(shape) == 1 else Part(node, places)
        if isinstance(node, Total):
            return rebuilt(node, lambda body: self.part(body, places))
        if isinstance(node, Choice):
            return self._part_of_choice(node, places)
        inside = getattr(self, f"_part_of_{node.name}", None)
        if FUNCTIONS[node.name].elementwise:
            return self._part_of_each(node, places, shape)
        return (inside(node, places, shape) if inside is not None else None) or Part(node, places)

    def pieces(self, node, parts):
        """A vector taken apart into pieces as long as ``parts``."""
        start = ZERO
        for part in parts:
            stop = start + self.shape(part)[0]
            yield self.part(node, (Span(start, stop),))
            start = stop

    def diagonal(self, node):
        """What stands on the diagonal of a matrix, as a vector."""
        if isinstance(node, Apply) and node.name == "outer":
            return self._multiply(*node.arguments)
        size = self.shape(node)[0]
        return self._matmul(self._multiply(node, Apply("identity", (), (size,))), ones(size))

    def _needed(self, places, shape):
        """Subscripts without the last ones that take all."""
        places = list(places)
        while places and isinstance(places[-1], Span) and places[-1] == Span(ZERO, shape[len(places) - 1]):
            places.pop()
        return tuple(places)

    def _part_of_each(self, node, places, shape):
        shapes = [self.shape(argument) for argument in node.arguments]
        if any(other and other != shape for other in shapes):
            return Part(node, places)
        return self.apply(node.name, *(self.part(argument, places) if other else argument for argument, other in zip(node.arguments, shapes)))

    def _part_of_choice(self, node, places):
        def inside(condition):
            if isinstance(condition, (Number, Index)) or not self.shape(condition):
                return condition
            if isinstance(condition, (Compare, Logical)):
                return rebuilt(condition, inside)
            return self.part(condition, places)

        yes, no = (self.part(branch, places) if self.shape(branch) else branch for branch in (node.yes, node.no))
        return self.choice(inside(node.condition), yes, no)

    def _part_of_transpose(self, node, places, shape):
        (base,) = node.arguments
        first, second = (*places, Span(ZERO, shape[1]))[:2]
        inner = self.part(base, (second, first))
        return self._transpose(inner) if isinstance(first, Span) and isinstance(second, Span) else inner

    def _part_of_matmul(self, node, places, shape):
        left, right = node.arguments
        rows = len(self.shape(left)) == 2
        if rows:
            left, places = self.part(left, places[:1]), places[1:]
        if places:
            right = self.part(right, (Span(ZERO, self.shape(right)[0]), *places))
        return self._matmul(left, right)

    def _part_of_outer(self, node, places, shape):
        left, right = self.part(node.arguments[0], places[:1]), self.part(node.arguments[1], places[1:])
        both = self.shape(left) and self.shape(right)
        return self._outer(left, right) if both else self._multiply(left, right)

    def _part_of_concat(self, node, places, shape):
        (place,) = places
        lower, upper = (place.lower, place.upper) if isinstance(place, Span) else (place, place + ONE)
        start, inside = ZERO, []
        for piece in node.arguments:
            stop = start + self.shape(piece)[0]
            if self.known.never_below_zero(lower - start) and self.known.never_below_zero(stop - upper):
                return self.part(piece, (Span(lower - start, upper - start) if isinstance(place, Span) else place - start,))
            if self.known.never_below_zero(start - lower) and self.known.never_below_zero(upper - stop):
                inside.append((start, stop, piece))
            start = stop
        if inside and inside[0][0] == lower and inside[-1][1] == upper:
            return Apply("concat", tuple(piece for *_, piece in inside))
        return None


def _with_factor(node):
    """A number that multiplies an expression, and the rest."""
    if isinstance(node, Number) and type(node.value) is int:
        return Fraction(node.value), _UNIT
    if isinstance(node, Apply) and node.name == "multiply" and isinstance(node.arguments[0], Number) and type(node.arguments[0].value) is int:
        return Fraction(node.arguments[0].value), node.arguments[1]
    if isinstance(node, Apply) and node.name == "divide" and isinstance(node.arguments[1], Number) and type(node.arguments[1].value) is int and node.arguments[1].value:
        return Fraction(1, node.arguments[1].value), node.arguments[0]
    return Fraction(1), node


def _times(factor, node):
    if node == _UNIT:
        return Number(factor.numerator) if factor.denominator == 1 else Apply("divide", (Number(factor.numerator), Number(factor.denominator)))
    if factor.denominator != 1:
        return Apply("divide", (node, Number(factor.denominator)))
    return node if factor == 1 else Apply("multiply", (Number(factor.numerator), node))


def _body(term):
    return term.arguments[0] if is_negative(term) else term


def _shared_factor(term):
    """The first factor of a product that is a symbol, or None."""
    body = _body(term)
    if isinstance(body, Apply) and body.name == "multiply" and isinstance(body.arguments[0], Read):
        return body.arguments[0]
    return None


def _names_at(place):
    return place.lower.names() | place.upper.names() if isinstance(place, Span) else place.names()


def _further(node, places, shape_of_base):
    """More subscripts after those that there are."""
    waiting, taken = list(places), []
    for axis in range(len(shape_of_base)):
        if not waiting:
            taken += node.places[axis:]
            break
        before = node.places[axis] if axis < len(node.places) else Span(ZERO, shape_of_base[axis])
        if not isinstance(before, Span):
            taken.append(before)
            continue
        place = waiting.pop(0)
        taken.append(Span(before.lower + place.lower, before.lower + place.upper) if isinstance(place, Span) else before.lower + place)
    if waiting:
        raise ShapeError("more subscripts than axes")
    return Read(node.name, tuple(taken)) if isinstance(node, Read) else Part(node.base, tuple(taken))
