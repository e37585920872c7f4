"""What claims measure with: draws over several sizes, passes of the equations, Jacobians, distances.

All is in double precision, and for one sequence unless batch is said. Verify hands over a spec with those backends
alone that it has held against the equations; other specs, and changed ones, run by their equations.
"""

import dataclasses
from functools import lru_cache

import numpy as np

import refrnn
from refrnn.backends.sequences import Sequences
from refrnn.equation.differentiate import along_one, complex_step
from refrnn.equation.parse import parse_equation
from refrnn.spec.build import place_of
from refrnn.spec.values import check_values

# Distances are relative to the largest magnitude. Two ways to the same numbers agree to SAME in double precision;
# no rounding makes them differ by DIFFERENT.
SAME = 1e-12
DIFFERENT = 1e-6


def draws(spec, sizes, each, **fixed):
    """``each`` draws of values for each of the ``sizes``; symbols in ``fixed`` are set to what is given there."""
    for number, chosen in enumerate(sizes):
        for seed in range(each):
            yield {**spec.draw(chosen, batch=1, seed=1000 * number + seed, dtype="float64"), **fixed}


def rewritten(spec, *texts, outputs=None):
    """The spec with each equation in the place of the one with the same left side; a new left side is added.

    Equations that then reach no output are dropped, as a spec may hold none.
    """
    equations = list(spec.equations)
    for text in texts:
        equation = parse_equation(text, "claim")
        if equation.name in spec.defined:
            equations[place_of(equations, equation)] = equation
        else:
            equations.append(equation)
    whole = dataclasses.replace(spec, equations=tuple(equations), outputs=tuple(outputs or spec.outputs), bindings={})
    return dataclasses.replace(whole, equations=tuple(equation for equation in equations if equation.name in whole.reached))


@lru_cache(maxsize=None)
def another_spec(name):
    """Another spec of the library, with its equations alone."""
    return rewritten(refrnn.load(name))


def run(spec, values, lengths=None):
    """One pass by the fastest backend of the spec, which may be its equations; what it offers beside the outputs differs."""
    return spec.forward(values, fastest(spec), lengths)


def fastest(spec):
    """The kernel of a spec or its reference, those that are bound to it; of an equation that is written anew nothing is, and it runs as it stands."""
    return next((kind for kind in ("kernel", "reference") if kind in spec.bindings), "equation")


def opened(spec, values):
    """One pass of the equations themselves, which offer every intermediate."""
    return spec.forward(values, "equation")


def random_upstream(outputs, seed):
    """A random gradient for every output."""
    random = np.random.default_rng([seed, 7])
    return {name: np.asarray(random.standard_normal(array.shape)) for name, array in outputs.items()}


def passed(spec, values, seed=0):
    """Outputs, and the gradients for a random upstream gradient that depends on ``seed`` and the shapes alone."""
    found = run(spec, values)
    return found.outputs, found.backward(random_upstream(found.outputs, seed))


def distance(found, other):
    """The largest difference, relative to the largest magnitude of the two."""
    largest = max(np.abs(found).max(initial=0), np.abs(other).max(initial=0))
    return float(np.abs(found - other).max(initial=0) / largest) if largest > 0 else 0.0


def farthest(found, other, names=None):
    """The largest :func:`distance` between two mappings of arrays."""
    return max(distance(found[name], other[name]) for name in names or found)


def norm(array):
    """The Euclidean norm of all entries."""
    return float(np.sqrt(np.sum(np.square(array))))


def jacobian(spec, values, output, argument, step=None):
    """The derivative of ``output`` (at ``step``, where it has time) by an input or start, the entries of output first.

    One pass, swept back once for each entry of the output.
    """
    found = run(spec, values)
    upstream = np.zeros_like(found.outputs[output])
    entries, rows = upstream[0] if step is None else upstream[step, 0], []
    for entry in range(len(entries)):
        entries[:] = 0
        entries[entry] = 1
        rows.append(found.backward({output: upstream})[argument])
    return np.stack(rows).squeeze(1 + spec.batch_axis(argument))


def tangent(spec, values, direction):
    """How every output changes along ``direction`` (arrays by name), by a complex step; without the batch axis."""
    checked = check_values(spec, values, None)
    sequences = Sequences(spec, checked)
    item = sequences.items[0]

    def one(arrays):
        return {name: np.asarray(sequences.take(name, array, item), np.longdouble) for name, array in arrays.items()}

    return along_one(complex_step, spec.program, one(checked.arrays), sequences.sizes(item), checked.integers, one(direction))


def descent(spec, values, name, output, wanted):
    """A step of 0.001 against the gradient of ``name``, for the squared error of ``output``.

    Returns the norm of the gradient, and what the step lowers the error by as a part of what the gradient foretells.
    """
    step = 1e-3
    forward = run(spec, values)
    slope = forward.backward({output: forward.outputs[output] - wanted})[name]
    moved = run(spec, {**values, name: values[name] - step * slope})
    before, after = (np.sum((one.outputs[output] - wanted) ** 2) / 2 for one in (forward, moved))
    foretold = step * norm(slope) ** 2
    return norm(slope), float((before - after) / foretold) if foretold > 0 else 0.0


def orthogonal(size, seed):
    """A random orthogonal matrix."""
    return np.linalg.qr(np.random.default_rng([seed, 11]).standard_normal((size, size)))[0]


def energy(X, W, Theta):
    """Of a Hopfield net, for each row of X: -X.W.X/2 - Theta.X and, for every unit, the integral of the inverse of tanh."""
    integral = np.sum(X * np.arctanh(X) + np.log1p(-X * X) / 2, axis=-1)
    return integral - np.einsum("ti,ij,tj->t", X, W, X) / 2 - X @ Theta
