"""Long short-term memory whose gates see the memory. Lecture cmu-2017, Gers, Schraudolph and Schmidhuber 2002.

Gives h and C (T, B, H).
"""

import numpy as np

from ..families import lstm
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0, C0 (B, H); W_xf (H, I); W_hf, W_Cf (H, H); b_f (H); W_xi (H, I); W_hi, W_Ci (H, H); b_i (H); "
    "W_xC (H, I); W_hC (H, H); b_C (H); W_xo (H, I); W_ho, W_Co (H, H); b_o (H); lengths of T"
)


@TAKES.forward
def forward(
    x, h0, C0, W_xf, W_hf, W_Cf, b_f, W_xi, W_hi, W_Ci, b_i, W_xC, W_hC, b_C, W_xo, W_ho, W_Co, b_o, lengths=None
):  # fmt: skip
    H = h0.shape[-1]
    W_in, W = np.concatenate((W_xi, W_xf, W_xo, W_xC)).T, np.concatenate((W_hi, W_hf, W_ho, W_hC)).T
    bias = np.concatenate((b_i, b_f, b_o, b_C))
    P_if = np.concatenate((W_Ci, W_Cf)).T
    h, C, gates, layer = lstm.forward(x, h0, C0, W_in, W, bias, lengths, lstm.FULL, P_if, W_Co.T)
    i, f, o, C_tilde = (gates[..., k * H : (k + 1) * H] for k in range(4))
    return {"h": h, "C": C}, {"i": i, "f": f, "o": o, "C_tilde": C_tilde, "layer": layer}


@TAKES.backward
def backward(saved, d_h, d_C):
    d = lstm.backward(saved["layer"], d_h, d_C)
    gradients = {"x": d["x"], "h0": d["h0"], "C0": d["c0"], "W_Co": d["P_o"].T}
    gradients["W_Ci"], gradients["W_Cf"] = np.split(d["P_if"].T, 2)
    for gate, W_in, W, bias in zip("ifoC", *(np.split(d[name].T, 4) for name in ("W_in", "W", "bias")), strict=True):
        gradients |= {f"W_x{gate}": W_in, f"W_h{gate}": W, f"b_{gate}": bias}
    return gradients
