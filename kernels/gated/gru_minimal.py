"""Gated recurrent unit as a simplified long short-term memory. Lecture cmu-2017, Cho et al. 2014, Olah 2015.

Gives h (T, B, H).
"""

import numpy as np

from ..families import gru
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h0 (B, H); W_z, W_r, W (H, H+I); lengths of T")


@TAKES.forward
def forward(x, h0, W_z, W_r, W, lengths=None):
    H = h0.shape[-1]
    all_gates = np.concatenate((W_r, W_z, W)).T  # (H + I, 3H)
    W_in, W_rz, W_n = all_gates[H:], all_gates[:H, : 2 * H], all_gates[:H, 2 * H :]
    h, gates, layer = gru.forward(x, h0, W_in, W_rz, W_n, lengths=lengths, keeps_old=False)
    r, z, h_tilde = (gates[..., k * H : (k + 1) * H] for k in range(3))
    return {"h": h}, {"r": r, "z": z, "h_tilde": h_tilde, "layer": layer}


@TAKES.backward
def backward(saved, d_h):
    d = gru.backward(saved["layer"], d_h)
    recurrent = np.concatenate((d["W_rz"], d["W_n"]), axis=1)
    W_r, W_z, W = np.split(np.concatenate((recurrent, d["W_in"])).T, 3)
    return {"x": d["x"], "h0": d["h0"], "W_z": W_z, "W_r": W_r, "W": W}
