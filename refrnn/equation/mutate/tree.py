"""Walks and rewrites equations without touching them: copies lie along the path of a change, all else is shared."""

import ast
import copy
import re
from typing import NamedTuple

from refrnn.equation import parse
from refrnn.equation.functions import FUNCTIONS

DIFFERENTIABLE = ("value", "start", "parameter", "input")
GIVEN = ("value", "start", "parameter", "input", "target", "constant")



class Place(NamedTuple):
    """A node of a tree and the way to it.

    ``inside`` holds "index" in subscripts, ranges and sizes, "test" in conditions, "stop" where no gradient flows.
    """

    node: ast.AST
    path: tuple
    inside: frozenset

    def replace(self, new):
        """The whole tree with ``new`` in this place."""
        for parent, field, number in reversed(self.path):
            above = copy.copy(parent)
            if number is None:
                setattr(above, field, new)
            else:
                entries = list(getattr(parent, field))
                entries[number] = new
                setattr(above, field, entries)
            new = above
        return new

    @property
    def parent(self):
        return self.path[-1][0] if self.path else None


def places(tree):
    """Every expression and comprehension of a tree, outermost first, in the order of the text."""
    yield from _walk(tree, (), frozenset())


def _walk(node, path, inside):
    yield Place(node, path, inside)
    for field, number, child in _children(node):
        yield from _walk(child, (*path, (node, field, number)), inside | _around(node, field, number))


def _children(node):
    hidden = ("func",) if isinstance(node, ast.Call) else ("target",) if isinstance(node, ast.comprehension) else ()
    for field, content in ast.iter_fields(node):
        if field in hidden:
            continue
        for number, child in enumerate(content) if isinstance(content, list) else [(None, content)]:
            if isinstance(child, (ast.expr, ast.comprehension)):
                yield field, number, child


def _around(node, field, number):
    """What a child of ``node`` is inside of."""
    if isinstance(node, ast.comprehension) or (isinstance(node, ast.Subscript) and field == "slice"):
        return frozenset({"index"})
    if isinstance(node, (ast.Compare, ast.BoolOp)) or (isinstance(node, ast.IfExp) and field == "test"):
        return frozenset({"test"})
    if isinstance(node, ast.Call):
        function = FUNCTIONS.get(node.func.id)
        if function is not None and (function.sized < 0 or number >= len(node.args) - function.sized):
            return frozenset({"index"})
        if function is not None and function.flowless:
            return frozenset({"stop"})
    return frozenset()


def values(tree):
    """The places that are worth numbers: not subscripts, ranges and sizes."""
    return (place for place in places(tree) if isinstance(place.node, ast.expr) and "index" not in place.inside)


def occurrences(tree, symbols, roles=GIVEN):
    """Where symbols stand, with their subscripts: pairs of a place and a name."""
    for place in values(tree):
        node = place.node
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            name = node.value.id
        elif isinstance(node, ast.Name) and not (isinstance(place.parent, ast.Subscript) and place.path[-1][1] == "value"):
            name = node.id
        else:
            continue
        if symbols.roles.get(name) in roles:
            yield place, name


def gradient_reaches(equations, symbols, differentiated):
    """The names through which a gradient flows to those ``differentiated``, these included."""
    reached, before = set(differentiated), None
    while reached != before:
        before = set(reached)
        for equation in equations:
            found = occurrences(equation.value, symbols, DIFFERENTIABLE)
            if any(name in reached and not place.inside & {"stop", "test"} for place, name in found):
                base = equation.target.value if isinstance(equation.target, ast.Subscript) else equation.target
                reached.add(base.id)
    return reached


def rewritten(tree, change):
    """The tree with ``change(node)`` in place of each node for which that is not None, outermost first."""
    new = change(tree)
    if new is not None:
        return new
    for field, number, child in _children(tree):
        below = rewritten(child, change)
        if below is not child:
            tree = Place(child, ((tree, field, number),), frozenset()).replace(below)
    return tree


def subscripts(node):
    """The subscripts of an occurrence."""
    return list(parse.subscripts(node)) if isinstance(node, ast.Subscript) else []


def with_subscripts(node, new):
    """An occurrence with other subscripts."""
    slice_ = ast.Tuple(elts=list(new), ctx=ast.Load()) if len(new) > 1 else new[0]
    return ast.Subscript(value=node.value, slice=slice_, ctx=node.ctx)


def names(tree):
    """All names in a tree, functions too."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


# ---------------------------------------------------------------- building


def name(word):
    return ast.Name(id=word, ctx=ast.Load())


def number(value):
    return ast.Constant(value=value)


def call(function, *arguments):
    return ast.Call(func=name(function), args=list(arguments), keywords=[])


def binary(left, operator, right):
    return ast.BinOp(left=left, op=operator(), right=right)


def negative(node):
    return ast.UnaryOp(op=ast.USub(), operand=node)


def is_negative(node):
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def is_operation(node, *operators):
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


# ---------------------------------------------------------------- telling trees apart


def show(node):
    """The text of a node, subscripts without spaces around operators and sums without double parentheses."""
    text = ast.unparse(rewritten(node, _plain_sum))
    text = re.sub(r"\[[^\[\]]*\]", lambda found: found[0].replace(" ", "").replace(",", ", "), text)
    return text if len(text) <= 80 else text[:77] + "..."


def _plain_sum(node):
    if isinstance(node, ast.Call) and isinstance(node.args[0], ast.GeneratorExp):
        return name(node.func.id + ast.unparse(rewritten(node.args[0], _plain_sum)))
    return None


def canonical(node):
    """A text that is equal for trees that are equal, the order of terms and of factors left out."""
    if is_operation(node, ast.Add, ast.Sub) or is_negative(node):
        return f"Sum({', '.join(sorted(_terms(node, '+')))})"
    if is_operation(node, ast.Mult):
        return f"Product({', '.join(sorted(map(canonical, _factors(node))))})"
    if isinstance(node, ast.AST):
        fields = (canonical(content) for field, content in ast.iter_fields(node) if field not in ("ctx", "kind"))
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(canonical, node))}]"
    return repr(node)


_OPPOSITE = {"+": "-", "-": "+"}


def _terms(node, sign):
    if is_operation(node, ast.Add, ast.Sub):
        right_sign = _OPPOSITE[sign] if isinstance(node.op, ast.Sub) else sign
        return _terms(node.left, sign) + _terms(node.right, right_sign)
    if is_negative(node):
        return _terms(node.operand, _OPPOSITE[sign])
    return [sign + canonical(node)]


def _factors(node):
    return _factors(node.left) + _factors(node.right) if is_operation(node, ast.Mult) else [node]
