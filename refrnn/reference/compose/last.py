"""The last state of nets side by side, each at its own end: h (T, N1 + N2 + ...), v (N1 + N2 + ...), of one float type."""

import numpy as np


class Last:
    """``ways`` says of each net whether it runs forward; the widths of several are given as N1, N2, ..."""

    def __init__(self, ways):
        self.ways = ways

    def forward(self, h, **widths):
        places, before = [], 0
        for number, forward in enumerate(self.ways, 1):
            after = before + widths.get(f"N{number}", h.shape[1])
            places.append((-1 if forward else 0, slice(before, after)))
            before = after
        return {"v": np.concatenate([h[place] for place in places])}, {"h": h, "places": places}

    def backward(self, saved, d_v):
        d_h = np.zeros_like(saved["h"])
        for step, units in saved["places"]:
            d_h[step, units] = d_v[units]
        return {"h": d_h}
