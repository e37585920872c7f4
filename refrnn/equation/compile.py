"""Tree to closures: what an expression is worth, and which elements of other symbols it needs first.

A compiled expression is a pair of functions. ``value(run, indices)`` computes it in the run's algebra;
``needs(indices, reads)`` calls ``reads.add(name, key, text)`` for every element it reads (None where it reads none).
``indices`` maps index letters, sizes and integer constants to integers.
"""

import ast
import math
from typing import Callable, NamedTuple

from refrnn.equation.comparisons import COMPARISONS, kind_of
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import ARITHMETIC, EquationError, is_polynomial, number_of, size_of
from refrnn.equation.parse import INTEGER_FUNCTIONS, OPERATORS, REDUCTIONS, subscripts
from refrnn.equation.sizes import Size
from refrnn.errors import cut

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

    def __init__(self, work, texts=None):
        """``texts`` is a mapping that takes the text of the subscripted symbol by element, or None."""
        self.work = work
        self.texts = texts
        self.found = []

    def add(self, name, key, text):
        self.work.spend(1)
        self.found.append((name, key))
        if self.texts is not None:
            self.texts.setdefault((name, key), text)


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


class Compiler:
    """Compiles expressions over known names: sizes, integer constants, arrays, defined symbols and their index rank."""

    def __init__(self, sizes, integers, arrays, ranks, stack_keys):
        self.sizes = sizes
        self.integers = integers
        self.arrays = arrays
        self.ranks = ranks
        self.stack_keys = stack_keys

    # ------------------------------------------------------------ integers

    def is_integer(self, node, letters):
        """Whether an expression is index arithmetic: letters, sizes, integer constants and + - * // % min max."""
        if isinstance(node, ast.Constant):
            return type(node.value) is int
        if isinstance(node, ast.Name):
            return node.id in letters or node.id in self.sizes or node.id in self.integers
        if isinstance(node, ast.BinOp):
            return type(node.op) in ARITHMETIC and all(self.is_integer(n, letters) for n in (node.left, node.right))
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, (ast.USub, ast.UAdd)) and self.is_integer(node.operand, letters)
        if isinstance(node, ast.Call):
            return node.func.id in INTEGER_FUNCTIONS and all(self.is_integer(n, letters) for n in node.args)
        return False

    def is_integer_condition(self, node, letters):
        if isinstance(node, ast.Compare):
            return self.is_integer(node.left, letters) and self.is_integer(node.comparators[0], letters)
        if isinstance(node, ast.BoolOp):
            return all(self.is_integer_condition(value, letters) for value in node.values)
        return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and self.is_integer_condition(node.operand, letters)

    def integer(self, node, letters):
        """A function of the indices that computes an index expression."""
        if not self.is_integer(node, letters):
            unknown = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not self._known(n.id, letters)]
            if unknown:
                raise EquationError(f"{unknown[0]} is neither declared nor defined by an equation")
            raise EquationError(f"{cut(ast.unparse(node))} is not an index; an index is made of index letters, sizes and integers")
        wrong = next((one for one in ast.walk(node) if isinstance(one, ast.Call) and len(one.args) < 2), None)
        if wrong is not None:
            raise EquationError(f"{cut(ast.unparse(wrong))} needs two indices")
        return number_of(node)

    def _known(self, name, letters):
        return name in letters or name in self.sizes or name in self.integers or name in self.arrays or name in self.ranks

    def integer_condition(self, node, letters):
        if isinstance(node, ast.Compare):
            compare = COMPARISONS[kind_of(node)].holds
            left, right = self.integer(node.left, letters), self.integer(node.comparators[0], letters)
            return lambda indices: compare(left(indices), right(indices))
        if isinstance(node, ast.BoolOp):
            parts = [self.integer_condition(value, letters) for value in node.values]
            decide = all if isinstance(node.op, ast.And) else any
            return lambda indices: decide(part(indices) for part in parts)
        inner = self.integer_condition(node.operand, letters)
        return lambda indices: not inner(indices)

    def _size(self, node, letters):
        """A function (run, indices) -> Size for shapes, integer for numbers."""
        number = self.integer(node, letters)
        symbol = size_of(node)
        known = symbol.names() <= self.sizes - letters and is_polynomial(symbol)

        def size(run, indices):
            if run.algebra.symbolic:
                return symbol if known else Size.of(number(indices))
            return number(indices)

        return size

    # ------------------------------------------------------------ values

    def compile(self, node, letters):
        """The pair (value, needs) of an expression in which ``letters`` are bound indices."""
        if self.is_integer(node, letters):
            number = self.integer(node, letters)
            return Compiled(lambda run, indices: run.algebra.constant(number(indices)), None)
        return getattr(self, "_" + type(node).__name__.lower())(node, letters)

    def _constant(self, node, letters):
        number = node.value
        return Compiled(lambda run, indices: run.algebra.constant(number), None)

    def _name(self, node, letters):
        return self._read(node.id, (), letters)

    def _attribute(self, node, letters):
        inner = self.compile(node.value, letters)
        return Compiled(lambda run, indices: run.algebra.apply("transpose", inner.value(run, indices)), inner.needs)

    def _unaryop(self, node, letters):
        inner = self.compile(node.operand, letters)
        if isinstance(node.op, ast.UAdd):
            return inner
        if isinstance(node.op, ast.Not):
            return Compiled(lambda run, indices: run.algebra.logical("Not", [inner.value(run, indices)]), inner.needs)
        return Compiled(lambda run, indices: run.algebra.apply("negative", inner.value(run, indices)), inner.needs)

    def _binop(self, node, letters):
        if isinstance(node.op, ast.Pow):
            return self._power(node, letters)
        name = OPERATORS.get(type(node.op))
        if name is None:
            raise EquationError(f"{cut(ast.unparse(node))} uses // or %, which work on indices only")
        left, right = self.compile(node.left, letters), self.compile(node.right, letters)
        of_left, of_right = left.value, right.value
        return Compiled(
            lambda run, indices: run.algebra.apply(name, of_left(run, indices), of_right(run, indices)),
            _all_needs((left, right)),
        )

    def _power(self, node, letters):
        base = self.compile(node.left, letters)
        if self.is_integer(node.right, letters):
            exponent = self.integer(node.right, letters)
        else:
            number = _number(node.right)
            exponent = lambda indices: number  # noqa: E731
        alone = letters.isdisjoint(part.id for part in ast.walk(node.right) if isinstance(part, ast.Name))
        return Compiled(lambda run, indices: run.algebra.power(base.value(run, indices), exponent(indices), alone), base.needs)

    def _compare(self, node, letters):
        kind = kind_of(node)
        left, right = self.compile(node.left, letters), self.compile(node.comparators[0], letters)
        return Compiled(
            lambda run, indices: run.algebra.compare(kind, left.value(run, indices), right.value(run, indices)),
            _all_needs((left, right)),
        )

    def _boolop(self, node, letters):
        kind = type(node.op).__name__
        parts = [self.compile(value, letters) for value in node.values]
        return Compiled(
            lambda run, indices: run.algebra.logical(kind, [part.value(run, indices) for part in parts]),
            _all_needs(parts),
        )

    def _ifexp(self, node, letters):
        yes, no = self.compile(node.body, letters), self.compile(node.orelse, letters)
        if self.is_integer_condition(node.test, letters):
            return self._branch(node, self.integer_condition(node.test, letters), yes, no)
        test = self.compile(node.test, letters)

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

    def _call(self, node, letters):
        name = node.func.id
        if isinstance(node.args[0], ast.GeneratorExp):
            return self._reduction(REDUCTIONS[name], node.args[0], letters)
        function = FUNCTIONS[name]
        if function.arguments and len(node.args) != function.arguments:
            raise EquationError(f"{name} takes {function.arguments} argument{'s' * (function.arguments > 1)}, not {len(node.args)}")
        split = 0 if function.sized < 0 else len(node.args) - function.sized
        parts = [self.compile(argument, letters) for argument in node.args[:split]]
        sized = [self._size(argument, letters) for argument in node.args[split:]]
        numbers = [self.integer(argument, letters) for argument in node.args[split:]]
        text = ast.unparse(node)

        if len(parts) == 1 and not sized:
            of_part = parts[0].value
            return Compiled(lambda run, indices: run.algebra.apply(name, of_part(run, indices)), parts[0].needs)
        if not sized:
            return Compiled(lambda run, indices: run.algebra.apply(name, *[part.value(run, indices) for part in parts]), _all_needs(parts))

        def value(run, indices):
            _check_extents(name, [number(indices) for number in numbers], text)
            return run.algebra.apply(
                name,
                *[part.value(run, indices) for part in parts],
                sized=tuple(size(run, indices) for size in sized),
            )

        return Compiled(value, _all_needs(parts))

    def _reduction(self, operation, generator, letters):
        bounds = []
        for loop in generator.generators:
            letter = loop.target.id
            if self._known(letter, letters):
                raise EquationError(f"the index {letter} of a sum is also another name; choose a free letter")
            ends = [self.integer(argument, letters) for argument in loop.iter.args]
            bounds.append((letter, ends))
            letters = letters | {letter}
        body = self.compile(generator.elt, letters)
        of_body = body.value

        def value(run, indices):
            terms = [of_body(run, inner) for inner in _places(bounds, dict(indices), run.work)]
            return run.algebra.total(operation, terms, () if terms else run.kept_shape(generator, indices))

        def needs(indices, reads):
            for inner in _places(bounds, dict(indices), reads.work):
                body.needs(inner, reads)

        return Compiled(value, needs if body.needs is not None else None)

    def _subscript(self, node, letters):
        if isinstance(node.value, ast.Name) and not isinstance(node.value.ctx, ast.Store):
            return self._read(node.value.id, subscripts(node), letters)
        inner = self.compile(node.value, letters)
        places = [self._place(subscript, letters) for subscript in subscripts(node)]
        text = ast.unparse(node)

        def value(run, indices):
            return _index(run, inner.value(run, indices), _evaluated(run, places, indices), text)

        return Compiled(value, inner.needs)

    def _place(self, node, letters):
        if isinstance(node, ast.Slice):
            return self._size(node.lower, letters), self._size(node.upper, letters)
        return self.integer(node, letters)

    def _read(self, name, wanted, letters):
        """A symbol: an array handed in, or the elements that its equations define."""
        if name in letters or name in self.sizes or name in self.integers:
            raise EquationError(f"{name} is an index or a size and takes no subscript")
        places = [self._place(subscript, letters) for subscript in wanted]
        text = f"{name}[{', '.join(ast.unparse(subscript) for subscript in wanted)}]"
        if name in self.arrays:
            if not places:
                return Compiled(lambda run, indices: run.leaf(name), None)
            if not any(isinstance(place, tuple) for place in places):
                key = _key(places)
                return Compiled(lambda run, indices: _entry(run, name, key(indices), text), None)
            return Compiled(lambda run, indices: _index(run, run.leaf(name), _evaluated(run, places, indices), text, name), None)
        if name not in self.ranks:
            raise EquationError(f"{name} is neither declared nor defined by an equation")
        rank = self.ranks[name]
        whole_from = next((axis for axis, place in enumerate(places) if isinstance(place, tuple)), len(places))
        if whole_from < rank:
            return self._read_part(name, places[:whole_from], places[whole_from:], text)
        key, rest = _key(places[:rank]), places[rank:]

        def needs(indices, reads):
            reads.add(name, key(indices), text)

        if not rest:
            return Compiled(lambda run, indices: run.element(name, key(indices)), needs)
        return Compiled(lambda run, indices: _index(run, run.element(name, key(indices)), _evaluated(run, rest, indices), text), needs)

    def _read_part(self, name, first, rest, text):
        """The elements of a symbol whose first indices are given, stacked, then the subscripts that are left."""

        def needs(indices, reads):
            begin = tuple(place(indices) for place in first)
            reads.found += [(name, key) for key in self.stack_keys(name, indices, reads.work, begin)]

        def value(run, indices):
            part = run.stacked(name, tuple(place(indices) for place in first), indices)
            return _index(run, part, _evaluated(run, rest, indices), text) if rest else part

        return Compiled(value, needs)


def _number(node):
    """The number of an exponent, with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _number(node.operand)
        return -number if isinstance(node.op, ast.USub) else number
    if not isinstance(node, ast.Constant):
        raise EquationError(f"the exponent {cut(ast.unparse(node))} must be a number or an index")
    return node.value


def _check_extents(name, extents, text):
    made = FUNCTIONS[name].shape(*extents) if FUNCTIONS[name].sized < 0 else extents
    if any(extent < 0 for extent in made):
        raise EquationError(f"{cut(text)} has a size below 0")
    if math.prod(made) > LARGEST_ARRAY:
        raise EquationError(f"{cut(text)} has more than {LARGEST_ARRAY:,} entries; make it smaller")


def _places(bounds, indices, work):
    """``indices`` with the letters of a sum at each of its places in turn; always the same dictionary."""
    (letter, ends), *rest = bounds
    start, stop = ([0] + [end(indices) for end in ends])[-2:]
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


def _entry(run, name, key, text):
    """An entry or row of an array handed in: read once, however often the equations name it."""
    entry = run.entries.get((name, key))
    if entry is None:
        entry = run.entries[name, key] = _index(run, run.leaf(name), key, text, name)
    return entry


def _evaluated(run, places, indices):
    """Subscripts as integers, and slices as pairs of bounds."""
    return [tuple([bound(run, indices) for bound in place]) if isinstance(place, tuple) else place(indices) for place in places]


def _index(run, value, places, text, name=None):
    """``value[places]`` after the places are known to lie inside."""
    extents = run.extents(value)
    if len(places) > len(extents):
        raise EquationError(f"{cut(text)} has more subscripts than axes")
    for axis, (extent, place) in enumerate(zip(extents, places)):
        if isinstance(place, tuple):
            _check_slice(run, place, axis, value, text, name)
        elif not 0 <= place < extent:
            if run.outside_is_zero:
                return run.zero(value, len(places))
            end = value[axis] if run.algebra.symbolic and place == extent else None
            raise EquationError(_outside(run, text, axis, value, f"place {place}", name), end)
    return run.algebra.index(value, places)


def _check_slice(run, bounds, axis, value, text, name):
    start, stop = (run.whole_number(bound) for bound in bounds)
    if start > stop:
        numbers = "" if run.algebra.symbolic else f", at {start}:{stop}"
        raise EquationError(f"{cut(text)} ends before it begins{numbers}")
    if start < 0 or stop > run.extents(value)[axis]:
        raise EquationError(_outside(run, text, axis, value, f"the places {start} to {stop - 1}", name))


def _outside(run, text, axis, value, read, name):
    """What is read beyond the ends: in sizes where a check chose the numbers."""
    whose = f" of {name}" if name else ""
    if run.algebra.symbolic:
        return f"{cut(text)} reaches beyond the places 0 to {value[axis] - 1}{whose}"
    return f"{cut(text)} reads {read}, but there are only the places 0 to {run.extents(value)[axis] - 1}{whose}"

