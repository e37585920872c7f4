"""Text to tree: reads an equation with Python's own parser and refuses all that is not mathematics."""

import ast
import warnings
from dataclasses import dataclass

from refrnn.equation.comparisons import COMPARISONS, kind_of
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.slips import slip
from refrnn.errors import MOST_REPEATED, SpecError, cut, quoted
from refrnn.kernels.primitives.fork import cached_property

LONGEST = 2000  # characters of one equation
DEEPEST = 40  # levels of one equation
LARGEST = 1e15  # of a number written in an equation

OPERATORS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.MatMult: "matmul"}
REDUCTIONS = {"sum": "add", "prod": "multiply"}
INTEGER_FUNCTIONS = {"min": min, "max": max}
OF_VECTOR = {"min": "one_hot(argmax(-z), S) @ z", "max": "one_hot(argmax(z), S) @ z"}  # what these are not

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult, ast.FloorDiv, ast.Mod)


@dataclass(frozen=True)
class Equation:
    """One equation: ``target`` = ``value``, both trees of the standard ast module."""

    text: str
    target: ast.expr
    value: ast.expr
    place: str = ""

    @property
    def name(self):
        """The symbol on the left side."""
        return self.target.id if isinstance(self.target, ast.Name) else self.target.value.id

    @property
    def subscripts(self):
        """The index expressions on the left side."""
        return () if isinstance(self.target, ast.Name) else subscripts(self.target)

    @cached_property
    def reads(self):
        """The names on the right side."""
        return frozenset(node.id for node in ast.walk(self.value) if isinstance(node, ast.Name))

    def __str__(self):
        return self.text

    def shown(self):
        """The text as errors quote it."""
        return quoted(self.text)


def equation_of(target, value, place=""):
    """An equation from its two trees; its text is written from them."""
    return Equation(f"{ast.unparse(target)} = {ast.unparse(value)}", target, value, place)


def parse_equation(text, place):
    """Read ``text`` as one equation; ``place`` ("lstm.yaml, line 20") begins every error."""
    tree = _python_tree(text, place)
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Assign) or len(tree.body[0].targets) != 1:
        raise SpecError(f"{place}: {quoted(text)} is not one equation; write one left side = one right side")
    target, value = tree.body[0].targets[0], tree.body[0].value
    if not isinstance(target, ast.Name) and not (
        isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
    ):
        raise SpecError(f"{place}: the left side of {quoted(text)} must be a symbol, such as h or h[t]")
    check_language(target, place)
    check_language(value, place)
    return Equation(text.strip(), target, value, place)


def parse_expression(text, place):
    """Read ``text`` as one expression."""
    tree = _python_tree(text, place)
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise SpecError(f"{place}: {quoted(text)} is not one expression; write one, without =")
    check_language(tree.body[0].value, place)
    return tree.body[0].value


def _python_tree(text, place):
    if not isinstance(text, str):
        raise SpecError(f"{place}: an equation is text, not {type(text).__name__}; put it in quotes")
    if len(text) > LONGEST:
        raise SpecError(f"{place}: this equation has {len(text)} characters, more than {LONGEST}; split it into several")
    strange = next((character for character in text if not (character.isascii() and (character.isprintable() or character in "\t\n"))), None)
    if strange is not None:
        raise SpecError(f"{place}: {quoted(text)} holds the character {strange!r}; an equation is in plain letters, such as theta or h0")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python only warns of 1if and the like
            tree = ast.parse(text.strip())
    except SyntaxError:
        raise SpecError(f"{place}: {quoted(text)} can't be read: {slip(text.strip())}") from None
    except (RecursionError, MemoryError):
        raise SpecError(f"{place}: {quoted(text)} is nested too deep; split it into several equations") from None
    except (ValueError, Warning):
        raise SpecError(f"{place}: {quoted(text)} can't be read: {slip(text.strip())}") from None
    if _depth_exceeds(tree, DEEPEST):
        raise SpecError(f"{place}: {quoted(text)} is nested deeper than {DEEPEST} levels; split it into several equations")
    return tree


def _depth_exceeds(tree, deepest):
    level = [tree]
    for _ in range(deepest + 2):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True


def subscripts(node):
    """The subscripts of an ast.Subscript as a tuple."""
    return tuple(node.slice.elts) if isinstance(node.slice, ast.Tuple) else (node.slice,)


def check_language(node, place):
    """Refuse, with the reason, any construct of Python that the equation language does not have."""
    check = _CHECKS.get(type(node))
    if check is None:
        word = _WORDS.get(type(node), type(node).__name__)
        raise SpecError(f"{place}: {quoted(ast.unparse(node))} is Python but not mathematics: {word} is not in the language")
    check(node, place)


def _check_name(node, place):
    if node.id.startswith("_"):
        raise SpecError(f"{place}: {quoted(node.id)} is not a symbol; names begin with a letter")
    if len(node.id) > MOST_REPEATED:
        raise SpecError(f"{place}: the name {cut(node.id)} has more than {MOST_REPEATED} characters; choose a shorter one")
    if node.id in FUNCTIONS or node.id in REDUCTIONS or node.id == "range":
        raise SpecError(f"{place}: {node.id} is a word of the language and can't name a symbol; choose another name")


def _check_number(node, place):
    if type(node.value) not in (int, float):
        raise SpecError(f"{place}: {quoted(ast.unparse(node))} is not a number; write one, or the name of a symbol")
    if not abs(node.value) <= LARGEST:
        raise SpecError(f"{place}: what is beyond {LARGEST:g} is not a number here; hand it in as a constant")


def _check_binary(node, place):
    if not isinstance(node.op, _OPERATORS):
        mend = "; write ** for a power and .T for a transpose" if isinstance(node.op, ast.BitXor) else ""
        raise SpecError(f"{place}: the operator in {quoted(ast.unparse(node))} is not one of + - * / ** @ // %{mend}")
    check_language(node.left, place)
    check_language(node.right, place)


def _check_unary(node, place):
    if isinstance(node.op, ast.Not):
        _refuse_condition(node, place)
    if isinstance(node.op, ast.Invert):
        raise SpecError(f"{place}: ~ in {quoted(ast.unparse(node))} is not in the language; write not")
    check_language(node.operand, place)


def _check_attribute(node, place):
    if node.attr != "T":
        raise SpecError(f"{place}: .{cut(node.attr)} in {quoted(ast.unparse(node))} is not in the language; only .T is")
    check_language(node.value, place)


def _check_subscript(node, place):
    check_language(node.value, place)
    if not subscripts(node):
        raise SpecError(f"{place}: {quoted(ast.unparse(node))} has no subscript; write one or drop the brackets")
    for subscript in subscripts(node):
        check_language(subscript, place)


def _check_slice(node, place):
    if node.step is not None:
        raise SpecError(f"{place}: a slice has no step; write {quoted('a:b')}")
    for bound in (node.lower, node.upper):
        if bound is None:
            raise SpecError(f"{place}: a slice names both its bounds, such as 0:H")
        check_language(bound, place)


def _check_conditional(node, place):
    _check_condition(node.test, place)
    check_language(node.body, place)
    check_language(node.orelse, place)


def _check_condition(node, place):
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            _check_condition(value, place)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check_condition(node.operand, place)
    elif isinstance(node, ast.Compare):
        _check_comparison(node, place)
    else:
        raise SpecError(f"{place}: the condition {quoted(ast.unparse(node))} is not a comparison, such as t > 0")


def _refuse_condition(node, place):
    raise SpecError(f"{place}: {quoted(ast.unparse(node))} is true or false, not a number; write a if condition else b")


def _check_comparison(node, place):
    if len(node.ops) != 1 or kind_of(node) not in COMPARISONS:
        raise SpecError(f"{place}: {quoted(ast.unparse(node))} must be one comparison with < <= > >= == or !=")
    check_language(node.left, place)
    check_language(node.comparators[0], place)


def _check_call(node, place):
    if not isinstance(node.func, ast.Name):
        raise SpecError(f"{place}: {quoted(ast.unparse(node))} calls something that is not a function of the language")
    name = node.func.id
    if name in _OPERATOR_FUNCTIONS or (name not in FUNCTIONS and name not in REDUCTIONS):
        known = ", ".join(sorted(FUNCTIONS.keys() - _OPERATOR_FUNCTIONS | REDUCTIONS.keys()))
        raise SpecError(f"{place}: {name} is not a function of the language; it has {known}")
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise SpecError(f"{place}: {name} takes plain arguments only, without = or *")
    if not node.args:
        raise SpecError(f"{place}: {name} needs an argument")
    if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
        if name not in REDUCTIONS:
            mend = "write sum(...), and divide it by how many there are for a mean"
            if name in OF_VECTOR:
                mend = f"make a vector z of the S numbers by an equation of its own, and write {OF_VECTOR[name]}"
            raise SpecError(f"{place}: only sum and prod run over a range, {name} does not; {mend}")
        _check_generator(node.args[0], place)
        return
    if name == "prod":
        raise SpecError(f"{place}: prod runs over a range: prod(... for j in range(n))")
    for argument in node.args:
        check_language(argument, place)


_OPERATOR_FUNCTIONS = {name for name, function in FUNCTIONS.items() if function.operator}


def _check_generator(node, place):
    check_language(node.elt, place)
    for loop in node.generators:
        call = loop.iter
        good = (
            isinstance(loop.target, ast.Name)
            and not loop.ifs
            and not loop.is_async
            and isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "range"
            and 1 <= len(call.args) <= 2
            and not call.keywords
        )
        if not good:
            raise SpecError(f"{place}: a sum runs over a range: sum(... for j in range(a, b)), without if")
        check_language(loop.target, place)
        for argument in call.args:
            check_language(argument, place)


_CHECKS = {
    ast.Name: _check_name,
    ast.Constant: _check_number,
    ast.BinOp: _check_binary,
    ast.UnaryOp: _check_unary,
    ast.Attribute: _check_attribute,
    ast.Subscript: _check_subscript,
    ast.Slice: _check_slice,
    ast.Compare: _refuse_condition,
    ast.BoolOp: _refuse_condition,
    ast.IfExp: _check_conditional,
    ast.Call: _check_call,
}

_WORDS = {
    ast.Lambda: "lambda",
    ast.GeneratorExp: "a generator outside sum and prod",
    ast.ListComp: "a list comprehension",
    ast.List: "a list",
    ast.Tuple: "a tuple",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.JoinedStr: "a formatted string",
    ast.NamedExpr: ":=",
    ast.Starred: "*",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield from",
}
