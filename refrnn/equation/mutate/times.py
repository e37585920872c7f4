"""Faults in time: indices off by one, sums that lose an end, starts that are ignored, gradients that stop.

A kind of fault takes an equation and the symbols, and yields pairs: the fault in words, the right side that has it.
"""

import ast

from refrnn.equation.indices import further, index_tree
from refrnn.equation.mutate.tree import (
    DIFFERENTIABLE, binary, call, name, names, number, occurrences, places, rewritten, show, subscripts, values,
    with_subscripts,
)  # fmt: skip

_INDEXED = ("value", "input", "target", "start")


def letter_of(equation, symbols):
    """The index letter in the first subscript of the left side, or None."""
    first = subscripts(equation.target)[:1]
    letters = [word for node in first for word in names(node) if word not in symbols.sizes and word not in symbols.roles]
    return letters[0] if letters else None


def shift_an_index(equation, symbols):
    """h[t-1] becomes h[t-2], and h[t]: only the first subscript, which is time."""
    for place, _ in occurrences(equation.value, symbols, _INDEXED):
        wanted = subscripts(place.node)
        if wanted and not isinstance(wanted[0], ast.Slice):
            for by in (-1, 1):
                new = with_subscripts(place.node, [further(wanted[0], by), *wanted[1:]])
                yield f"read {show(new)} for {show(place.node)}", place.replace(new)


def shorten_a_range(equation, symbols):
    """A sum over range(a, b) loses its first term, and its last."""
    for place in places(equation.value):
        if not isinstance(place.node, ast.comprehension):
            continue
        bounds = place.node.iter.args
        first, last = (number(0), bounds[0]) if len(bounds) == 1 else bounds
        ends = {"first": (further(first, 1), last), "last": (first, further(last, -1))}
        for word, new in ends.items():
            loop = ast.comprehension(target=place.node.target, iter=call("range", *new), ifs=[], is_async=0)
            words = f"lose the {word} term over {show(place.node.target)} of {show(place.parent.elt)}"
            yield words, place.replace(loop)


def ignore_a_start(equation, symbols):
    """The right side of h[-1] = h0, and of h[d-D] = h_start[d], becomes zero."""
    fixed = subscripts(equation.target) and letter_of(equation, symbols) is None
    is_start = fixed or any(occurrences(equation.value, symbols, ("start",)))
    if is_start and any(occurrences(equation.value, symbols)):
        yield f"ignore the start {show(equation.value)}", binary(equation.value, ast.Mult, number(0))


def stop_a_gradient(equation, symbols):
    """An occurrence of a symbol is wrapped in stop(): its value stays, its gradient does not flow."""
    for place, symbol in occurrences(equation.value, symbols, DIFFERENTIABLE):
        if symbol not in symbols.still and not place.inside & {"stop", "test"}:
            yield f"stop the gradient of {show(place.node)}", place.replace(call("stop", place.node))


def let_a_gradient_flow(equation, symbols):
    """A stop() that is there is removed, where a gradient is asked for of something in it."""
    for place in values(equation.value):
        is_stop = isinstance(place.node, ast.Call) and place.node.func.id == "stop"
        if is_stop and any(symbol not in symbols.still for _, symbol in occurrences(place.node.args[0], symbols, DIFFERENTIABLE)):
            yield f"let the gradient of {show(place.node)} flow", place.replace(place.node.args[0])


def drop_an_accumulation(equation, symbols):
    """What is used at every step receives the gradient of the first step only, and of the last step only."""
    letter = letter_of(equation, symbols)
    if letter is None:
        return
    steps = {"first": number(0)}
    length = _length(equation, symbols)
    if length is not None:
        steps["last"] = further(length, -1)
    for symbol in _constant_in_time(equation, symbols, letter):
        for word, step in steps.items():
            words = f"count the gradient of {symbol} in the {word} step only"
            yield words, rewritten(equation.value, _only_at(symbol, letter, step))


def _constant_in_time(equation, symbols, letter):
    """The symbols that stand in the equation without its index letter, in order."""
    found = {}
    for place, symbol in occurrences(equation.value, symbols, DIFFERENTIABLE):
        if symbol not in symbols.still and not place.inside & {"stop", "test"}:
            found[symbol] = found.get(symbol, True) and letter not in names(place.node)
    return [symbol for symbol, constant in found.items() if constant]


def _only_at(symbol, letter, step):
    def change(node):
        base = node.value if isinstance(node, ast.Subscript) else node
        if isinstance(node, (ast.Name, ast.Subscript)) and isinstance(base, ast.Name) and base.id == symbol:
            test = ast.Compare(left=name(letter), ops=[ast.Eq()], comparators=[step])
            return ast.IfExp(test=test, body=node, orelse=call("stop", node))
        return None

    return change


def _length(equation, symbols):
    """The size that the index letter of the left side runs through, or None where it is not known."""
    shape = symbols.shapes.get(equation.target.value.id)
    return index_tree(shape[0]) if shape else None


KINDS = (
    shift_an_index, shorten_a_range, ignore_a_start, stop_a_gradient, let_a_gradient_flow, drop_an_accumulation,
)  # fmt: skip
