"""Faults of exchange: two gates, parameters, starts or slices stand in each other's place.

They may change several equations: each yields the fault in words and the new right sides by equation number.
"""

import ast
from itertools import combinations

from refrnn.equation.mutate.tree import GIVEN, names, occurrences, rewritten, show, subscripts


def swap_symbols(equations, symbols):
    """Two symbols of equal role and shape change places: within each equation that has both, else everywhere."""
    used = [names(equation.value) for equation in equations]
    order = list(dict.fromkeys(name for equation in equations for _, name in occurrences(equation.value, symbols)))
    for left, right in combinations(order, 2):
        if not _alike(left, right, symbols):
            continue
        words = f"swap {left} and {right}"
        change = _renamed({left: right, right: left})
        both = [number for number, found in enumerate(used) if left in found and right in found]
        either = [number for number, found in enumerate(used) if left in found or right in found]
        for number in both:
            yield words, {number: rewritten(equations[number].value, change)}
        if either != both:
            everywhere = f"{words} everywhere" if both else words
            yield everywhere, {number: rewritten(equations[number].value, change) for number in either}


def _alike(left, right, symbols):
    role, shape = symbols.roles.get(left), symbols.shapes.get(left)
    return role in GIVEN and role == symbols.roles.get(right) and shape is not None and shape == symbols.shapes.get(right)


def _renamed(new_names):
    def change(node):
        if isinstance(node, ast.Name) and node.id in new_names:
            return ast.Name(id=new_names[node.id], ctx=node.ctx)
        return None

    return change


def swap_slices(equations, symbols):
    """Two slices of one symbol, such as the gates of an LSTM in a[t], change places."""
    found = {}
    for number, equation in enumerate(equations):
        for place, name in occurrences(equation.value, symbols):
            if any(isinstance(subscript, ast.Slice) for subscript in subscripts(place.node)):
                node, numbers = found.setdefault(name, {}).setdefault(ast.dump(place.node), (place.node, []))
                numbers.append(number)
    for slices in found.values():
        for (left, left_numbers), (right, right_numbers) in combinations(slices.values(), 2):
            change = _exchanged(left, right)
            numbers = sorted({*left_numbers, *right_numbers})
            yield f"swap {show(left)} and {show(right)}", {number: rewritten(equations[number].value, change) for number in numbers}


def _exchanged(left, right):
    other = {ast.dump(left): right, ast.dump(right): left}
    return lambda node: other.get(ast.dump(node)) if isinstance(node, ast.Subscript) else None


KINDS = (swap_symbols, swap_slices)
