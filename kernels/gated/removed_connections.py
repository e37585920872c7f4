"""Recurrent layer with connections over D steps only. Lecture krippahl.

Gives h (T, B, H).
"""

from ..families import delayed
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h_start (B, D, H); W (H, I); U (H, H); b (H); lengths of T")


@TAKES.forward
def forward(x, h_start, W, U, b, lengths=None):
    u, taps = delayed.taps(x, None, W.T[None], b, lengths)
    h, _, loop = delayed.forward(u, h_start, (h_start.shape[1],), U.T[None], lengths)
    return {"h": h}, {"taps": taps, "loop": loop}


@TAKES.backward
def backward(saved, d_h):
    of_loop = delayed.backward(saved["loop"], d_h)
    d = delayed.taps_backward(saved["taps"], of_loop["u"])
    return {"x": d["x"], "h_start": of_loop["start"], "W": d["W"][0].T, "U": of_loop["W"][0].T, "b": d["bias"]}
