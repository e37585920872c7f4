"""The equation backend: the YAML text itself, evaluated one sequence at a time, differentiated on its tape."""

from collections import Counter

import numpy as np

from refrnn.backends.sequences import Sequences
from refrnn.equation.algebra import Numbers
from refrnn.equation.noise import NEAREST, Nearest, Noise
from refrnn.equation.operations import MOST, MOST_KEPT
from refrnn.errors import ValuesError


class EquationPass:
    """One forward pass of a program over a batch, ready to be swept back.

    ``dtype`` is the precision of the arithmetic (longdouble for the truth), ``noise`` a seed for random rounding to the
    precision of the values, or NEAREST, ``program`` another program than the spec's own (a mutant, a misprint),
    ``choices`` a :class:`Held` for each sequence, ``scaled`` what :meth:`Program.run` says. ``wanted`` names defined
    symbols to compute instead of the outputs.
    """

    def __init__(self, spec, checked, dtype=None, noise=None, program=None, choices=None, scaled=None, wanted=None):
        self.spec = spec
        self.dtype = np.dtype(dtype or checked.dtype)
        self.sequences = Sequences(spec, checked)
        self.checked = checked
        self.program = program or spec.program
        self.noise = noise
        self.scaled = scaled
        self.wanted = wanted
        self.choices = choices or [None] * len(self.sequences.items)
        self._check_work()
        self.runs = [self._run(item, held) for item, held in zip(self.sequences.items, self.choices)]

    def _check_work(self):
        """Refuse what would run for minutes, or not fit into memory, though each sequence by itself would."""
        sizes = Counter(tuple(self.sequences.sizes(item).items()) for item in self.sequences.items)
        amounts = [self.program.amounts(dict(chosen), self.checked.integers, self.wanted) for chosen in sizes]
        for place, (most, what) in enumerate(((MOST, "operations"), (MOST_KEPT, "numbers to keep"))):
            if sum(count * amount[place] for count, amount in zip(sizes.values(), amounts)) > most:
                raise ValuesError(
                    f"{self.spec.id}: {len(self.sequences.items):,} sequences are too much for the equation, which takes one at a time, "
                    f"more than {most:,} {what}; choose fewer, or another backend"
                )

    def _run(self, item, held):
        arrays = {}
        for name, array in self.checked.arrays.items():
            part = self.sequences.take(name, array, item)
            arrays[name] = part if part.dtype.kind in "iu" else np.asarray(part, self.dtype)
        noise = None
        if self.noise == NEAREST:
            noise = Nearest(self.checked.dtype, 0, self.dtype)
        elif self.noise is not None:
            noise = Noise(self.checked.dtype, [self.noise, item if isinstance(item, int) else 0], self.dtype)
        algebra = Numbers(self.dtype, noise=noise, choices=held)
        sizes, integers = self.sequences.sizes(item), self.checked.integers
        return self.program.run(arrays, sizes, algebra, integers, self.wanted, self.spec.differentiated, self.scaled)

    def gather(self, names):
        """Library arrays of defined symbols; those not wholly computed are left out."""
        gathered = {}
        for name in names:
            array = self.sequences.empty(name, self.dtype)
            for item, run in zip(self.sequences.items, self.runs):
                value = run.value(name)
                if value is None:
                    break
                self.sequences.put(name, array, item, value)
            else:
                gathered[name] = array
        return gathered

    def backward(self, upstream, absorbing=None):
        """Gradients by symbol name, parameters summed over the sequences; ``absorbing`` as in :meth:`Run.backward`."""
        gradients = {name: self.sequences.empty(name, self.dtype) for name in self.spec.differentiated}
        with np.errstate(all="ignore"):  # infinities of two sequences may cancel
            for item, run in zip(self.sequences.items, self.runs):
                for name, gradient in run.backward(self._seeds(upstream, item), absorbing).items():
                    self._join(gradients, name, item, gradient, run.algebra.noise)
        return gradients

    def _seeds(self, upstream, item):
        return {name: self.sequences.seed(name, np.asarray(array, self.dtype), item) for name, array in upstream.items()}

    def _join(self, gradients, name, item, gradient, noise):
        if self.spec.batch_axis(name) is None:
            total = gradients[name] + gradient
            gradients[name] = total if noise is None else noise.relative(total, 1)
        else:
            self.sequences.put(name, gradients[name], item, gradient)

    def adjoints(self, names, upstream):
        """Adjoints of defined symbols, as library arrays."""
        gathered = {name: self.sequences.empty(name, self.dtype) for name in names}
        for item, run in zip(self.sequences.items, self.runs):
            sweep = run.sweep(self._seeds(upstream, item))
            for name in names:
                self.sequences.put(name, gathered[name], item, run.adjoint(sweep, name))
        return gathered


def answer(spec, checked):
    """See :func:`refrnn.backends.run.forward`: outputs, intermediates, and the way back."""
    passed = EquationPass(spec, checked.copied())
    found = passed.gather(spec.defined)
    outputs = {name: found.pop(name) for name in spec.outputs}
    return outputs, found, passed.backward
