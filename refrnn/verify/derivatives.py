"""Confirms the adjoints of an equation by a derivative that shares no code with them: <J v, w> = <v, J' w>."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.equation.differentiate import central_difference, complex_step, finer_difference, is_analytic

# Relative to the magnitudes of what is summed: a complex step is exact to rounding of extended precision,
# a central difference of step 1e-6 to the square of its step.
ALLOWED = {"complex step": 1e-15, "central differences": 1e-9}


@dataclass(frozen=True)
class Confirmed:
    """How well the adjoints agree with a numerical derivative, relative to the magnitudes of what is summed in both."""

    method: str
    error: float
    symbol: str

    @property
    def ok(self):
        return self.error <= ALLOWED[self.method]

    def __str__(self):
        return f"the gradient of {self.symbol} differs from {self.method} by {self.error:.2g} (allowed {ALLOWED[self.method]:g})"


def confirm(spec, truth):
    """Hold the adjoint of every array against a numerical derivative along a random direction, sequence by sequence."""
    if is_analytic(spec.program):
        return _confirmed(spec, truth, "complex step", complex_step)
    found = _confirmed(spec, truth, "central differences", central_difference)
    return found if found.ok else _confirmed(spec, truth, "central differences", finer_difference)


def _confirmed(spec, truth, method, derivative):
    random = np.random.default_rng([truth.case.seed, 7])
    equation_pass = EquationPass(spec, truth.checked, np.longdouble)
    apart = dict.fromkeys(spec.differentiated, 0.0)
    sizes = dict.fromkeys(spec.differentiated, 0.0)
    for item, run in zip(equation_pass.sequences.items, equation_pass.runs):
        for name, difference, size in _mismatches(spec, truth, equation_pass.sequences, item, run, random, derivative):
            apart[name] = max(apart[name], difference) if np.isfinite(difference) else float("inf")
            sizes[name] += size
    errors = {name: _relative(apart[name], sizes[name]) for name in apart}
    symbol = max(errors, key=errors.get)
    return Confirmed(method, float(errors[symbol]), symbol)


def _relative(apart, size):
    """Infinite where the difference is, whatever its size: that of NaN is NaN."""
    return apart / size if 0 < apart < float("inf") else apart


def _mismatches(spec, truth, sequences, item, run, random, derivative):
    """(symbol, |<J v, w> - <v, J'w>|, the magnitudes of what is summed in both) for each array of one sequence."""
    seeds = {name: sequences.take(name, np.asarray(array, np.longdouble), item) for name, array in truth.upstream.items()}
    adjoints = run.backward(seeds)
    along = {name: np.asarray(random.standard_normal(np.shape(run.arrays[name])), np.longdouble) for name in spec.differentiated}
    moved = derivative(spec.program, run.arrays, sequences.sizes(item), truth.checked.integers, *({name: one} for name, one in along.items()))
    for lane, name in enumerate(spec.differentiated):
        products = [moved[output][..., lane] * seeds[output] for output in moved]
        back = along[name] * adjoints[name]
        size = sum(np.sum(np.abs(product)) for product in products) + np.sum(np.abs(back))
        if name not in truth.checked.omitted:
            size += np.sum(np.abs(along[name]) * sequences.take(name, truth.cancelling(("gradient", f"d_{name}")), item))
        yield name, np.abs(sum(np.sum(product) for product in products) - np.sum(back)), size
