"""Gated recurrent unit, reset gate after the recurrent product. Lecture krippahl, Cho et al. 2014, Chung et al. 2014.

Gives h (T, B, H).
"""

import numpy as np

from ..families import gru
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0 (B, H); W_z (H, I); U_z (H, H); b_z (H); W_r (H, I); U_r (H, H); b_r (H); W (H, I); U (H, H); "
    "b_u, b_h (H); lengths of T"
)


@TAKES.forward
def forward(x, h0, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h, lengths=None):
    H = h0.shape[-1]
    W_in, W_rz, bias = np.concatenate((W_r, W_z, W)).T, np.concatenate((U_r, U_z)).T, np.concatenate((b_r, b_z, b_h))
    h, gates, layer = gru.forward(x, h0, W_in, W_rz, U.T, bias, b_u, lengths, reset_after=True)
    r, z, h_hat = (gates[..., k * H : (k + 1) * H] for k in range(3))
    return {"h": h}, {"r": r, "z": z, "h_hat": h_hat, "layer": layer}


@TAKES.backward
def backward(saved, d_h):
    d = gru.backward(saved["layer"], d_h)
    W_r, W_z, W = np.split(d["W_in"].T, 3)
    U_r, U_z = np.split(d["W_rz"].T, 2)
    b_r, b_z, b_h = np.split(d["bias"], 3)
    return {
        "x": d["x"], "h0": d["h0"], "W_z": W_z, "U_z": U_z, "b_z": b_z, "W_r": W_r, "U_r": U_r, "b_r": b_r,
        "W": W, "U": d["W_n"].T, "b_u": d["inner_bias"], "b_h": b_h,
    }  # fmt: skip
