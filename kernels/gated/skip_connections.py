"""Recurrent layer with connections that jump D steps. Lecture krippahl.

Gives h (T, B, H).
"""

import numpy as np

from ..families import delayed
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h_start (B, D, H); W (H, I); U, V (H, H); b (H); lengths of T")


@TAKES.forward
def forward(x, h_start, W, U, V, b, lengths=None):
    u, taps = delayed.taps(x, None, W.T[None], b, lengths)
    h, _, loop = delayed.forward(u, h_start, (1, h_start.shape[1]), np.stack((U.T, V.T)), lengths)
    return {"h": h}, {"taps": taps, "loop": loop}


@TAKES.backward
def backward(saved, d_h):
    of_loop = delayed.backward(saved["loop"], d_h)
    d = delayed.taps_backward(saved["taps"], of_loop["u"])
    d_U, d_V = of_loop["W"].swapaxes(1, 2)
    return {"x": d["x"], "h_start": of_loop["start"], "W": d["W"][0].T, "U": d_U, "V": d_V, "b": d["bias"]}
