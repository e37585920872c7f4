"""The tree of an expression: immutable, equal to what is written in the same way, its indices polynomials.

Python's own tree, which ``parse`` gives, is what was typed; this one is what it means. Index arithmetic is a Size over
letters, sizes and integer constants, so that ``t + 1 - 1`` is ``t``; a sum over two letters is a sum of sums.
"""

import ast
from dataclasses import dataclass, fields, replace

from refrnn.equation.algebra import Shapes
from refrnn.equation.comparisons import COMPARISONS, kind_of
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import DIVISIONS, EquationError, replaced, size_of
from refrnn.equation.parse import INTEGER_FUNCTIONS, OF_VECTOR, OPERATORS, REDUCTIONS, subscripts
from refrnn.equation.sizes import POLYNOMIAL, Size
from refrnn.errors import cut

# How tight each holds its operands, as in Python.
_LOOSE, _OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _SIGN, _POWER, _TIGHT = range(10)


class Node:
    """One expression; ``str`` writes it in the language."""

    __slots__ = ()

    def __str__(self):
        return _written(self, _LOOSE)


@dataclass(frozen=True, repr=False, slots=True)
class Number(Node):
    value: float


@dataclass(frozen=True, repr=False, slots=True)
class Index(Node):
    """Index arithmetic as a number."""

    size: Size


@dataclass(frozen=True, slots=True)
class Span:
    """The places from ``lower`` up to, not including, ``upper``."""

    lower: Size
    upper: Size

    def __str__(self):
        return f"{str(self.lower)}:{str(self.upper)}"


@dataclass(frozen=True, repr=False, slots=True)
class Read(Node):
    """A symbol, its subscripts each a Size or a Span."""

    name: str
    places: tuple = ()


@dataclass(frozen=True, repr=False, slots=True)
class Part(Node):
    """Subscripts of an expression."""

    base: Node
    places: tuple


@dataclass(frozen=True, repr=False, slots=True)
class Apply(Node):
    """A function or an operator of the language; ``sized`` are its arguments that are indices."""

    name: str
    arguments: tuple = ()
    sized: tuple = ()


@dataclass(frozen=True, repr=False, slots=True)
class Power(Node):
    """A power; the exponent is a Size or a number."""

    base: Node
    exponent: object


@dataclass(frozen=True, repr=False, slots=True)
class Total(Node):
    """The sum (add) or product (multiply) of ``body`` for ``letter`` from ``lower`` up to, not including, ``upper``."""

    operation: str
    letter: str
    lower: Size
    upper: Size
    body: Node


@dataclass(frozen=True, repr=False, slots=True)
class Compare(Node):
    kind: str
    left: Node
    right: Node


@dataclass(frozen=True, repr=False, slots=True)
class Logical(Node):
    """``kind`` is And, Or or Not."""

    kind: str
    parts: tuple


@dataclass(frozen=True, repr=False, slots=True)
class Choice(Node):
    condition: Node
    yes: Node
    no: Node


def children(node):
    """The expressions that one is made of, in the order in which they are written."""
    if isinstance(node, (Part, Power)):
        return (node.base,)
    if isinstance(node, Apply):
        return node.arguments
    if isinstance(node, Logical):
        return node.parts
    if isinstance(node, Total):
        return (node.body,)
    if isinstance(node, Compare):
        return (node.left, node.right)
    return (node.condition, node.yes, node.no) if isinstance(node, Choice) else ()


def walk(node):
    """The expression and all within it."""
    yield node
    for child in children(node):
        yield from walk(child)


def is_on_indices(condition):
    """Whether a condition is one on indices, which decides before any number is computed."""
    if isinstance(condition, Compare):
        return all(isinstance(side, Index) or isinstance(side, Number) and type(side.value) is int for side in children(condition))
    return all(map(is_on_indices, children(condition)))


def rebuilt(node, change, index=lambda size: size):
    """The same kind of expression of children that ``change`` gives, its indices changed by ``index``."""

    def changed(value):
        if isinstance(value, Node):
            return change(value)
        if isinstance(value, Size):
            return index(value)
        if isinstance(value, Span):
            ends = index(value.lower), index(value.upper)
            return value if ends[0] is value.lower and ends[1] is value.upper else Span(*ends)
        if isinstance(value, tuple):
            parts = tuple(map(changed, value))
            return value if all(part is before for part, before in zip(parts, value)) else parts
        return value

    new = {field.name: changed(getattr(node, field.name)) for field in fields(node)}
    return replace(node, **new) if any(new[name] is not getattr(node, name) for name in new) else node


def names_of(node):
    """The names in the indices of an expression, those of its own sums left out."""
    if isinstance(node, Size):
        return node.names()
    found = set()

    def look(one):
        if isinstance(one, Total):
            found.update(one.lower.names(), one.upper.names(), names_of(one.body) - {one.letter})
            return one
        return rebuilt(one, look, lambda size: found.update(size.names()) or size)

    look(node)
    return found


def replaced_in(node, new):
    """An expression, or a size, in which letters are replaced by sizes; those of its own sums stay."""
    if isinstance(node, Size):
        return replaced(node, new)
    if isinstance(node, Total) and node.letter in new:
        inner = {letter: size for letter, size in new.items() if letter != node.letter}
        return replace(node, lower=replaced(node.lower, new), upper=replaced(node.upper, new), body=replaced_in(node.body, inner))
    return rebuilt(node, lambda child: replaced_in(child, new), lambda size: replaced(size, new)) if new else node


def loops_of(node):
    """The loops of a sum or product and of those right within it, and what they go over."""
    loops, operation = [], node.operation
    while isinstance(node, Total) and node.operation == operation:
        loops.append((node.letter, node.lower, node.upper))
        node = node.body
    return loops, node


# ---------------------------------------------------------------- from Python's tree


@dataclass(frozen=True)
class Names:
    """What is known where an expression is read: sizes, integer constants, arrays handed in, and the indices of defined symbols."""

    sizes: set
    integers: set
    arrays: dict
    ranks: dict

    def is_index(self, name, letters):
        return name in letters or name in self.sizes or name in self.integers

    def knows(self, name, letters):
        return self.is_index(name, letters) or name in self.arrays or name in self.ranks

    def is_integer(self, node, letters):
        """Whether an expression is index arithmetic: letters, sizes, integer constants and + - * // % min max."""
        if isinstance(node, ast.Constant):
            return type(node.value) is int
        if isinstance(node, ast.Name):
            return self.is_index(node.id, letters)
        if isinstance(node, ast.BinOp):
            return type(node.op) in POLYNOMIAL.keys() | DIVISIONS.keys() and all(self.is_integer(n, letters) for n in (node.left, node.right))
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, (ast.USub, ast.UAdd)) and self.is_integer(node.operand, letters)
        if isinstance(node, ast.Call):
            return node.func.id in INTEGER_FUNCTIONS and all(self.is_integer(n, letters) for n in node.args)
        return False

    def index(self, node, letters):
        """An index expression as a Size."""
        if not self.is_integer(node, letters):
            unknown = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not self.knows(n.id, letters)]
            if unknown:
                raise EquationError(f"{unknown[0]} is neither declared nor defined by an equation")
            raise EquationError(f"{cut(ast.unparse(node))} is not an index; an index is made of index letters, sizes and integers; a row of E at a given place is E.T @ one_hot(place, N)")
        wrong = next((one for one in ast.walk(node) if isinstance(one, ast.Call) and len(one.args) < 2), None)
        if wrong is not None:
            raise EquationError(f"{cut(ast.unparse(wrong))} needs two indices")
        return size_of(node)


def tree_of(node, names, letters):
    """The Node of an expression of Python's tree; ``letters`` are the index letters bound around it. EquationError where it means nothing."""
    if names.is_integer(node, letters):
        size = names.index(node, letters)
        return Number(node.value) if isinstance(node, ast.Constant) else Index(size)
    return _READERS[type(node)](node, names, letters)


def _places(wanted, names, letters):
    return tuple(
        Span(names.index(node.lower, letters), names.index(node.upper, letters)) if isinstance(node, ast.Slice) else names.index(node, letters)
        for node in wanted
    )


def _read(name, wanted, names, letters):
    if names.is_index(name, letters):
        raise EquationError(f"{name} is an index or a size and takes no subscript")
    places = _places(wanted, names, letters)
    if not names.knows(name, letters):
        raise EquationError(f"{name} is neither declared nor defined by an equation")
    return Read(name, places)


def _subscript(node, names, letters):
    if isinstance(node.value, ast.Name):
        return _read(node.value.id, subscripts(node), names, letters)
    return Part(tree_of(node.value, names, letters), _places(subscripts(node), names, letters))


def _unary(node, names, letters):
    inner = tree_of(node.operand, names, letters)
    if isinstance(node.op, ast.UAdd):
        return inner
    return Logical("Not", (inner,)) if isinstance(node.op, ast.Not) else Apply("negative", (inner,))


def _binary(node, names, letters):
    if isinstance(node.op, ast.Pow):
        base = tree_of(node.left, names, letters)
        return Power(base, names.index(node.right, letters) if names.is_integer(node.right, letters) else _number(node.right))
    if type(node.op) in DIVISIONS:
        raise EquationError(f"{cut(ast.unparse(node))} uses // or %, which work on indices only")
    return Apply(OPERATORS[type(node.op)], (tree_of(node.left, names, letters), tree_of(node.right, names, letters)))


def _number(node):
    """The number of an exponent, with its sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _number(node.operand)
        return -number if isinstance(node.op, ast.USub) else number
    if not isinstance(node, ast.Constant):
        raise EquationError(f"the exponent {cut(ast.unparse(node))} must be a number or an index; write exp(g * log(x)) for x**g of a positive x")
    return node.value


def _of_vector(name, arguments):
    """How to write the largest or smallest entry of a vector, where that may be meant."""
    return f"; of a vector z of size S write {OF_VECTOR[name]}" if name in OF_VECTOR and len(arguments) == 1 else ""


def _call(node, names, letters):
    name = node.func.id
    if isinstance(node.args[0], ast.GeneratorExp):
        return _total(REDUCTIONS[name], node.args[0].generators, node.args[0].elt, names, letters)
    function = FUNCTIONS[name]
    if function.arguments and len(node.args) != function.arguments:
        raise EquationError(f"{name} takes {function.arguments} argument{'s' * (function.arguments > 1)}, not {len(node.args)}{_of_vector(name, node.args)}")
    split = 0 if function.sized < 0 else len(node.args) - function.sized
    arguments = tuple(tree_of(argument, names, letters) for argument in node.args[:split])
    return Apply(name, arguments, tuple(names.index(argument, letters) for argument in node.args[split:]))


def _total(operation, loops, body, names, letters):
    if not loops:
        return tree_of(body, names, letters)
    (first, *rest) = loops
    letter = first.target.id
    if names.knows(letter, letters):
        raise EquationError(f"the index {letter} of a sum is also another name; choose a free letter")
    lower, upper = ([Size.of(0)] + [names.index(end, letters) for end in first.iter.args])[-2:]
    return Total(operation, letter, lower, upper, _total(operation, rest, body, names, letters | {letter}))


def _compare(node, names, letters):
    sides = (tree_of(side, names, letters) for side in (node.left, node.comparators[0]))
    return Compare(kind_of(node), *sides)


_READERS = {
    ast.Constant: lambda node, *around: Number(node.value),
    ast.Name: lambda node, *around: _read(node.id, (), *around),
    ast.Attribute: lambda node, *around: Apply("transpose", (tree_of(node.value, *around),)),
    ast.Subscript: _subscript,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.BoolOp: lambda node, *around: Logical(type(node.op).__name__, tuple(tree_of(part, *around) for part in node.values)),
    ast.IfExp: lambda node, *around: Choice(*(tree_of(part, *around) for part in (node.test, node.body, node.orelse))),
    ast.Call: _call,
}


# ---------------------------------------------------------------- to the language


def shown(node):
    """The text of an expression as errors quote it, with spaces as people leave them."""
    return cut(ast.unparse(ast.parse(str(node), mode="eval")))


def _places_written(places):
    return f"[{', '.join(map(str, places))}]" if places else ""


def _bracketed(text, own, around):
    return text if own >= around else f"({text})"


def _written(node, around):
    if isinstance(node, Number):
        return _bracketed(repr(node.value), _SIGN if node.value < 0 else _TIGHT, around)
    if isinstance(node, Index):
        text = str(node.size)
        return _bracketed(text, _TIGHT if text.isidentifier() or text.isdigit() else _SUM, around)
    if isinstance(node, Read):
        return node.name + _places_written(node.places)
    if isinstance(node, Part):
        return _written(node.base, _TIGHT) + _places_written(node.places)
    if isinstance(node, Power):
        return _bracketed(f"{_written(node.base, _TIGHT)}**{_exponent(node.exponent)}", _POWER, around)
    if isinstance(node, Total):
        return _total_written(node)
    if isinstance(node, Compare):
        sides = (_written(side, _SUM) for side in (node.left, node.right))
        return _bracketed(f" {COMPARISONS[node.kind].typed} ".join(sides), _COMPARED, around)
    if isinstance(node, Logical):
        return _logical(node, around)
    if isinstance(node, Choice):
        parts = (_written(node.yes, _OR), _written(node.condition, _OR), _written(node.no, _LOOSE))
        return _bracketed("{} if {} else {}".format(*parts), _LOOSE, around)
    return _applied(node, around)


def _exponent(exponent):
    text = str(exponent)
    return text if text.isidentifier() or text.replace(".", "").isdigit() else f"({text})"


def _logical(node, around):
    if node.kind == "Not":
        return _bracketed(f"not {_written(node.parts[0], _NOT)}", _NOT, around)
    own = _AND if node.kind == "And" else _OR
    return _bracketed(f" {node.kind.lower()} ".join(_written(part, own + 1) for part in node.parts), own, around)


def _applied(node, around):
    if node.name == "negative":
        return _bracketed("-" + _written(node.arguments[0], _SIGN), _SIGN, around)
    if node.name == "transpose":
        return _written(node.arguments[0], _TIGHT) + ".T"
    sign = FUNCTIONS[node.name].operator
    if sign:
        own = _SUM if sign in "+-" else _PRODUCT
        left, right = node.arguments
        # Products of arrays from left to right: a * (b @ c) is not (a * b) @ c.
        return _bracketed(f"{_written(left, own)} {sign} {_written(right, own + 1)}", own, around)
    given = [_written(argument, _LOOSE) for argument in node.arguments] + list(map(str, node.sized))
    return f"{node.name}({', '.join(given)})"


def _total_written(node):
    loops, body = loops_of(node)
    ranges = "".join(f" for {letter} in range({'' if lower == 0 else f'{lower}, '}{upper})" for letter, lower, upper in loops)
    word = next(word for word, operation in REDUCTIONS.items() if operation == node.operation)
    return f"{word}({_written(body, _LOOSE)}{ranges})"


# ---------------------------------------------------------------- shapes


def shape_of(node, symbols):
    """The shape of an expression; ``symbols(name)`` gives the whole shape of a symbol."""
    algebra = Shapes()
    if isinstance(node, (Number, Index)):
        return ()
    if isinstance(node, Read):
        return _part_shape(symbols(node.name), node.places)
    if isinstance(node, Part):
        return _part_shape(shape_of(node.base, symbols), node.places)
    if isinstance(node, Power):
        return shape_of(node.base, symbols)
    if isinstance(node, Total):
        return shape_of(node.body, symbols)
    if isinstance(node, (Compare, Logical, Choice)):
        return algebra.join("the conditional", [shape_of(child, symbols) for child in children(node)])
    return algebra.apply(node.name, *(shape_of(argument, symbols) for argument in node.arguments), sized=node.sized)


def _part_shape(shape, places):
    taken = tuple((place.lower, place.upper) if isinstance(place, Span) else place for place in places)
    return Shapes().index(shape, taken)
