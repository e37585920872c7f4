"""Network with an explicit memory. Lecture cmu-2020.

Gives m (T, B, M), h (T, B, H), y (T, B, O).
"""

import numpy as np

from ..families import context
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); m0 (B, M); h0 (B, H); y0 (B, O); W_ym (M, O); W_hm (M, H); W_mm (M, M); b_m (M); W_xh (H, I); "
    "W_mh (H, M); b_h (H); W_hy (O, H); b_y (O); lengths of T"
)


@TAKES.forward
def forward(x, m0, h0, y0, W_ym, W_hm, W_mm, b_m, W_xh, W_mh, b_h, W_hy, b_y, lengths=None):
    W_fed = np.concatenate((W_mm, W_ym, W_hm), axis=1).T
    m, h, y, network = context.layer(x, m0, y0, h0, W_fed, b_m, W_xh.T, W_mh.T, b_h, W_hy.T, b_y, lengths)
    return {"m": m, "h": h, "y": y}, {"network": network}


@TAKES.backward
def backward(saved, d_m, d_h, d_y):
    d = context.backward(saved["network"], d_m, d_h, d_y)
    M, O = d_m.shape[2], d_y.shape[2]
    W_mm, W_ym, W_hm = np.split(d["W_fed"].T, (M, M + O), axis=1)
    return {
        "x": d["x"], "m0": d["m0"], "h0": d["h0"], "y0": d["y0"], "W_ym": W_ym, "W_hm": W_hm, "W_mm": W_mm, "b_m": d["b_m"],
        "W_xh": d["W_in"].T, "W_mh": d["W_m"].T, "b_h": d["b_h"], "W_hy": d["W_y"].T, "b_y": d["b_y"],
    }  # fmt: skip
