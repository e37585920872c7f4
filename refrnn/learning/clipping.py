"""Gradient clipping as the lectures have it, by the kernels of clip-norm, clip-value and clip-halving."""

import numpy as np

import refrnn
from refrnn.learning.settings import checked


class _Clip:
    """All gradients together, through the row ``id``, whose threshold is called ``limit``."""

    def __init__(self, id, limit, number):
        self.spec, self._limit = refrnn.load(id), limit
        least = self.spec.symbols[limit].low
        self._number = checked(f"{id}: {limit}", number, lambda number: least <= number < np.inf, f"of at least {least:g}")

    def __call__(self, gradients):
        """The clipped gradients, by name, new arrays all."""
        g = np.concatenate([gradient.ravel() for gradient in gradients.values()])
        values = {"g": g, "G": np.zeros((1, 1), g.dtype), self._limit: g.dtype.type(self._number)}
        clipped = self.spec.forward({name: value for name, value in values.items() if name in self.spec.arrays}).outputs["g_clipped"]
        ends = np.cumsum([gradient.size for gradient in gradients.values()])[:-1]
        return {name: part.reshape(gradient.shape) for (name, gradient), part in zip(gradients.items(), np.split(clipped, ends))}

    def __repr__(self):
        return f"<clipping by {self.spec.id}, {self._limit} = {self._number:g}>"


def by_norm(tau: float):
    """Clipping by the norm of all gradients together, as the row clip-norm has it."""
    return _Clip("clip-norm", "tau", tau)


def by_value(c: float):
    """Clipping of every entry into [-c, c], as the row clip-value has it."""
    return _Clip("clip-value", "c", c)


def by_halving(tau: float):
    """Halving, once, where the norm of all gradients reaches ``tau``, as the row clip-halving has it."""
    return _Clip("clip-halving", "tau", tau)
