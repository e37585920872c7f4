"""Jordan network, with "simple" or full learning. Lecture cmu-2020, Jordan 1986.

Gives m and y (T, B, O), h (T, B, H).
"""

from ..families import context
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); m0, y0 (B, O); mu (); W_xh (H, I); W_mh (H, O); b_h (H); W_hy (O, H); b_y (O); simple 0 to 1; "
    "lengths of T"
)


@TAKES.forward
def forward(x, m0, y0, mu, W_xh, W_mh, b_h, W_hy, b_y, simple, lengths=None):
    m, h, y, network = context.trace(x, m0, y0, mu, W_xh.T, W_mh.T, b_h, W_hy.T, b_y, lengths)
    return {"m": m, "h": h, "y": y}, {"network": network, "context": m, "simple": simple}


@TAKES.backward
def backward(saved, d_m, d_h, d_y):
    d = context.backward(saved["network"], d_m, d_h, d_y, flows=saved["simple"] == 0)
    return {
        "x": d["x"], "m0": d["m0"], "y0": d["y0"], "W_xh": d["W_in"].T, "W_mh": d["W_m"].T, "b_h": d["b_h"],
        "W_hy": d["W_y"].T, "b_y": d["b_y"],
    }  # fmt: skip
