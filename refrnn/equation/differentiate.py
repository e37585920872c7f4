"""Derivatives of the evaluation itself: a complex step where the equation is analytic, central differences elsewhere.

Both give J v, the change of the outputs along a direction v of the arrays; neither shares code with the adjoints.
"""

import ast

import numpy as np

from refrnn.equation.algebra import Numbers
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.held import Held

COMPLEX_STEP = np.longdouble(10) ** -200
DIFFERENCE_STEP = np.longdouble(10) ** -6


def is_analytic(program):
    """Whether a complex step differentiates the program: no kink, no stop, no choice by value."""
    return all(_analytic(equation.value, program) for equation in program.equations)


def _analytic(tree, program):
    integers = program.sizes | program.integers
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.func.id in FUNCTIONS and not FUNCTIONS[node.func.id].analytic:
            return False
        if isinstance(node, ast.Compare):
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            if names & (program.arrays.keys() - integers | program.ranks.keys()):
                return False
    return True


def complex_step(program, arrays, sizes, constants, direction):
    """J v by a complex step: exact but for rounding. Arrays are longdouble; returns {output: array}."""
    moved = {}
    for name, array in arrays.items():
        moved[name] = array
        if np.asarray(array).dtype.kind == "f":
            step = COMPLEX_STEP * direction[name] if name in direction else np.zeros_like(array)
            moved[name] = array + 1j * step
    run = program.run(moved, sizes, Numbers(np.clongdouble, record=False), constants)
    return {name: run.value(name).imag / COMPLEX_STEP for name in program.outputs}


def finer_difference(program, arrays, sizes, constants, direction):
    """As ``central_difference``, of twice the step too, so that the fourth power of the step is left of its square: dear, and for what bends sharply."""
    once, twice = (central_difference(program, arrays, sizes, constants, direction, step) for step in (DIFFERENCE_STEP, 2 * DIFFERENCE_STEP))
    return {name: (4 * once[name] - twice[name]) / 3 for name in once}


def central_difference(program, arrays, sizes, constants, direction, step=DIFFERENCE_STEP):
    """J v by central differences in extended precision. Returns {output: array}.

    What stop() held is held still, and each comparison and kink stays on its side.
    """
    stops, choices = Held(), Held()
    program.run(arrays, sizes, Numbers(np.longdouble, record=False, stops=stops, choices=choices), constants)

    def outputs(sign):
        moved = dict(arrays)
        for name, along in direction.items():
            moved[name] = arrays[name] + sign * step * along
        algebra = Numbers(np.longdouble, record=False, stops=Held(stops), choices=Held(choices))
        run = program.run(moved, sizes, algebra, constants)
        return {name: run.value(name) for name in program.outputs}

    ahead, behind = outputs(+1), outputs(-1)
    return {name: (ahead[name] - behind[name]) / (2 * step) for name in program.outputs}
