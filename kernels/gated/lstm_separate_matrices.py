"""Long short-term memory with two matrices for each gate. Lecture krippahl, Hochreiter and Schmidhuber 1997, Gers et al. 2000.

Gives h and c (T, B, H).
"""

import numpy as np

from ..families import lstm
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0, c0 (B, H); W_f (H, I); U_f (H, H); b_f (H); W_i (H, I); U_i (H, H); b_i (H); W_o (H, I); U_o (H, H); "
    "b_o (H); W_c (H, I); U_c (H, H); b_c (H); lengths of T"
)

GATES = "ifoc"  # in the family's order


@TAKES.forward
def forward(x, h0, c0, W_f, U_f, b_f, W_i, U_i, b_i, W_o, U_o, b_o, W_c, U_c, b_c, lengths=None):
    W_in, W = np.concatenate((W_i, W_f, W_o, W_c)).T, np.concatenate((U_i, U_f, U_o, U_c)).T
    h, c, gates, layer = lstm.forward(x, h0, c0, W_in, W, np.concatenate((b_i, b_f, b_o, b_c)), lengths)
    i, f, o, c_hat = np.split(gates, len(GATES), axis=-1)
    return {"h": h, "c": c}, {"i": i, "f": f, "o": o, "c_hat": c_hat, "layer": layer}


@TAKES.backward
def backward(saved, d_h, d_c):
    d = lstm.backward(saved["layer"], d_h, d_c)
    gradients = {"x": d["x"], "h0": d["h0"], "c0": d["c0"]}
    for letter, name in (("W", "W_in"), ("U", "W"), ("b", "bias")):
        for gate, part in zip(GATES, np.split(d[name], len(GATES), axis=-1)):
            gradients[f"{letter}_{gate}"] = part.T
    return gradients
