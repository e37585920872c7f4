"""Trees to layout: precedence, brackets and notation, once for all three forms.

A tree and its layout say the same thing: brackets are dropped only where the reader's rules put the same operands
together, so a product of three is bracketed when the equation takes its last two first.
"""

import ast
from dataclasses import dataclass, replace

from refrnn.equation.comparisons import COMPARISONS
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.indices import further
from refrnn.equation.typeset.layout import (
    TRANSPOSE, Apply, Atom, Big, Cases, Fence, Fraction, Gap, Root, Row, Script, Sign,
    first_leaf, parenthesised, separated,
)  # fmt: skip
from refrnn.equation.typeset.names import symbol

# How tightly each form holds its operands together, loosest first.
CASES, OR, AND, NOT, COMPARISON, MODULO, SUM, PRODUCT = range(8)
SLASH, JUXTAPOSED, SIGNED, BIG, FRACTION, POWER, ATOM = range(8, 15)

BIG_SIGNS = {"sum": "∑", "prod": "∏"}

@dataclass(frozen=True)
class Piece:
    """A layout and how it may be placed: ``signed`` starts with a minus, ``open`` ends in the term of a big sign."""

    layout: object
    level: int = ATOM
    signed: bool = False
    open: bool = False


def equation_layout(target, value, is_scalar=None, slash=False):
    """The layout of ``target`` = ``value``; ``slash`` writes fractions on the line."""
    builder = Builder(is_scalar, slash)
    right = builder.piece(value)
    # A comparison or a condition as the whole right side would put two relations in a row.
    layout = parenthesised(right.layout) if CASES < right.level <= COMPARISON else right.layout
    return Row((builder.piece(target).layout, Sign("=", "relation"), layout))


def expression_layout(node, is_scalar=None, slash=False):
    """The layout of one expression."""
    return Builder(is_scalar, slash).piece(node).layout


class Builder:
    """Walks a tree; ``is_scalar`` tells which operands need no ⊙."""

    def __init__(self, is_scalar, slash):
        self.is_scalar = is_scalar or (lambda node: False)
        self.slash = slash

    @property
    def integers(self):
        """The builder for indices and bounds, where all is scalar and stays on the line."""
        return Builder(lambda node: True, slash=True)

    def piece(self, node):
        """``node`` as a piece."""
        build = self._BUILD.get(type(node))
        if build is None:
            _refuse(type(node).__name__)
        return build(self, node)

    def within(self, node, least):
        """``node`` as a layout, bracketed when it is looser than ``least``."""
        return self._fit(self.piece(node), least).layout

    def _fit(self, piece, least, signed=True, open=True):
        if piece.level >= least and (signed or not piece.signed) and (open or not piece.open):
            return piece
        return Piece(parenthesised(piece.layout))

    def _scalar(self, node):
        if isinstance(node, ast.Constant) or self.is_scalar(node):
            return True
        if isinstance(node, ast.UnaryOp):
            return self._scalar(node.operand)
        if isinstance(node, ast.BinOp):
            # Only integers have a floor and a remainder.
            whole = isinstance(node.op, (ast.FloorDiv, ast.Mod))
            both = not isinstance(node.op, ast.MatMult) and self._scalar(node.left) and self._scalar(node.right)
            return whole or both
        if isinstance(node, ast.IfExp):
            return self._scalar(node.body) and self._scalar(node.orelse)
        if isinstance(node, ast.Call):
            name = _function(node)
            if _generator(node) is not None:
                return self._scalar(node.args[0].elt)
            function = FUNCTIONS.get(name)
            return function is not None and (function.scalar or function.elementwise and all(map(self._scalar, node.args)))
        return False

    # Leaves.

    def _name(self, node):
        return Piece(symbol(node.id))

    def _constant(self, node):
        if type(node.value) not in (int, float):
            _refuse(f"the constant {node.value!r}")
        text = repr(node.value)
        signed, digits = text.startswith("-"), text.lstrip("-")
        if "e" in digits:
            mantissa, exponent = digits.split("e")
            power = Script(Atom("10", "number"), power=expression_layout(_integer(int(exponent))))
            piece = Piece(Row((Atom(mantissa, "number"), Sign("×"), power)), JUXTAPOSED)
        else:
            piece = Piece(Atom(digits, "number"))
        return Piece(Row((Sign("−", "prefix"), piece.layout)), SIGNED, signed=True) if signed else piece

    # Operators.

    def _unary(self, node):
        if isinstance(node.op, ast.Not):
            return Piece(Row((Sign("not", "connective"), self.within(node.operand, NOT))), NOT)
        if isinstance(node.op, ast.Invert):
            _refuse("~")
        sign = Sign("−" if isinstance(node.op, ast.USub) else "+", "prefix")
        operand = self._fit(self.piece(node.operand), BIG)
        return Piece(Row((sign, operand.layout)), SIGNED, signed=True, open=operand.open)

    def _binary(self, node):
        kind = type(node.op)
        if kind is ast.Pow:
            return self._power(node)
        if kind is ast.Div:
            return self._divide(node)
        if kind is ast.FloorDiv:
            return Piece(Fence("⌊", self._on_the_line(node).layout, "⌋"))
        if kind is ast.Mod:
            right = self._fit(self.piece(node.right), PRODUCT, signed=False)
            return Piece(Row((self.within(node.left, PRODUCT), Sign("mod", "connective"), right.layout)), MODULO)
        if kind is ast.MatMult or (kind is ast.Mult and (self._scalar(node.left) or self._scalar(node.right))):
            return self._juxtapose(node)
        if kind is ast.Mult:
            return self._infix(node, Sign("⊙"), PRODUCT)
        if kind not in (ast.Add, ast.Sub):
            _refuse(f"the operator {kind.__name__}")
        return self._infix(node, Sign("+" if kind is ast.Add else "−"), SUM)

    def _infix(self, node, sign, level):
        # "∑ a + b" is read as (∑ a) + b, but "∑ a ⊙ b" as ∑ (a ⊙ b).
        left = self._fit(self.piece(node.left), level, open=level == SUM)
        right = self._fit(self.piece(node.right), level + 1, signed=False)
        return Piece(Row((left.layout, sign, right.layout)), level, left.signed, right.open)

    def _juxtapose(self, node):
        left = self._fit(self.piece(node.left), JUXTAPOSED, open=False)
        right = self._fit(self.piece(node.right), JUXTAPOSED + 1, signed=False)
        start = first_leaf(right.layout)
        bracket = isinstance(start, Fence) and start.opening == "("
        if isinstance(start, Atom) and start.text[:1].isdigit():
            between = (Sign("·"),)
        elif _is_plain_number(node.left) and (bracket or (isinstance(start, Atom) and start.style == "letter")):
            between = ()
        else:
            between = (Gap(),)
        return Piece(Row((left.layout, *between, right.layout)), JUXTAPOSED, left.signed, right.open)

    def _divide(self, node):
        if self.slash:
            return self._on_the_line(node)
        return Piece(Fraction(self.piece(node.left).layout, self.piece(node.right).layout), FRACTION)

    def _on_the_line(self, node):
        inner = Builder(self.is_scalar, slash=True)
        left = inner._fit(inner.piece(node.left), SIGNED, open=False)
        return Piece(Row((left.layout, Sign("/", "slash"), inner.within(node.right, POWER))), SLASH, left.signed)

    def _power(self, node):
        base = self.piece(node.left)
        return self._raised(base, self.integers.piece(node.right).layout, ATOM + 1 if _crowded(base.layout) else ATOM)

    def _transpose(self, node):
        if node.attr != "T":
            _refuse(f".{node.attr}")
        return self._raised(self.piece(node.value), TRANSPOSE, ATOM)

    def _raised(self, base, power, least):
        layout = self._fit(base, least).layout
        if isinstance(layout, Script):
            return Piece(replace(layout, power=power), POWER)
        return Piece(Script(layout, power=power), POWER)

    def _comparison(self, node):
        parts = [self.within(node.left, MODULO)]
        for operator, operand in zip(node.ops, node.comparators):
            kind = type(operator).__name__
            if kind not in COMPARISONS:
                _refuse(f"the comparison {kind}")
            parts += [Sign(COMPARISONS[kind].shown, "relation"), self.within(operand, MODULO)]
        return Piece(Row(tuple(parts)), COMPARISON)

    def _boolean(self, node):
        word, level = ("and", AND) if isinstance(node.op, ast.And) else ("or", OR)
        parts = [part for value in node.values for part in (Sign(word, "connective"), self.within(value, level + 1))]
        return Piece(Row(tuple(parts[1:])), level)

    def _conditional(self, node):
        branches = []
        while isinstance(node, ast.IfExp):
            branches.append((self.within(node.body, MODULO), self.within(node.test, OR)))
            node = node.orelse
        return Piece(Cases(tuple(branches), self.within(node, MODULO)), CASES)

    # Subscripts.

    def _subscript(self, node):
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else (node.slice,)
        base = self.piece(node.value)
        indexed = isinstance(base.layout, Script) and base.layout.index
        layout = self._fit(base, ATOM + 1 if indexed else ATOM).layout
        script = layout if isinstance(layout, Script) else Script(layout)
        return Piece(replace(script, index=tuple(self.integers.piece(index).layout for index in indices)))

    def _slice(self, node):
        if node.step is not None:
            _refuse("the step of a slice")
        bounds = [self.within(bound, SUM) for bound in (node.lower, node.upper)]
        return Piece(Row((bounds[0], Sign(":", "slash"), bounds[1])))

    # Calls.

    def _call(self, node):
        name = _function(node)
        if _generator(node) is not None:
            return self._big(node)
        if name not in FUNCTIONS:
            _refuse(ast.unparse(node))
        how, *words = FUNCTIONS[name].printed
        return getattr(self, f"_{how}")(node.args, *words)

    def _named(self, nodes, word):
        return Piece(Apply(Atom(word, "function"), parenthesised(self._arguments(nodes, ","))))

    def _fenced(self, nodes, opening, comma, closing):
        return Piece(Fence(opening, self._arguments(nodes, comma), closing))

    def _root(self, nodes):
        return Piece(Root(self.piece(nodes[0]).layout), FRACTION)

    def _turned(self, nodes):
        """A product with the second vector turned."""
        return self._juxtapose(ast.BinOp(nodes[0], ast.MatMult(), ast.Attribute(nodes[1], "T")))

    def _bold(self, nodes, letter):
        """What is made of sizes alone."""
        sizes = [self.integers.within(size, SUM) for size in nodes]
        parts = [part for size in sizes for part in (Sign("×"), size)][1:]
        return Piece(Script(Atom(letter, "bold"), words=(Row(tuple(parts)),)))

    def _arguments(self, nodes, comma):
        if len(nodes) == 1:
            return self.piece(nodes[0]).layout
        return separated([self.within(node, OR) for node in nodes], comma)

    def _big(self, node):
        sign, generator = BIG_SIGNS.get(_function(node)), node.args[0]
        layout = self._fit(self.piece(generator.elt), PRODUCT, signed=False).layout
        for loop in reversed(generator.generators):
            if sign is None or loop.ifs or not isinstance(loop.target, ast.Name) or _called(loop.iter) != "range":
                _refuse(ast.unparse(node))
            bounds = loop.iter.args
            lower, upper = (_integer(0), *bounds) if len(bounds) == 1 else bounds
            lower, upper = self.integers.within(lower, SUM), self.integers.within(further(upper, -1), SUM)
            layout = Big(sign, symbol(loop.target.id), lower, upper, layout)
        return Piece(layout, BIG, open=True)

    _BUILD = {
        ast.Name: _name,
        ast.Constant: _constant,
        ast.UnaryOp: _unary,
        ast.BinOp: _binary,
        ast.Attribute: _transpose,
        ast.Compare: _comparison,
        ast.BoolOp: _boolean,
        ast.IfExp: _conditional,
        ast.Subscript: _subscript,
        ast.Slice: _slice,
        ast.Call: _call,
    }


def scalar_by_rank(ranks):
    """An ``is_scalar`` from the number of axes of each symbol; a name not in ``ranks`` is an index or a size."""

    def is_scalar(node):
        if isinstance(node, ast.Name):
            return ranks.get(node.id, 0) == 0
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else (node.slice,)
            return len(indices) >= ranks.get(node.value.id, 0) and not any(isinstance(i, ast.Slice) for i in indices)
        return False

    return is_scalar


def _crowded(layout):
    """Whether a power needs brackets: W1 has a superscript, and ∇W² is the gradient of a square."""
    return isinstance(layout, Script) and (layout.layer or layout.prime or isinstance(layout.base, Row))


def _function(node):
    if not isinstance(node.func, ast.Name) or node.keywords:
        _refuse(ast.unparse(node))
    return node.func.id


def _called(node):
    return _function(node) if isinstance(node, ast.Call) else None


def _generator(node):
    return node.args[0] if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp) else None


def _refuse(what):
    raise ValueError(f"{what} is not in the language of equations")


def _integer(value):
    return ast.Constant(value)


def _is_plain_number(node):
    """Whether ``node`` is a number such as 2 or -0.5, whose last digit a letter may follow."""
    operand = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(operand, ast.Constant) and "e" not in repr(operand.value)
