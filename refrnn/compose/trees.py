"""Equations with other names, and equations whose time runs the other way."""

import ast
import copy

from refrnn.equation.indices import index_tree, is_polynomial, size_of
from refrnn.equation.parse import subscripts
from refrnn.equation.sizes import Size
from refrnn.errors import SpecError


def renamed(tree, names):
    """``tree`` with each name in ``names`` replaced by a name or by a tree."""
    return _Renamed(names).visit(copy.deepcopy(tree))


class _Renamed(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        other = self.names.get(node.id)
        if other is None:
            return node
        return ast.Name(other, node.ctx) if isinstance(other, str) else copy.deepcopy(other)


# ---------------------------------------------------------------- the other way through time


def mirrored(spec, equation):
    """(target, value) of an equation of ``spec``, a recurrence of one time, that sees each sequence from its end.

    What was read or defined at step p is at T-1-p: h[t-1] becomes h[t+1], and the start at -1 the one at T.
    """
    time = spec.time[0]
    timed = {name for name in (*spec.arrays, *spec.defined) if spec.time_size(name) == time}
    mirror = _Mirror(timed, time, equation)
    target, value = mirror.visit(copy.deepcopy(equation.target)), mirror.visit(copy.deepcopy(equation.value))
    letter, size = _own_letter(spec, equation) if equation.name in timed else (None, None)
    if letter is not None:
        # The letter now counts from the other end, so that it again stands alone on the left side.
        counted = {letter: ast.BinOp(_minus_one(index_tree(size)), ast.Sub(), ast.Name(letter, ast.Load()))}
        target, value = renamed(target, counted), renamed(value, counted)
    simple = _Simplified()
    return simple.visit(target), simple.visit(value)


def _own_letter(spec, equation):
    """The letter of the time index on the left side and its range, or (None, None) at a fixed place."""
    pattern = spec.program.patterns_of(equation)[0]
    return (pattern[0], pattern[2]) if isinstance(pattern, tuple) else (None, None)


def _minus_one(tree):
    return ast.BinOp(tree, ast.Sub(), ast.Constant(1))


class _Mirror(ast.NodeTransformer):
    """Replaces the time index p of every symbol that has time by T - 1 - p."""

    def __init__(self, timed, time, equation):
        self.timed, self.time, self.equation = timed, time, equation

    def visit_Subscript(self, node):
        if not (isinstance(node.value, ast.Name) and node.value.id in self.timed):
            return self.generic_visit(node)
        first, *rest = subscripts(node)
        if isinstance(first, ast.Slice):
            self._refuse(ast.unparse(node))
        place = ast.BinOp(_minus_one(ast.Name(self.time, ast.Load())), ast.Sub(), self.visit(first))
        places = [place, *map(self.visit, rest)]
        return ast.Subscript(node.value, places[0] if not rest else ast.Tuple(places, ast.Load()), node.ctx)

    def visit_Name(self, node):
        if node.id in self.timed:
            self._refuse(node.id)
        return node

    def _refuse(self, text):
        raise SpecError(
            f"{self.equation.place}: {self.equation.shown()} takes several steps at once ({text}), so it can't run "
            f"backward in time; choose another cell for that direction"
        )


class _Simplified(ast.NodeTransformer):
    """Subscripts in their shortest form: T - 1 - (T - 1 - t - 1) is t + 1."""

    def visit_Subscript(self, node):
        self.generic_visit(node)
        places = [_shortest(place) for place in subscripts(node)]
        node.slice = ast.Tuple(places, ast.Load()) if isinstance(node.slice, ast.Tuple) else places[0]
        return node


def _shortest(place):
    """A sum as people write it: what is added, the number, what is taken away."""
    if isinstance(place, ast.Slice) or not is_polynomial(size_of(place)):
        return place
    terms = sorted(size_of(place).terms.items(), key=lambda term: (1 if not term[0] else 2 * (term[1] < 0), "".join(term[0]).isupper(), term[0]))
    return index_tree("+".join(str(Size({names: count})) for names, count in terms).replace("+-", "-") or "0")
