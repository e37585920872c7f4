"""Random rounding, and rounding to the nearest: what an honest implementation in a case's precision could have computed."""

import operator
from array import array

import numpy as np

NEAREST = "nearest"  # said in place of a seed


class Noise:
    """Rounds every result to a number of the precision ``dtype``, up or down at random (Parker 1997).

    What the precision holds exactly stays as it is. A function that costs more than one rounding is first moved by the
    rest of its cost. Numbers come and go in ``wide``, a precision that holds what lies between two numbers of ``dtype``;
    where that is ``dtype`` itself, what float64 holds counts as exact.
    """

    matmul = staticmethod(operator.matmul)
    BLOCK = 4096  # random numbers are drawn in blocks: most values are a single number or a short vector

    def __init__(self, dtype, seed, wide=np.longdouble):
        self.dtype = np.dtype(dtype).type
        self.wide = np.dtype(wide).type
        self.exact = np.float64 if self.dtype is self.wide else self.dtype
        # Python's own number, where it is as wide, is far quicker than NumPy's.
        self.number = float if self.wide is np.float64 else self.wide
        self.eps = self.number(np.finfo(dtype).eps)
        self.one = self.wide(1)
        self.cell = array("f" if self.exact is np.float32 else "d", [0])  # rounds a single number sooner than NumPy
        self.random = np.random.default_rng(seed)
        self.singles = iter(())
        self.block = np.empty(0, self.wide)
        self.taken = 0  # how much of the block
        self.factors = {}  # by how many roundings: what the numbers of the block multiply a result by
        self.spreads = {}  # by how many roundings: how far they move, beyond the last one, relative to what is moved

    def relative(self, value, roundings):
        """A result whose error counts in units of itself."""
        if not roundings:
            return value
        if value.ndim == 0:
            number = float(value) if self.number is float else value
            if self._holds(number):
                return value
            return self._rounded(number * (self._spread(roundings) * self._single() + 1))
        inexact = value.astype(self.exact) != value
        count = np.count_nonzero(inexact)
        if not count:
            return value
        return self._rounded_where(inexact, count, self._factors(value, roundings) * value, value)

    def against(self, value, magnitude, roundings, whole=None):
        """A result whose error counts in units of ``magnitude``, that of the terms which cancel in it.

        A sum may be exact by what cancels, and the sums on the way to it not: it is exact where ``whole()``, the sum of
        the terms' magnitudes, is so too.
        """
        if value.ndim == 0:
            if self._holds(value) and (whole is None or self._holds(whole())):
                return value[()]
            return self._rounded(value + self._uniform(value) * self._spread(roundings) * magnitude)
        inexact = value.astype(self.exact) != value
        count = np.count_nonzero(inexact)
        if whole is not None and count < value.size:
            largest = whole()
            inexact |= largest.astype(self.exact) != largest
            count = np.count_nonzero(inexact)
        if not count:
            return value
        moved = self._uniform(value)
        moved *= self._spread(roundings)
        moved *= magnitude
        moved += value
        return self._rounded_where(inexact, count, moved, value)

    def _holds(self, number):
        self.cell[0] = number
        return self.cell[0] == number

    def _rounded(self, number):
        """To the precision, and back to the wide one: a product with a float is the quickest way there."""
        if self.dtype is self.wide:
            return self.dtype(number)
        self.cell[0] = number
        return self.one * self.cell[0]

    def _rounded_where(self, inexact, count, moved, value):
        """``moved`` rounded where the ``value`` is inexact, which it is at ``count`` places."""
        rounded = moved.astype(self.dtype).astype(self.wide)
        return rounded if count == value.size else np.where(inexact, rounded, value)

    def _spread(self, roundings):
        spread = self.spreads.get(roundings)
        if spread is None:
            spread = self.spreads[roundings] = self.eps * (roundings - 0.5)
        return spread

    def summed(self, value, terms, axis=None, keepdims=False):
        """A sum: its error scales with the terms, not with what is left of them."""
        length = np.sqrt(np.sum(terms * terms, axis=axis, keepdims=keepdims))
        return self.against(value, np.maximum(np.abs(value), length), 4, lambda: np.sum(np.abs(terms), axis=axis, keepdims=keepdims))

    def product(self, left, right, value):
        """A sum of products: its error scales with the products' lengths, not with their cancelled sum."""
        if left.ndim == 1 and right.ndim == 1:
            products = left * right
            return self._of_products(left, right, value, np.sqrt(np.add.reduce(products * products)), left.size)
        a, b = np.asarray(left, float), np.asarray(right, float)
        return self._of_products(left, right, value, np.sqrt((a * a) @ (b * b)), left.shape[-1])

    def _of_products(self, left, right, value, scale, terms):
        return self.against(value, 1.7 * scale, max(1.0, 0.5 * terms**0.5) + 0.5, lambda: self.matmul(np.abs(left), np.abs(right)))

    def _single(self):
        """One number between -1 and 1."""
        number = next(self.singles, None)
        if number is None:
            self.singles = iter(self.random.uniform(-1, 1, self.BLOCK).tolist())
            number = next(self.singles)
        return number

    def _uniform(self, like):
        """An array of numbers between -1 and 1, which is the caller's to write into."""
        place = self._take(like)  # first: it may take another block
        taken = self.block[place]
        return taken if like.ndim == 1 else taken.reshape(like.shape)[()]

    def _factors(self, like, roundings):
        """An array of numbers near 1, which move by the spread of so many roundings; of a whole block at once."""
        place = self._take(like)
        factors = self.factors.get(roundings)
        if factors is None:
            factors = self.factors[roundings] = self.block * self._spread(roundings)
            factors += 1
        return factors[place] if like.ndim == 1 else factors[place].reshape(like.shape)

    def _take(self, like):
        """The places of the block's next numbers, as many as an array has."""
        begin, end = self.taken, self.taken + like.size
        if end > self.block.size:
            self.block = self.random.uniform(-1, 1, max(like.size, self.BLOCK)).astype(self.wide, copy=False)
            self.factors.clear()
            begin, end = 0, like.size
        self.taken = end
        return slice(begin, end)


class Nearest(Noise):
    """Rounds every result to the nearest number, as machines do.

    Where few numbers are added over and over, as the same words' vectors are, that errs to the same side for as long as
    the sum has as many digits: in a thousand terms by more than chance does.
    """

    def _single(self):
        return 0.0

    def _uniform(self, like):
        return np.zeros(like.shape, self.wide)

    def _factors(self, like, roundings):
        return 1
