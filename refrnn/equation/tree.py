"""The tree of an expression: immutable, equal to what is written in the same way, its indices polynomials.

Python's own tree, which ``parse`` gives, is what was typed; this one is what it means. Index arithmetic is a Size over
letters, sizes and integer constants, so that ``t + 1 - 1`` is ``t``; a sum over two letters is a sum of sums.
"""

import ast
from dataclasses import dataclass, fields, replace

from refrnn.equation.algebra import Shapes
from refrnn.equation.comparisons import COMPARISONS, kind_of
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import replaced, size_of
from refrnn.equation.parse import OPERATORS, REDUCTIONS, subscripts
from refrnn.equation.sizes import Size

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


# ---------------------------------------------------------------- from Python's tree


def tree_of(node, compiler, letters):
    """The Node of a checked expression of Python's tree; ``letters`` are the index letters bound around it."""
    if compiler.is_integer(node, letters):
        size = size_of(node)
        return Number(node.value) if isinstance(node, ast.Constant) else Index(size)
    return _READERS[type(node)](node, compiler, letters)


def _place(node, compiler, letters):
    if isinstance(node, ast.Slice):
        return Span(size_of(node.lower), size_of(node.upper))
    return size_of(node)


def _places(node, compiler, letters):
    return tuple(_place(subscript, compiler, letters) for subscript in subscripts(node))


def _subscript(node, compiler, letters):
    places = _places(node, compiler, letters)
    if isinstance(node.value, ast.Name):
        return Read(node.value.id, places)
    return Part(tree_of(node.value, compiler, letters), places)


def _unary(node, compiler, letters):
    inner = tree_of(node.operand, compiler, letters)
    if isinstance(node.op, ast.UAdd):
        return inner
    return Logical("Not", (inner,)) if isinstance(node.op, ast.Not) else Apply("negative", (inner,))


def _binary(node, compiler, letters):
    left = tree_of(node.left, compiler, letters)
    if not isinstance(node.op, ast.Pow):
        return Apply(OPERATORS[type(node.op)], (left, tree_of(node.right, compiler, letters)))
    if compiler.is_integer(node.right, letters):
        return Power(left, size_of(node.right))
    return Power(left, ast.literal_eval(node.right))


def _call(node, compiler, letters):
    name = node.func.id
    if isinstance(node.args[0], ast.GeneratorExp):
        return _total(REDUCTIONS[name], node.args[0].generators, node.args[0].elt, compiler, letters)
    sized = FUNCTIONS[name].sized
    split = 0 if sized < 0 else len(node.args) - sized
    arguments = tuple(tree_of(argument, compiler, letters) for argument in node.args[:split])
    return Apply(name, arguments, tuple(size_of(argument) for argument in node.args[split:]))


def _total(operation, loops, body, compiler, letters):
    if not loops:
        return tree_of(body, compiler, letters)
    (first, *rest) = loops
    letter = first.target.id
    lower, upper = ([Size.of(0)] + [size_of(end) for end in first.iter.args])[-2:]
    return Total(operation, letter, lower, upper, _total(operation, rest, body, compiler, letters | {letter}))


def _compare(node, compiler, letters):
    sides = (tree_of(side, compiler, letters) for side in (node.left, node.comparators[0]))
    return Compare(kind_of(node), *sides)


_READERS = {
    ast.Constant: lambda node, compiler, letters: Number(node.value),
    ast.Name: lambda node, compiler, letters: Read(node.id),
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
    loops, body = "", node
    while isinstance(body, Total) and body.operation == node.operation:
        first = "" if body.lower == 0 else f"{body.lower}, "
        loops += f" for {body.letter} in range({first}{body.upper})"
        body = body.body
    word = next(word for word, operation in REDUCTIONS.items() if operation == node.operation)
    return f"{word}({_written(body, _LOOSE)}{loops})"


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
