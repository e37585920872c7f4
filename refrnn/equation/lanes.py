"""Many runs at once: each array has a last axis more, its lanes, of which every run has one.

Sequences of the same sizes, and the same one rounded otherwise, differ in nothing but their numbers, and Python's share
of the work is the same for one as for many. With the lanes last what is done element by element, reads a part or builds
an array of parts is written as ever; what looks along the last axis, or at all of an array, stands here.
"""

from dataclasses import replace

import numpy as np

from refrnn.equation.algebra import Node, Numbers
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.noise import Nearest, Noise
from refrnn.equation.sweep import Sweep


class Apart(Exception):
    """A condition holds on some lanes only: these runs go different ways, and each has to be run by itself."""


class Lanes(Numbers):
    """The algebra of numbers on ``lanes`` lanes; ``noise`` is a :class:`LaneNoise`, ``choices`` a :class:`HeldTogether`."""

    def __init__(self, dtype, lanes, **options):
        super().__init__(dtype, **options)
        self.lanes = (lanes,)

    functions = None  # below

    def way_back(self, absorbing):
        return LaneSweep(self, absorbing)

    def _apart(self, name, function, arguments, values, sized):
        if not function.sized:
            return super()._apart(name, function, arguments, values, sized)
        value = np.asarray(function.value(*values, *sized), self.dtype)
        if name == "one_hot":
            return Node(value, name, detail=(values[0].real.astype(int), False))
        return Node(np.broadcast_to(value[..., None], value.shape + self.lanes), name)

    def _looked_up(self, name, left, right=None):
        if name == "negative":
            return super()._looked_up(name, left)
        (places, negative), found = (right.detail, left) if right.name == "one_hot" else (left.detail, right)
        if (places == places[0]).all():
            where = (int(places[0]),) if found is right or self.rank(found.value) == 1 else ((0, len(found.value)), int(places[0]))
            entry = self.index(found, where)
        else:
            entry = self._entries(found, places, found is left and self.rank(found.value) == 2)
        return self.apply("negative", entry) if negative else entry

    def _entries(self, node, places, columns):
        """The entries, rows or columns at another place on each lane."""
        lanes = np.arange(len(places))
        others = np.arange(node.value.shape[not columns])[:, None] if self.rank(node.value) == 2 else None
        where = (places, lanes) if others is None else (others, places, lanes) if columns else (places, others, lanes)
        if self.noise is None:
            return self._node(node.value[where], "index", (node,), where)
        value = self._once(("index", id(node.value), columns, places.tobytes()), node.value, node.value.__getitem__, where)
        return self._node(value, "index", (node,), where)

    def _agreed(self, condition):
        if condition.all():
            return True
        if condition.any():
            raise Apart
        return False


class LaneSweep(Sweep):
    """The way back over a tape with lanes."""

    @staticmethod
    def _silenced(pulled, g):
        silent = ~np.any(g, axis=_axes(g))
        return [None if part is None else np.where(silent, np.zeros_like(part), part) for part in pulled] if silent.any() else pulled

    def _unbroadcast(self, part, like):
        if part.shape == like.shape:
            return part
        axes = _axes(part)
        if like.ndim > 1:
            axes = tuple(axis for axis in axes if like.shape[axis] == 1 and part.shape[axis] != 1)
        summed = part.sum(axis=axes, keepdims=like.ndim > 1)
        return summed if self.noise is None else self.noise.summed(summed, part, axes, like.ndim > 1)


def _axes(array):
    """All but the lanes."""
    return tuple(range(array.ndim - 1))


def _outside(array):
    """The lanes first, as NumPy's products and functions of the last axis want them."""
    return array.T if array.ndim <= 2 else array.transpose(2, 0, 1)


def _inside(array):
    return array.T if array.ndim <= 2 else array.transpose(1, 2, 0)


def matmul(left, right):
    """The product of matrices and vectors, on each lane."""
    if left.ndim == right.ndim == 3 and len(right) == 1:
        return left * right  # a column times a row: no sums
    a, b = _outside(left), _outside(right)
    product = (a[:, None] if left.ndim == 2 else a) @ (b[:, :, None] if right.ndim == 2 else b)
    product = product[:, :, 0] if right.ndim == 2 else product
    return _inside(product[:, 0] if left.ndim == 2 else product)


class LaneNoise(Noise):
    """Random rounding on lanes, of each by numbers of its own."""

    matmul = staticmethod(matmul)

    def product(self, left, right, value):
        if left.ndim == right.ndim == 2:
            products = left * right
            return self._of_products(left, right, value, np.sqrt(np.add.reduce(products * products)), len(left))
        a, b = np.asarray(left, float), np.asarray(right, float)
        return self._of_products(left, right, value, np.sqrt(matmul(a * a, b * b)), left.shape[-2])


class LaneNearest(Nearest, LaneNoise):
    """Rounding to the nearest on lanes."""


def _each(function):
    """A function of arrays, and what comes after them, on lanes: one after the other."""

    def on_lanes(*arguments):
        lanes = arguments[0].shape[-1]
        parts = [function(*[one[..., lane] if isinstance(one, np.ndarray) else one for one in arguments]) for lane in range(lanes)]
        if isinstance(parts[0], tuple):
            return tuple(None if together[0] is None else np.stack(together, axis=-1) for together in zip(*parts))
        return np.stack(parts, axis=-1)

    return function and on_lanes


def _along(function):
    """A function of the last axis of arrays, on lanes."""

    def on_lanes(*arrays):
        found = function(*map(_outside, arrays))
        return tuple(map(_inside, found)) if isinstance(found, tuple) else _inside(found)

    return function and on_lanes


def _on_lanes(function, how):
    names = ("value", "pull", "decide", "summed", "pull_summed")
    return replace(function, **{name: how(getattr(function, name)) for name in names})


def _length(array):
    return np.sqrt(np.sum(array * array, axis=_axes(array)))


def _sum(a):
    return a.sum(axis=_axes(a))


def _count(a):
    return a[..., 0].size


def _turned(matrix):
    return matrix.swapaxes(0, 1)


def _sum_terms(out, a):
    return np.maximum(np.abs(out), _length(a))


def _mean_terms(out, a):
    return np.maximum(np.abs(out), _length(a) / _count(a))


_WAYS = {"last axis": _along, "each": _each}
Lanes.functions = {
    name: function if function.lanes == "alike" else _on_lanes(function, _WAYS[function.lanes]) for name, function in FUNCTIONS.items()
} | {  # quicker than for each
    "sum": replace(FUNCTIONS["sum"], value=_sum, summed=_sum_terms),
    "mean": replace(FUNCTIONS["mean"], value=lambda a: _sum(a) / _count(a), pull=lambda g, out, a: (np.full_like(a, g / _count(a)),), summed=_mean_terms),
    "matmul": replace(FUNCTIONS["matmul"], value=matmul),
    "outer": replace(FUNCTIONS["outer"], value=lambda left, right: left[:, None] * right[None]),
    "transpose": replace(FUNCTIONS["transpose"], value=_turned, pull=lambda g, out, a: (_turned(g),)),
}  # fmt: skip
