"""A spec at values of the whole numbers that choose, such as the number of an activation: of each choice one side is left.

A kernel then has the lines of what it runs and no others: all sides of all choices take many times as long to compile.
"""

import ast
from dataclasses import replace

from refrnn.compiler.module import few_values
from refrnn.equation.conditions import one_sided
from refrnn.equation.indices import Known, size_of
from refrnn.equation.parse import Equation
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Compare, is_on_indices, names_of, rebuilt, replaced_in

MOST_CHOICES = 32  # values of a number that chooses: a number of more values would have too many kernels


def choosing(spec):
    """The integer constants that do nothing but choose, of few values each: all comparisons that they stand in are of such constants alone."""
    compared, elsewhere = set(), set()

    def look(node):
        if isinstance(node, Compare) and is_on_indices(node) and names_of(node) <= spec.integer_constants:
            compared.update(names_of(node))
            return node
        return rebuilt(node, look, lambda size: elsewhere.update(size.names()) or size)

    for equation in spec.equations:
        look(spec.program.trees[id(equation)])
        elsewhere.update(*(size_of(place).names() for place in equation.subscripts))
    return tuple(sorted(few_values(spec, MOST_CHOICES).keys() & compared - elsewhere))


def chosen(spec, values):
    """The spec where constants have these values: they have no others, and its equations only what is then computed."""
    new = {name: Size.of(value) for name, value in values.items()}
    symbols = {name: replace(symbol, low=values[name], high=values[name]) if name in values else symbol for name, symbol in spec.symbols.items()}
    return replace(spec, symbols=symbols, equations=tuple(_at(spec, equation, new) for equation in spec.equations))


def _at(spec, equation, new):
    node = spec.program.trees[id(equation)]
    fixed, names = replaced_in(node, new), set()

    def look(part):
        return rebuilt(part, look, lambda size: names.update(size.names()) or size)

    look(fixed)
    found = one_sided(fixed, Known({}, dict.fromkeys(names)))  # of letters, sizes and other numbers nothing is known: what hangs on them stays
    if found == node:
        return equation
    text = f"{ast.unparse(equation.target)} = {found}"
    return Equation(text, equation.target, ast.parse(str(found), mode="eval").body, equation.place)
