"""Adjoint equations beside the tape, for tests of the gradient as equations."""

import numpy as np
from programs import SIZES, draw, program

from refrnn.equation.algebra import Numbers
from refrnn.equation.evaluate import Program
from refrnn.equation.gradient import adjoint
from refrnn.equation.parse import parse_equation


def made_of(lines, arrays, outputs, integers=(), declared=None, lowest=None):
    made = program(lines, arrays, outputs, integers, declared)
    made.element_shapes
    differentiated = [name for name in arrays if name not in integers]
    return made, adjoint(made, differentiated, {name: (lowest or {}).get(name, 1) for name in integers}, ["T", "S"])


def apart(lines, arrays, outputs, sizes=SIZES, constants=None, integers=(), declared=None, change=None, lowest=None):
    """How far the gradients by the adjoint equations are from those of the tape, relative to the largest entry."""
    made, found = made_of(lines, arrays, outputs, integers, declared, lowest)
    given = {name: array for name, array in draw(made, sizes).items() if name not in integers}
    given = given if change is None else change(given)
    constants = constants or {}
    wanted = tuple(dict.fromkeys((*outputs, *found.values)))
    passed = made.run({**given, **{n: np.asarray(c) for n, c in constants.items()}}, sizes, Numbers(np.longdouble), constants, wanted, list(given))
    random = np.random.default_rng(2)
    upstream = {name: np.asarray(random.standard_normal(passed.value(name).shape), np.longdouble) for name in outputs}
    right = passed.backward(upstream)
    back = Program(
        [parse_equation(line, f"adjoint equation {number}") for number, line in enumerate(found.equations, 1)], sizes,
        {**made.arrays, **{name: whole(made, name) for name in found.values}, **{own: whole(made, name) for name, own in found.upstream.items()}},
        integers, found.shapes, tuple(found.gradients.values()),
    )  # fmt: skip
    values = {name: passed.value(name) for name in found.values} | {own: upstream[name] for name, own in found.upstream.items()}
    followed = back.run({**passed.arrays, **values}, sizes, Numbers(np.longdouble, record=False), constants)
    errors = {}
    for name in given:
        got = followed.value(found.gradients[name])
        assert got.shape == right[name].shape
        errors[name] = _relative(got, right[name])
    return max(errors.values())


def _relative(got, right):
    """Relative to the largest finite entry; where the program leaves the range of numbers, both do."""
    lost = ~np.isfinite(right)
    if (np.isfinite(got) & lost).any() or (~np.isfinite(got) & ~lost).any():
        return float("inf")
    return float(np.abs(got - right)[~lost].max(initial=0) / max(np.abs(right[~lost]).max(initial=0), 1e-3))


def whole(made, name):
    """The whole shape of a defined symbol."""
    patterns = made.definitions[name].equations[-1][1]
    return tuple(pattern.size for pattern in patterns if isinstance(pattern, tuple)) + made.element_shapes[name]
