"""Gated recurrent unit, reset gate before the recurrent product. Lecture eee511, Cho et al. 2014, Chung et al. 2014.

Gives h (T, B, H).
"""

import numpy as np

from ..families import gru
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0 (B, H); W_xr (H, I); W_hr (H, H); b_r (H); W_xz (H, I); W_hz (H, H); b_z (H); W_xh (H, I); "
    "W_hh (H, H); b_h (H); lengths of T"
)


@TAKES.forward
def forward(x, h0, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h, lengths=None):
    H = h0.shape[-1]
    W_in, W_rz, bias = np.concatenate((W_xr, W_xz, W_xh)).T, np.concatenate((W_hr, W_hz)).T, np.concatenate((b_r, b_z, b_h))
    h, gates, layer = gru.forward(x, h0, W_in, W_rz, W_hh.T, bias, lengths=lengths)
    r, z, n = (gates[..., k * H : (k + 1) * H] for k in range(3))
    return {"h": h}, {"r": r, "z": z, "n": n, "layer": layer}


@TAKES.backward
def backward(saved, d_h):
    d = gru.backward(saved["layer"], d_h)
    W_xr, W_xz, W_xh = np.split(d["W_in"].T, 3)
    W_hr, W_hz = np.split(d["W_rz"].T, 2)
    b_r, b_z, b_h = np.split(d["bias"], 3)
    return {
        "x": d["x"], "h0": d["h0"], "W_xr": W_xr, "W_hr": W_hr, "b_r": b_r, "W_xz": W_xz, "W_hz": W_hz, "b_z": b_z,
        "W_xh": W_xh, "W_hh": d["W_n"].T, "b_h": b_h,
    }  # fmt: skip
