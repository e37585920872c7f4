"""Programs from lines of text, for tests of the equation language."""

import numpy as np

from refrnn.equation.algebra import Numbers
from refrnn.equation.differentiate import along_one, central_difference, complex_step, is_analytic
from refrnn.equation.evaluate import Program
from refrnn.equation.parse import parse_equation
from refrnn.equation.sizes import read_size

SIZES = {"T": 7, "S": 4, "L": 3, "I": 4, "H": 5, "N": 6}


def program(lines, arrays, outputs, integers=(), declared=None, sizes=SIZES):
    """A program of equations as text; ``arrays`` and ``declared`` map names to shapes as text: "T, H"."""
    equations = [parse_equation(line, f"equation {number}") for number, line in enumerate(lines, 1)]
    shapes = [{name: shape_of(text) for name, text in (given or {}).items()} for given in (arrays, declared)]
    return Program(equations, sizes, shapes[0], integers, shapes[1], outputs)


def shape_of(text):
    return tuple(read_size(size, SIZES, "test") for size in text.split(",") if size.strip())


def draw(program, sizes=SIZES, seed=0, dtype=np.longdouble):
    """Random arrays for a program."""
    random = np.random.default_rng(seed)
    return {
        name: np.asarray(random.standard_normal([size.number(sizes) for size in shape])).astype(dtype) for name, shape in program.arrays.items()
    }


def run(program, arrays, sizes=SIZES, constants=None, dtype=np.longdouble):
    """The outputs, and a function from upstream gradients to the gradients of all arrays."""
    passed = program.run(arrays, sizes, Numbers(dtype), constants, differentiate=arrays)
    return {name: passed.value(name) for name in program.outputs}, passed.backward


def values(lines, outputs, sizes=SIZES, constants=None, integers=(), declared=None, **arrays):
    """The outputs of equations on given arrays; shapes are taken from them, in the names of the sizes where others are ``declared``."""
    named = {number: name for name, number in SIZES.items() if number != 4} if declared else {}
    shapes = {name: ",".join(str(named.get(number, number)) for number in np.shape(array)) for name, array in arrays.items()}
    arrays = {name: np.asarray(array, np.longdouble) for name, array in arrays.items()}
    made = program(lines, shapes, outputs, integers, declared, sizes)
    made.check(sizes, constants)
    found, _ = run(made, arrays, sizes, constants)
    return [found[name] for name in outputs]


def mismatch(program, arrays, sizes=SIZES, constants=None, analytic=None, seed=1):
    """How far the adjoints are from a numerical derivative along a random direction, relative to both."""
    random = np.random.default_rng(seed)
    outputs, backward = run(program, arrays, sizes, constants)
    upstream = {name: np.asarray(random.standard_normal(array.shape), np.longdouble) for name, array in outputs.items()}
    direction = {name: np.asarray(random.standard_normal(np.shape(array)), np.longdouble) for name, array in arrays.items()}
    gradients = backward(upstream)
    derivative = complex_step if (is_analytic(program) if analytic is None else analytic) else central_difference
    moved = along_one(derivative, program, arrays, sizes, constants, direction)
    left = [moved[name] * upstream[name] for name in outputs]
    right = [direction[name] * gradients[name] for name in arrays]
    size = sum(np.abs(part).sum() for part in left + right)
    return float(abs(sum(part.sum() for part in left) - sum(part.sum() for part in right)) / size) if size else 0.0
