"""Long short-term memory. Lecture eee511, Hochreiter and Schmidhuber 1997, Gers, Schmidhuber and Cummins 2000.

Gives h and c (T, B, H).
"""

import numpy as np

from ..families import lstm
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h0, c0 (B, H); W (4*H, H+I); b (4*H); lengths of T")


@TAKES.forward
def forward(x, h0, c0, W, b, lengths=None):
    H = h0.shape[-1]
    h, c, gates, layer = lstm.forward(x, h0, c0, W[:, H:].T, W[:, :H].T, b, lengths)
    i, f, o, g = (gates[..., k * H : (k + 1) * H] for k in range(4))
    return {"h": h, "c": c}, {"i": i, "f": f, "o": o, "g": g, "layer": layer}


@TAKES.backward
def backward(saved, d_h, d_c):
    d = lstm.backward(saved["layer"], d_h, d_c)
    W = np.concatenate((d["W"], d["W_in"])).T
    return {"x": d["x"], "h0": d["h0"], "c0": d["c0"], "W": W, "b": d["bias"]}
