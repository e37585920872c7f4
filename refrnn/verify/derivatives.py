"""Confirms the adjoints of an equation by a derivative that shares no code with them: <J v, w> = <v, J' w>."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.equation.differentiate import central_difference, complex_step, is_analytic

# Relative to the length of the two vectors: a complex step is exact to rounding of extended precision,
# a central difference of step 1e-6 to the square of its step.
ALLOWED = {"complex step": 1e-15, "central differences": 1e-9}


@dataclass(frozen=True)
class Confirmed:
    """How well the adjoints agree with a numerical derivative, relative to the lengths of both."""

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
    method = "complex step" if is_analytic(spec.program) else "central differences"
    derivative = complex_step if method == "complex step" else central_difference
    equation_pass = EquationPass(spec, truth.checked, np.longdouble)
    sequences = equation_pass.sequences
    random = np.random.default_rng([truth.case.seed, 7])
    worst = Confirmed(method, 0.0, "")
    for item, run in zip(sequences.items, equation_pass.runs):
        seeds = {name: sequences.take(name, np.asarray(array, np.longdouble), item) for name, array in truth.upstream.items()}
        adjoints = run.backward(seeds)
        for name in spec.differentiated:
            along = np.asarray(random.standard_normal(np.shape(run.arrays[name])), np.longdouble)
            moved = derivative(spec.program, run.arrays, sequences.sizes(item), truth.checked.integers, {name: along})
            error = _mismatch(moved, seeds, along, adjoints[name])
            if not error <= worst.error:
                worst = Confirmed(method, error, name)
    return worst


def _mismatch(moved, seeds, along, adjoint):
    """|<J v, w> - <v, J' w>| relative to the sums of the magnitudes of both products."""
    left = sum(np.sum(moved[name] * seeds[name]) for name in moved)
    right = np.sum(along * adjoint)
    size = sum(np.sum(np.abs(moved[name] * seeds[name])) for name in moved) + np.sum(np.abs(along * adjoint))
    return float(np.abs(left - right) / size) if size > 0 else 0.0
