"""What is shown is what is run: the equations of each page are read back and held against those that were parsed."""

import ast
import random
import re

from refrnn.equation.indices import EquationError, number_of
from refrnn.spec import show
from refrnn.verify.readers import latex, mathml, unicode
from refrnn.verify.readers.grammar import alone, typed
from refrnn.verify.readers.tokens import Unreadable

DRAWS = 3  # of all that an end of a sum is made of
LARGEST = 99
WIDE = 10**6  # columns: no line is broken
UNKNOWN = 9  # axes of what a printed gradient names, and no equation of the spec defines
UNREADABLE = Unreadable, SyntaxError, ValueError, IndexError, KeyError, TypeError  # what a reader raises
_ROW = re.compile(r"<tr><td>(<math .*?</math>)</td><td>(.*?)</td><td>(.*?)</td>", re.DOTALL)
_LABELLED = re.compile(r"\s*(.*?)\s{2,}(\w*)\s+(\[.*?\]|)")
_MATH = re.compile(r'<math [^>]*display="block">.*?</math>', re.DOTALL)


def unlike_what_is_run(spec):
    """What a page of a spec shows that is not what is run, in words."""
    printed = [equation for block in spec.printed_gradients for equation in block.equations]
    known = {node.id for equation in (*spec.equations, *printed) for tree in (equation.target, equation.value) for node in ast.walk(tree) if isinstance(node, ast.Name)}
    terminal, html = show.terminal(spec, width=WIDE), show.html(spec)
    found = [*_symbols_of_the_terminal(spec, terminal), *_symbols_of_html(spec, html, known)]
    for form, reader, lines in (("Unicode", unicode, _lines(terminal)), ("LaTeX", latex, _latex(spec)), ("MathML", mathml, _MATH.findall(html))):
        equations = [*spec.equations, *(printed if form != "LaTeX" else ())]
        if len(lines) != len(equations):
            found.append(f"typeset: in {form} stand {len(lines)} equations, not {len(equations)}")
            continue
        for equation, line in zip(equations, lines):
            said = _said(spec, equation, line, reader, known)
            found += [f"typeset: {equation.place} in {form} {said}: {line}"] if said else []
    return found


def _said(spec, equation, line, reader, known):
    """How a line is not its equation; None where it is."""
    try:
        sides = [ast.parse(side, mode="eval").body for side in typed(reader.tokens(line), known)]
    except UNREADABLE as error:
        return f"can't be read ({error})"
    same = all(_Same(spec).same(read, right) for read, right in zip(sides, (equation.target, equation.value)))
    return None if same else f"says {' = '.join(map(ast.unparse, sides))}"


# ---------------------------------------------------------------- the lines of a page


def _lines(terminal):
    """The lines below the title, and those below the heads of printed gradients."""
    found, is_below = [], True
    for line in terminal.splitlines()[2:]:
        if line.startswith("    "):
            found += [line[4:]] * is_below
        else:
            is_below = line.startswith("backward, as ")
    return found


def _latex(spec):
    text = show.latex(spec).removeprefix("\\begin{align*}\n  ").removesuffix("\n\\end{align*}")
    return [line.replace("&=", "=", 1) for line in text.split(" \\\\\n  ")]


def _symbols_of_the_terminal(spec, terminal):
    """The lines below the head of symbols: a label, which ends with the name as it is typed, the role and the shape."""
    lines = terminal.split("\nsymbols\n")[1].splitlines()
    for line, (name, symbol) in zip(lines, spec.arrays.items()):
        match = _LABELLED.match(line)
        label, *found = match.groups() if match else ("", "", "")
        if not (label == name or label.endswith(f"({name})")) or found != [symbol.role, _shape(symbol)]:
            yield f"typeset: {name} is {symbol.role} {_shape(symbol)} and not what the terminal says: {line.strip()}"


def _symbols_of_html(spec, html, known):
    rows = _ROW.findall(html)
    for name, symbol in spec.arrays.items():
        found = rows.pop(0) if rows else ("", "", "")
        if not _is_name(found[0], name, known) or found[1:] != (symbol.role, _shape(symbol)):
            yield f"typeset: {name} is {symbol.role} {_shape(symbol)} and not what HTML says: {', '.join(found[1:])}"


def _is_name(text, name, known):
    try:
        return alone(mathml.tokens(text), known) == name
    except UNREADABLE:
        return False


def _shape(symbol):
    return f"[{', '.join(map(str, symbol.shape))}]"


# ---------------------------------------------------------------- two trees


class _Same:
    """Whether a tree that was read says what another one says, which was parsed."""

    def __init__(self, spec):
        self.spec = spec
        self.unknown = {f"d_{name}" for name in spec.outputs} | {equation.name for block in spec.printed_gradients for equation in block.equations}

    def same(self, read, right):
        if _is_call(right, "outer"):
            left, other = right.args
            right = ast.BinOp(left, ast.MatMult(), ast.Attribute(other, "T"))
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult) and isinstance(read, ast.BinOp):
            # A product without a sign is one of matrices, or one with a number.
            fits = isinstance(read.op, ast.Mult) or isinstance(read.op, ast.MatMult) and 0 in map(self._axes, (right.left, right.right))
            return fits and self.same(read.left, right.left) and self.same(read.right, right.right)
        if isinstance(right, ast.Constant) and type(right.value) in (int, float):
            return _number(read) == right.value
        if isinstance(right, ast.Call) and isinstance(right.args[0], ast.GeneratorExp):
            return self._same_sum(read, right)
        return type(read) is type(right) and all(self._same_field(getattr(read, name, None), getattr(right, name, None)) for name in right._fields if name not in ("ctx", "kind"))

    def _same_field(self, read, right):
        if isinstance(right, list):
            return isinstance(read, list) and len(read) == len(right) and all(map(self._same_field, read, right))
        if isinstance(right, ast.AST):
            return isinstance(read, ast.AST) and self.same(read, right)
        return read == right

    def _same_sum(self, read, right):
        """Sum by sum: one over two letters is shown as two."""
        body = right.args[0].elt
        for loop in right.args[0].generators:
            if not (_is_call(read, right.func.id) and isinstance(read.args[0], ast.GeneratorExp)):
                return False
            (shown,) = read.args[0].generators
            if shown.target.id != loop.target.id or not all(map(_equal, shown.iter.args, _ends(loop))):
                return False
            read = read.args[0].elt
        return self.same(read, body)

    def _axes(self, node):
        """How many axes the value of a tree has."""
        if isinstance(node, ast.Name):
            return self._axes_of(node.id)
        if isinstance(node, ast.Subscript):
            places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return self._axes(node.value) - sum(not isinstance(place, ast.Slice) for place in places)
        if isinstance(node, ast.Attribute):
            return self._axes(node.value)
        if isinstance(node, ast.UnaryOp):
            return self._axes(node.operand)
        if isinstance(node, ast.BinOp):
            left, right = self._axes(node.left), self._axes(node.right)
            if isinstance(node.op, ast.MatMult):
                return left + right - 2
            return left if isinstance(node.op, ast.Pow) else max(left, right)
        if isinstance(node, ast.IfExp):
            return max(self._axes(node.body), self._axes(node.orelse))
        return self._axes_of_call(node) if isinstance(node, ast.Call) else 0

    def _axes_of(self, name):
        if name in self.spec.arrays or name in self.spec.defined:
            return len(self.spec.full_shape(name))
        return UNKNOWN if name in self.unknown else 0

    def _axes_of_call(self, node):
        name, first = node.func.id, node.args[0]
        if isinstance(first, ast.GeneratorExp):
            return self._axes(first.elt)
        if name in ("sum", "mean", "norm", "argmax") or name in ("min", "max") and len(node.args) == 1:
            return 0
        if name == "zeros":
            return len(node.args)
        if name in ("identity", "outer"):
            return 2
        if name == "one_hot":
            return self._axes(first) + 1
        return 3 - self._axes(first) if name == "diag" else max(map(self._axes, node.args))


def _is_call(node, name):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _number(node):
    """The number that a tree is, or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) else None


def _ends(loop):
    ends = loop.iter.args
    return [ast.Constant(0), *ends] if len(ends) == 1 else ends


def _equal(left, right):
    """Whether two whole numbers are the same whatever the names in them stand for, as draws tell."""
    names = {node.id for tree in (left, right) for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"min", "max"}
    drawn = random.Random(0)
    for _ in range(DRAWS):
        values = {name: drawn.randint(2, LARGEST) for name in sorted(names)}
        numbers = [_evaluated(tree, values) for tree in (left, right)]
        if None in numbers or numbers[0] != numbers[1]:
            return False
    return True


def _evaluated(tree, values):
    """The whole number that an end of a sum is, or None; a product without a sign is one of numbers here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            node.op = ast.Mult()
    try:
        return number_of(tree)(values)
    except (EquationError, KeyError, TypeError, AttributeError):
        return None
