"""Derivatives of the evaluation itself: a complex step where the equation is analytic, central differences elsewhere.

Both give J v, the change of the outputs along a direction v of the arrays; neither shares code with the adjoints.
"""

import numpy as np

from refrnn.equation.algebra import Numbers
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.held import Held, HeldTogether
from refrnn.equation.lanes import Lanes
from refrnn.equation.tree import Apply, Compare, Read, walk

COMPLEX_STEP = np.longdouble(10) ** -200
DIFFERENCE_STEP = np.longdouble(10) ** -6


def is_analytic(program):
    """Whether a complex step differentiates the program: no kink, no stop, no choice by value."""
    return all(map(_analytic, program.trees.values()))


def _analytic(tree):
    for node in walk(tree):
        if isinstance(node, Apply) and not FUNCTIONS[node.name].analytic:
            return False
        if isinstance(node, Compare) and any(isinstance(part, Read) for part in walk(node)):
            return False
    return True


def complex_step(program, arrays, sizes, constants, *directions):
    """J v along each of the directions by a complex step: exact but for rounding. Arrays are longdouble; returns {output: array}, the directions last."""
    steps = {name: [COMPLEX_STEP * direction.get(name, 0) for direction in directions] for name in arrays}
    moved = {name: _on_lanes(array, [1j * step for step in steps[name]]) for name, array in arrays.items()}
    run = program.run(moved, sizes, Lanes(np.clongdouble, len(directions), record=False), constants)
    return {name: run.value(name).imag / COMPLEX_STEP for name in program.outputs}


def finer_difference(program, arrays, sizes, constants, *directions):
    """As ``central_difference``, of twice the step too, so that the fourth power of the step is left of its square: dear, and for what bends sharply."""
    once, twice = (central_difference(program, arrays, sizes, constants, *directions, step=step) for step in (DIFFERENCE_STEP, 2 * DIFFERENCE_STEP))
    return {name: (4 * once[name] - twice[name]) / 3 for name in once}


def central_difference(program, arrays, sizes, constants, *directions, step=DIFFERENCE_STEP):
    """J v along each of the directions by central differences in extended precision. Returns {output: array}, the directions last.

    What stop() held is held still, and each comparison and kink stays on its side.
    """
    stops, choices = Held(), Held()
    program.run(arrays, sizes, Numbers(np.longdouble, record=False, stops=stops, choices=choices), constants)

    def outputs(sign):
        moved = {name: _on_lanes(array, [sign * step * direction.get(name, 0) for direction in directions]) for name, array in arrays.items()}
        held = [HeldTogether([Held(one) for _ in directions]) for one in (stops, choices)]
        algebra = Lanes(np.longdouble, len(directions), record=False, stops=held[0], choices=held[1])
        run = program.run(moved, sizes, algebra, constants)
        return {name: run.value(name) for name in program.outputs}

    ahead, behind = outputs(+1), outputs(-1)
    return {name: (ahead[name] - behind[name]) / (2 * step) for name in program.outputs}


def along_one(derivative, program, arrays, sizes, constants, direction):
    """What one of these gives along a single direction."""
    return {name: array[..., 0] for name, array in derivative(program, arrays, sizes, constants, direction).items()}


def _on_lanes(array, moved_by):
    """An array, moved otherwise on each lane where it is of real numbers."""
    array = np.asarray(array)
    return np.stack([array + by if array.dtype.kind == "f" else array for by in moved_by], axis=-1)
