"""The way back over a tape: reverse mode, which leaves the tape as it is."""

import numpy as np

from refrnn.equation.functions import unbroadcast


def power_of(base, exponent, dtype):
    """Of numbers as of arrays, of which NumPy takes the root for the power 0.5: that of -inf is NaN, and that of -0.0 is -0.0."""
    return np.sqrt(base) if exponent == 0.5 else base**exponent if isinstance(exponent, int) else base ** dtype(exponent)


class Sweep:
    """The adjoints of one way back, by node. Sweeps of one tape share nothing: two threads may run two of them.

    With ``absorbing`` an adjoint of zero passes on zeros, whatever the slope is: what a branch that is not taken would
    have computed (the root of a negative number, a number too large) then has no say in the gradient. ``noise`` shakes
    every step of the way.
    """

    def __init__(self, algebra, absorbing=False):
        self.tape = algebra.tape
        self.dtype = algebra.dtype
        self.noise = algebra.noise
        self.functions = algebra.functions
        self.rank = algebra.rank
        self.absorbing = absorbing
        self.adjoints = {}
        self.owned = set()

    def of(self, node):
        """The adjoint of a node, or None where nothing came."""
        return self.adjoints.get(node)

    def run(self):
        """From the last node to the first."""
        adjoint_of, accumulate = self.adjoints.get, self.accumulate
        for node in reversed(self.tape):
            adjoint = adjoint_of(node)
            if adjoint is None or not node.parents:
                continue
            if node.name == "index":
                self._scatter(node.parents[0], node.detail, adjoint)
                continue
            for parent, gradient in zip(node.parents, self._pulled(node, adjoint)):
                if parent.needs and gradient is not None:
                    accumulate(parent, gradient)

    def accumulate(self, node, gradient):
        """Add ``gradient`` to the adjoint of ``node``."""
        adjoint = self.adjoints.get(node)
        if adjoint is None:
            self.adjoints[node] = gradient
            return
        self.adjoints[node] = self._shaken(adjoint + gradient, 1)
        self.owned.add(node)

    def _scatter(self, node, where, gradient):
        adjoint = self.adjoints.get(node)
        if node not in self.owned:
            fresh = np.zeros(node.value.shape, self.dtype)
            if adjoint is not None:
                fresh += adjoint
            self.adjoints[node] = adjoint = fresh
            self.owned.add(node)
        adjoint[where] = self._shaken(adjoint[where] + gradient, 1)

    def _pulled(self, node, g):
        """What a node passes on to each of its parents."""
        function = self.functions.get(node.name)
        values = [parent.value for parent in node.parents]
        if function is not None and function.pull is not None:
            return self._pulled_by(function, node, g, values)
        if node.name == "copy":
            return (g,)
        if node.name == "stack":
            return tuple(g)
        if node.name == "total":
            return [self._unbroadcast(g, value) for value in values]
        if node.name == "select":
            zero = np.zeros_like(g)
            parts = np.where(node.detail, g, zero), np.where(node.detail, zero, g)
            return [self._unbroadcast(part, value) for part, value in zip(parts, values)]
        if node.name == "scaled":
            return (g * node.detail,)
        if node.name == "power":
            exponent = node.detail
            if exponent == 0:
                return (np.zeros_like(g),)
            return (self._shaken(self._absorbed(g * exponent * power_of(values[0], exponent - 1, self.dtype), g), 3),)
        if node.name == "matmul":
            return self._products(g, *values)
        # What is left is the outer product.
        return self._product_shaken(g, values[1], zeros_of=0), self._product_shaken(self._turned(g), values[0], zeros_of=0)

    def _pulled_by(self, function, node, g, values):
        chosen = () if function.decide is None else (node.detail,)
        pulled = function.pull(g, node.value, *values, *chosen)
        if self.absorbing:
            if function.elementwise:
                pulled = [self._absorbed(part, g) for part in pulled]
            else:
                pulled = self._silenced(pulled, g)
        if function.elementwise and len(values) > 1:
            (left, right), (of_left, of_right) = pulled, values
            return self._unbroadcast(self._shaken(left, 2), of_left), self._unbroadcast(self._shaken(right, 2), of_right)
        if self.noise is None:
            return pulled
        if function.pull_summed is not None:
            terms = function.pull_summed(g, node.value, *values)
            return (self.noise.against(pulled[0], terms, 2, lambda: terms),)
        return [self._shaken(gradient, 2) for gradient in pulled]

    @staticmethod
    def _silenced(pulled, g):
        """What is passed on where an adjoint is zero everywhere."""
        return pulled if np.any(g) else [None if part is None else np.zeros_like(part) for part in pulled]

    def _absorbed(self, part, g):
        return np.where(g == 0, np.zeros_like(part), part) if self.absorbing else part

    def _shaken(self, gradient, roundings):
        return gradient if self.noise is None or gradient is None else self.noise.relative(gradient, roundings)

    def _unbroadcast(self, part, like):
        """Sum a gradient over the axes along which its argument was repeated."""
        if part.shape == like.shape:
            return part
        summed = unbroadcast(part, like)
        if self.noise is None:
            return summed
        return self.noise.summed(summed, *_terms_of(part, like))

    def _products(self, g, left, right):
        if self.rank(left) == 2 and self.rank(right) == 1:
            return self._shaken(self._product(g[:, None], right[None, :], zeros_of=0), 2), self._product_shaken(self._turned(left), g, zeros_of=1)
        if self.rank(left) == 1 and self.rank(right) == 2:
            return self._product_shaken(right, g, zeros_of=1), self._shaken(self._product(left[:, None], g[None, :], zeros_of=1), 2)
        if self.rank(left) == 1:
            return tuple(self._shaken(self._absorbed(g * other, g), 2) for other in (right, left))
        return self._product_shaken(g, self._turned(right), zeros_of=0), self._product_shaken(self._turned(left), g, zeros_of=1)

    def _product_shaken(self, left, right, zeros_of):
        value = self._product(left, right, zeros_of)
        return value if self.noise is None else self.noise.product(left, right, value)

    def _product(self, left, right, zeros_of):
        """left @ right; with ``absorbing``, zeros of the factor ``zeros_of`` silence what they meet in the other."""
        if not self.absorbing:
            return self.functions["matmul"].value(left, right)
        right_columns = right[:, None] if self.rank(right) == 1 else right
        terms = left[:, :, None] * right_columns[None, :, :]
        zero = (left == 0)[:, :, None] if zeros_of == 0 else (right_columns == 0)[None, :, :]
        total = np.where(zero, np.zeros_like(terms), terms).sum(axis=1)
        return total[:, 0] if self.rank(right) == 1 else total

    def _turned(self, matrix):
        return self.functions["transpose"].value(matrix)


def _terms_of(part, like):
    """The terms of an unbroadcast sum and how they are summed."""
    if like.ndim == 0:
        return (part,)
    axes = tuple(axis for axis, size in enumerate(like.shape) if size == 1 and part.shape[axis] != 1)
    return part, axes, True
