"""Bidirectional recurrent network. Lectures cmu-2020, krippahl and cmu-2017, Schuster and Paliwal 1997.

Gives h (T, B, H + K).
"""

import numpy as np

from ..families import recurrent
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h_f0 (B, H); h_binf (B, K); W_f (H, I); U_f (H, H); b_f (H); W_b (K, I); U_b (K, K); b_b (K); "
    "lengths of T",
    keeps="x h_f0 h_binf",
)


@TAKES.forward
def forward(x, h_f0, h_binf, W_f, U_f, b_f, W_b, U_b, b_b, lengths=None):
    h_f, onward = recurrent.forward(x, h_f0, W_f.T, U_f.T, b_f, lengths)
    h_b, back = recurrent.forward(x, h_binf, W_b.T, U_b.T, b_b, lengths, reverse=True)
    return {"h": np.concatenate((h_f, h_b), axis=2)}, {"h_f": h_f, "h_b": h_b, "layers": (onward, back)}


@TAKES.backward
def backward(saved, d_h):
    onward, back = saved["layers"]
    H = saved["h_f"].shape[2]
    f, b = recurrent.backward(onward, d_h[..., :H]), recurrent.backward(back, d_h[..., H:])
    return {
        "x": f["x"] + b["x"], "h_f0": f["start"], "h_binf": b["start"], "W_f": f["W_in"].T, "U_f": f["W"].T, "b_f": f["bias"],
        "W_b": b["W_in"].T, "U_b": b["W"].T, "b_b": b["bias"],
    }  # fmt: skip
