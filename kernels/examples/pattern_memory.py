"""A plain state and a gated memory over the same input. Lecture cmu-2017.

Gives h and c (T, B, H).
"""

import numpy as np

from ..families import gru, recurrent
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h0, c0 (B, H); W_x (H, I); W_h (H, H); b (H); V (H, I); d (H); U (H, I); lengths of T")


@TAKES.forward
def forward(x, h0, c0, W_x, W_h, b, V, d, U, lengths=None):
    h, plain = recurrent.forward(x, h0, W_x.T, W_h.T, b, lengths)
    H = len(b)
    # A gated recurrent unit whose gates and candidate see the input alone; its reset gate has nothing to reset.
    W_in, bias = np.concatenate((np.zeros_like(V), V, U)).T, np.concatenate((np.zeros_like(d), d, np.zeros_like(d)))
    nothing = np.zeros((H, 3 * H), x.dtype)
    c, gates, gated = gru.forward(x, c0, W_in, nothing[:, : 2 * H], nothing[:, 2 * H :], bias, lengths=lengths, keeps_old=False)
    return {"h": h, "c": c}, {"g": gates[..., H : 2 * H], "layers": (plain, gated)}


@TAKES.backward
def backward(saved, d_h, d_c):
    plain, gated = saved["layers"]
    of_plain, of_gated = recurrent.backward(plain, d_h), gru.backward(gated, d_c)
    _, V, U = np.split(of_gated["W_in"].T, 3)
    return {
        "x": of_plain["x"] + of_gated["x"], "h0": of_plain["start"], "c0": of_gated["h0"],
        "W_x": of_plain["W_in"].T, "W_h": of_plain["W"].T, "b": of_plain["bias"],
        "V": V, "d": np.split(of_gated["bias"], 3)[1], "U": U,
    }  # fmt: skip
