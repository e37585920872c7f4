"""The equation backend: the YAML text itself, evaluated one sequence at a time, differentiated on its tape."""

import numpy as np

from refrnn.backends.sequences import Sequences
from refrnn.equation.algebra import Noise, Numbers


class EquationPass:
    """One forward pass of a program over a batch, ready to be swept back.

    ``dtype`` is the precision of the arithmetic (longdouble for the truth), ``noise`` a seed and an eps for
    random rounding, ``program`` another program than the spec's own (a mutant, a misprint). ``wanted`` names defined
    symbols to compute instead of the outputs.
    """

    def __init__(self, spec, checked, dtype=None, noise=None, program=None, wanted=None):
        self.spec = spec
        self.dtype = np.dtype(dtype or checked.dtype)
        self.sequences = Sequences(spec, checked)
        self.checked = checked
        self.program = program or spec.program
        self.noise = noise
        self.wanted = wanted
        self.runs = [self._run(item) for item in self.sequences.items]

    def _run(self, item):
        arrays = {}
        for name, array in self.checked.arrays.items():
            part = self.sequences.take(name, array, item)
            arrays[name] = part if part.dtype.kind in "iu" else np.asarray(part, self.dtype)
        noise = None
        if self.noise is not None:
            eps, seed = self.noise
            noise = Noise(eps, [seed, 0 if not isinstance(item, int) else item])
        algebra = Numbers(self.dtype, noise=noise)
        sizes, differentiated = self.sequences.sizes(item), self.spec.differentiated
        return self.program.run(arrays, sizes, algebra, self.checked.integers, self.wanted, differentiated)

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

    def backward(self, upstream):
        """Gradients by symbol name, parameters summed over the sequences."""
        gradients = {name: self.sequences.empty(name, self.dtype) for name in self.spec.differentiated}
        for item, run in zip(self.sequences.items, self.runs):
            seeds = {name: self.sequences.take(name, np.asarray(array, self.dtype), item) for name, array in upstream.items()}
            for name, gradient in run.backward(seeds).items():
                self._join(gradients, name, item, gradient)
        return gradients

    def _join(self, gradients, name, item, gradient):
        if self.spec.batch_axis(name) is None:
            gradients[name] = gradients[name] + gradient
        else:
            self.sequences.put(name, gradients[name], item, gradient)

    def adjoints(self, names):
        """After :meth:`backward`: adjoints of defined symbols, as library arrays."""
        gathered = {}
        for name in names:
            gathered[name] = self.sequences.empty(name, self.dtype)
            for item, run in zip(self.sequences.items, self.runs):
                self.sequences.put(name, gathered[name], item, run.adjoint(name))
        return gathered


def answer(spec, checked):
    """See :func:`refrnn.backends.run.forward`: outputs, intermediates, and the way back."""
    passed = EquationPass(spec, checked.copied())
    found = passed.gather(spec.defined)
    outputs = {name: found.pop(name) for name in spec.outputs}
    return outputs, found, passed.backward
