"""The last state of nets side by side, each at its own end: of h (T, B, N1 + N2 + ...) the v (B, N1 + N2 + ...)."""

import numpy as np

from ..families import sequences
from ..primitives.arguments import Arguments

TAKES = Arguments("h (T, B, N); lengths of T")


class Last:
    """``ways`` says of each net whether it runs forward; the widths of several are given as N1, N2, ..."""

    def __init__(self, ways):
        self.ways = ways

    @TAKES.forward
    def forward(self, h, lengths=None, **widths):
        T, B, N = h.shape
        each = [widths.get(f"N{number}", N) for number in range(1, len(self.ways) + 1)]
        forward = np.repeat(self.ways, each)  # of each unit, whether its net runs forward
        return {"v": np.where(forward, sequences.last(h, lengths), h[0])}, {"T": T, "lengths": lengths, "forward": forward}

    @TAKES.backward
    def backward(self, saved, d_v):
        forward = saved["forward"]
        d_h = sequences.last_pulled_back(np.where(forward, d_v, 0), saved["T"], saved["lengths"])
        d_h[0] += np.where(forward, 0, d_v)
        return {"h": d_h}
