"""Rows: where the numbers of one name are at each step, for each sequence and unit; how steps and products see an array.

Unit u of sequence b at step t is, in elements from ``base``, at

    (t + offset) * step + b * row + u                                   of an array whose rows are dense,
    (t + offset) * step + b * row + u // units * panel + u % units       of gates in panels, ``units`` = 2**shift of each gate:
                                                                        panels stand side by side in a row, or one after the other

GATES and OWN arrays are the engine's: their rows are as long as whole vectors, with zeros at the end, and their
sequences stand in the order of their lengths. GIVEN arrays are the caller's: their rows end where they end, and their
sequences stand in the caller's order. A NUMBER is one for all.
"""

import numpy as np

from ..primitives.tiles import SUMS, WIDEST, vector_bytes

GATES, OWN, GIVEN, NUMBER = 0, 1, 2, 3
ARRAY = np.dtype([(name, np.int64) for name in ("base", "step", "row", "panel", "shift", "offset")])


def lanes_of(dtype):
    """Numbers in a vector."""
    return vector_bytes() // np.dtype(dtype).itemsize


def padded(units, dtype):
    """``units`` up to whole vectors."""
    lanes = lanes_of(dtype)
    return -(-units // lanes) * lanes


class Panels:
    """The layout of rows of gates: in every panel a few units, ``each``, of each gate, gate after gate."""

    def __init__(self, gates, units, dtype, each=None):
        self.units, self.each = units, each or _vectors(gates, padded(units, dtype) // lanes_of(dtype)) * lanes_of(dtype)
        self.width = gates * self.each
        self.count = -(-units // self.each)
        self.row = self.count * self.width
        self.vectors = self.width // lanes_of(dtype)
        self.is_ragged = padded(units, dtype) < self.count * self.each  # whole vectors are empty

    def values(self, array, gate):
        """What ``array`` (..., row) holds of the gate, (..., units)."""
        parts = array.reshape(*array.shape[:-1], self.count, -1, self.each)[..., gate, :]
        return parts.reshape(*array.shape[:-1], self.count * self.each)[..., : self.units]

    def shape(self, steps, B):
        """Of the rows of so many steps, panel after panel: those of one step and one panel are side by side."""
        return self.count, steps, B, self.width


def _vectors(gates, needed):
    """How many of each gate a panel has: what a tile of few rows sums at once if that leaves no more of them empty."""
    wide, few = (1 << max(1, most // max(1, gates)).bit_length() - 1 for most in (max(SUMS, WIDEST), WIDEST))
    while wide > few and -(-needed // (wide // 2)) * (wide // 2) < -(-needed // wide) * wide:
        wide //= 2
    while wide > 1 and wide // 2 >= needed:
        wide //= 2
    return wide
