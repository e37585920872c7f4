"""Faults in the formula itself: terms, signs, factors, functions, numbers and conditions.

A kind of fault takes an equation and the symbols, and yields pairs: the fault in words, the right side that has it.
"""

import ast
from functools import lru_cache

from refrnn.equation.comparisons import COMPARISONS, kind_of
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.mutate.tree import (
    binary, call, is_negative, is_operation, negative, number, occurrences, rewritten, show, subscripts, values,
)  # fmt: skip
from refrnn.equation.parse import parse_expression

_SUM = (ast.Add, ast.Sub)
_PRODUCT = (ast.Mult, ast.MatMult, ast.Div, ast.FloorDiv, ast.Mod)
_DIVISION = (ast.Div, ast.FloorDiv, ast.Mod)


def drop_a_term(equation, symbols):
    """a + b becomes a, and b; a chain of terms loses each of them once."""
    for place in values(equation.value):
        node = place.node
        if not is_operation(node, *_SUM):
            continue
        yield f"drop {_what(node.right, symbols)}", place.replace(node.left)
        if not is_operation(node.left, *_SUM):
            rest = negative(node.right) if isinstance(node.op, ast.Sub) else node.right
            yield f"drop {_what(node.left, symbols)}", place.replace(rest)


def _what(term, symbols):
    """ "the bias b_h" for a parameter with one axis, else "the term ..."."""
    found = [(place.node, name) for place, name in occurrences(term, symbols, ("parameter",)) if place.node is term]
    for node, name in found:
        axes = [size for size in symbols.shapes.get(name) or () if size != "1"]
        if len(axes) == 1:
            return f"the bias {show(node)}"
    return f"the term {show(term)}"


def flip_a_sign(equation, symbols):
    """a + b becomes a - b and -a + b; -a becomes a; a right side that is no sum becomes its negative."""
    for place in values(equation.value):
        node = place.node
        if is_operation(node, *_SUM):
            other = ast.Sub if isinstance(node.op, ast.Add) else ast.Add
            yield f"flip the sign of {show(node.right)}", place.replace(binary(node.left, other, node.right))
            if not is_operation(node.left, *_SUM):
                flipped = node.left.operand if is_negative(node.left) else negative(node.left)
                yield f"flip the sign of {show(node.left)}", place.replace(binary(flipped, type(node.op), node.right))
        elif is_negative(node):
            yield f"flip the sign of {show(node)}", place.replace(node.operand)
        elif not place.path:
            yield "flip the sign of the right side", negative(node)


def drop_a_factor(equation, symbols):
    """a * b, a @ b and a / b become a, and b or 1 / b; a ** n becomes a."""
    for place in values(equation.value):
        node = place.node
        if is_operation(node, ast.Pow):
            yield f"drop the power of {show(node)}", place.replace(node.left)
        if not is_operation(node, *_PRODUCT):
            continue
        word = "divisor" if isinstance(node.op, _DIVISION) else "factor"
        yield f"drop the {word} {show(node.right)}", place.replace(node.left)
        if not is_operation(node.left, *_PRODUCT):
            rest = binary(number(1), type(node.op), node.right) if isinstance(node.op, _DIVISION) else node.right
            yield f"drop the factor {show(node.left)}", place.replace(rest)


# ---------------------------------------------------------------- functions


def _calls(equation):
    """The calls of functions, and what their records say of mutants."""
    for place in values(equation.value):
        node = place.node
        if isinstance(node, ast.Call) and node.func.id in FUNCTIONS and not isinstance(node.args[0], ast.GeneratorExp):
            yield place, node, FUNCTIONS[node.func.id].mutants


def replace_a_function(equation, symbols):
    """sigmoid becomes tanh, min becomes max, and so on."""
    for place, node, mutants in _calls(equation):
        for words, text in mutants.instead.items():
            new = {"out": node, **dict(zip("ab", node.args))}
            change = lambda part: new.get(part.id) if isinstance(part, ast.Name) else None  # noqa: B023, E731  (used at once)
            yield f"replace {node.func.id} by {words}", place.replace(rewritten(_template(text), change))


@lru_cache(maxsize=None)
def _template(text):
    return parse_expression(text, "a mutant")


def drop_a_function(equation, symbols):
    """tanh(a) becomes a; min, max and norm lose an argument."""
    for place, node, mutants in _calls(equation):
        if mutants.lost == "function" and len(node.args) == 1:
            yield f"drop the function {node.func.id}", place.replace(node.args[0])
    for place, node, mutants in _calls(equation):
        for position, argument in enumerate(node.args if mutants.lost == "argument" else ()):
            rest = node.args[:position] + node.args[position + 1 :]
            if rest:
                new = rest[0] if FUNCTIONS[node.func.id].arguments == 2 else call(node.func.id, *rest)
                yield f"drop the argument {show(argument)} of {node.func.id}", place.replace(new)


def swap_arguments(equation, symbols):
    """concat(a, b) becomes concat(b, a)."""
    for place, node, mutants in _calls(equation):
        for position in range(len(node.args) - 1 if mutants.swapped else 0):
            arguments = list(node.args)
            arguments[position : position + 2] = reversed(arguments[position : position + 2])
            words = f"swap {show(arguments[position + 1])} and {show(arguments[position])} in {node.func.id}"
            yield words, place.replace(call(node.func.id, *arguments))


# ---------------------------------------------------------------- numbers and conditions


def change_a_number(equation, symbols):
    """0 becomes 1, 1 becomes 2, 2 becomes 3; 0.5 becomes 0.25."""
    for place in values(equation.value):
        old = place.node.value if isinstance(place.node, ast.Constant) else None
        if old is None:
            continue
        new = old + 1 if type(old) is int else old / 2 or 1.0
        inside = "" if place.parent is None else f" in {show(place.parent)}"
        yield f"change {old} to {new}{inside}", place.replace(number(new))


def change_a_comparison(equation, symbols):
    """>= becomes > and <; == becomes !=; a part of an and or an or is lost."""
    for place in values(equation.value):
        node = place.node
        if isinstance(node, ast.Compare):
            for kind in COMPARISONS[kind_of(node)].instead:
                new = ast.Compare(left=node.left, ops=[getattr(ast, kind)()], comparators=node.comparators)
                yield f"replace {show(node)} by {show(new)}", place.replace(new)
        elif isinstance(node, ast.BoolOp):
            other = ast.BoolOp(op=ast.Or() if isinstance(node.op, ast.And) else ast.And(), values=node.values)
            yield f"replace {show(node)} by {show(other)}", place.replace(other)
            for position, part in enumerate(node.values):
                rest = node.values[:position] + node.values[position + 1 :]
                new = rest[0] if len(rest) == 1 else ast.BoolOp(op=node.op, values=rest)
                yield f"drop the condition {show(part)}", place.replace(new)


def change_a_branch(equation, symbols):
    """a if condition else b becomes b if condition else a, and a, and b."""
    for place in values(equation.value):
        node = place.node
        if isinstance(node, ast.IfExp):
            swapped = ast.IfExp(test=node.test, body=node.orelse, orelse=node.body)
            test = f"if {show(node.test)}"
            yield f"swap the branches of {test}", place.replace(swapped)
            yield f"take {show(node.body)} without {test}", place.replace(node.body)
            yield f"take {show(node.orelse)} without {test}", place.replace(node.orelse)


def transpose_a_matrix(equation, symbols):
    """A square W becomes W.T, its component W[j, i] becomes W[i, j], and any W.T becomes W."""
    for place in values(equation.value):
        if isinstance(place.node, ast.Attribute):
            yield f"drop the transpose of {show(place.node)}", place.replace(place.node.value)
    for place, name in occurrences(equation.value, symbols):
        node, shape = place.node, symbols.shapes.get(name) or ()
        wanted = subscripts(node)
        left = shape[len(wanted) :]
        whole = not any(isinstance(subscript, ast.Slice) for subscript in wanted)
        if whole and len(left) == 2 and left[0] == left[1] and not isinstance(place.parent, ast.Attribute):
            yield f"transpose {show(node)}", place.replace(ast.Attribute(value=node, attr="T", ctx=ast.Load()))
        if whole and len(shape) == len(wanted) == 2 and shape[0] == shape[1]:
            new = ast.Subscript(value=node.value, slice=ast.Tuple(elts=wanted[::-1], ctx=ast.Load()), ctx=ast.Load())
            yield f"transpose {show(node)}", place.replace(new)


KINDS = (
    drop_a_term, flip_a_sign, drop_a_factor, replace_a_function, drop_a_function, swap_arguments, change_a_number,
    change_a_comparison, change_a_branch, transpose_a_matrix,
)  # fmt: skip
