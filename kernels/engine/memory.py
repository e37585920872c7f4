"""Memory of compiled kernels: what a pass writes beside its outputs and gradients, and passes that keep none of it.

A pass forward that is bound to its weights keeps nothing for the way back: what it writes is work memory, of symbols that are
read again a few steps later no more than those steps, and matrices stay packed.
"""

import contextvars
import math
from functools import partial

import numpy as np

from ..primitives.arguments import MOST_FORMS
from ..primitives.products import packed
from .pool import LITTLE, POOL

ALL = -1  # of a place ``& kept``: the place itself
_bound = contextvars.ContextVar("refrnn_bound", default=None)  # packed matrices by name, of a pass that keeps nothing


class Memory:
    """What one pass takes beside what it gives. ``ends``: the lengths of sequences by time, in the order of their most steps ``times``.

    A pass that ``keeps`` what its way back reads has it as long as somebody has this; one that is bound keeps nothing.
    """

    def __init__(self, ends, times, keeps=False):
        self._panels = _bound.get() if keeps else None
        self.keeps = keeps and self._panels is None
        self._taken, self.is_whole = [], all(given.min() == most for given, most in zip(ends.values(), times))

    def array(self, shape, dtype, whole=False):
        """Zeros for a symbol; anything where the pass gives the ``whole`` of it, but for what is past the ends of sequences."""
        shape = shape if isinstance(shape, tuple) else (shape,)
        if math.prod(shape) * dtype.itemsize < LITTLE:
            return np.zeros(shape, dtype)
        found = POOL.take(shape, dtype)
        if not (whole and self.is_whole):
            found[...] = 0
        self._taken.append(found)
        return found

    def steps(self, shape, few, dtype, whole=False):
        """As ``array``, for a symbol with its steps first of which, if nothing is kept, no more are read again than places ``& few`` there are: (array, few)."""
        if self.keeps or few >= shape[0]:
            return self.array(shape, dtype, whole), ALL
        return self.array((few + 1, *shape[1:]), dtype, whole), few

    def offered(self, array):
        """A function that copies an array, whoever asks when: while somebody has it, the memory is not given back."""
        return partial(self._copied, array)

    def _copied(self, array):
        return array.copy()

    def packed(self, name, matrix):
        """A matrix in panels, which a bound pass finds as the one before it left it."""
        if self._panels is None:
            return packed(matrix)
        if name not in self._panels:
            self._panels[name] = packed(matrix)
        return self._panels[name]

    def give(self):
        """Nobody reads any of it any more."""
        if POOL is not None:  # else the process is ending
            POOL.give(self._taken)
        self._taken = []

    __del__ = give


def last(array, places, kept=ALL):
    """What stands at the place of each sequence in an array (steps, B, ...), a copy."""
    return array[places & kept, np.arange(array.shape[1])]


class Bound:
    """``forward`` of a compiled module with its weights, as :class:`refrnn.kernels.engine.bound.Bound`: nothing is kept.

    ``inputs`` and ``starts``: the names of all else that it takes, with a time and without one.
    """

    def __init__(self, forward, weights, inputs, starts, whole=()):
        self._forward, self._check = forward.__wrapped__, forward.uncopied.fitting
        self.inputs, self.starts = {name: name for name in inputs}, {name: name for name in starts}
        self._whole = whole  # those of the inputs that are whole numbers
        self._weights = {name: np.array(weight, order="C") for name, weight in weights.items()}
        self._panels, self._fitting = {}, set()

    def __reduce__(self):
        raise TypeError("what is bound holds matrices as this processor reads them; pickle its weights, and bind them again")

    def forward(self, values, lengths=None, out=None):
        """Outputs, (T, B, ...) or (B, ...), and the state of each sequence by the names of starts; all the caller's own.

        Raises TypeError or ValueError where arrays do not fit each other and the weights; what lengths and whole numbers are is not asked.
        """
        given = {name: np.ascontiguousarray(values[name], np.int64 if name in self._whole else None) for name in (*self.inputs, *self.starts)}
        form = tuple([(array.shape, array.dtype) for array in given.values()])
        if form not in self._fitting:
            self._check({**given, **self._weights})
            if len(self._fitting) >= MOST_FORMS:
                self._fitting = set()
            self._fitting.add(form)
        token = _bound.set(self._panels)
        try:
            with np.errstate(all="ignore"):
                outputs, state = self._forward(**given, **self._weights, lengths=lengths)
        finally:
            _bound.reset(token)
        for name, array in (out or {}).items():
            array[...] = outputs[name]
        return outputs | (out or {}), state

    def step(self, values):
        """Outputs (B, ...) of one step of inputs (B, ...), and the state after it."""
        outputs, state = self.forward({name: array[None] if name in self.inputs else array for name, array in values.items()})
        return {name: array[0] for name, array in outputs.items()}, state
