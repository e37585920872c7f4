"""Follows the adjoint equations of a spec: a route to its gradients that shares the text with all others, and not the way back."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.equation import EquationPass
from refrnn.equation.algebra import Numbers
from refrnn.errors import SpecError
from refrnn.spec.gradient import adjoint_of, program_of

ALLOWED = 1e-15  # relative to the largest entry of a gradient, and of what cancels in it: both routes compute in extended precision


@dataclass(frozen=True)
class Followed:
    """How far the gradients by adjoint equations are from those of the tape; ``refused`` says why there are no such equations."""

    equations: int = 0
    error: float = 0.0
    symbol: str = ""
    refused: str = ""

    @property
    def ok(self):
        return self.error <= ALLOWED

    def __str__(self):
        return f"the gradient of {self.symbol} differs by {self.error:.2g} from that of its adjoint equations (allowed {ALLOWED:g})"


def follow(spec, truths):
    """Hold the gradients of each truth against what the adjoint equations give on its forward values, all by its own numbers."""
    found = {}
    try:
        made = adjoint_of(spec)
        program = program_of(spec, made)
        for truth in truths:
            for name, error in _errors(spec, truth, made, program):
                found[name] = max(found.get(name, 0.0), error)
    except SpecError as error:
        return Followed(refused=str(error))
    symbol = max(found, key=found.get)
    return Followed(len(made.equations), found[symbol], symbol)


def forward_values(spec, truth, made, dtype):
    """For each sequence of a case: the sequence, all that its adjoint equations read, and its run, in one precision."""
    wanted = tuple(dict.fromkeys((*spec.outputs, *made.values)))
    passed = EquationPass(spec, truth.checked, dtype, wanted=wanted)
    sequences = passed.sequences
    for item, run in zip(sequences.items, passed.runs):
        seeds = {name: np.asarray(sequences.seed(name, array, item), dtype) for name, array in truth.upstream.items()}
        values = {name: run.value(name) for name in made.values}
        yield item, {**run.arrays, **values, **{upstream: seeds[name] for name, upstream in made.upstream.items()}}, (run, seeds, sequences)


def _errors(spec, truth, made, program):
    """(array, relative error of its gradient) for each sequence; an error that is no number is infinite."""
    for item, given, (run, seeds, sequences) in forward_values(spec, truth, made, np.longdouble):
        followed = program.run(given, sequences.sizes(item), Numbers(np.longdouble, record=False), truth.checked.integers)
        right = run.backward(seeds)
        for name in spec.differentiated:
            size = np.abs(right[name]).max(initial=0) + np.max(truth.cancelling(("gradient", f"d_{name}")), initial=0)
            apart = np.abs(followed.value(made.gradients[name]) - right[name]).max(initial=0)
            yield name, _relative(float(apart), float(size))


def _relative(apart, size):
    if not np.isfinite(apart):
        return float("inf")
    return apart / size if size else apart
