"""When a linear recursion blows up. Lecture cmu-2017, Bengio, Simard and Frasconi 1994.

Gives r, s and length (B, T, N), blows_up and shrinks (N,).
"""

import numpy as np

from ..families import recurrent
from ..primitives.activations import IDENTITY
from ..primitives.arguments import Arguments

TAKES = Arguments("r0, s0 (B, N); lamda_re, lamda_im (N); T size")


@TAKES.forward
def forward(r0, s0, lamda_re, lamda_im, T):
    B, N = r0.shape
    real, imaginary = np.diag(lamda_re), np.diag(lamda_im)
    turn = np.block([[real, imaginary], [-imaginary, real]])  # of the row (r, s)
    silence, weights = np.zeros((T, B, 1), r0.dtype), np.zeros((1, 2 * N), r0.dtype)
    h, layer = recurrent.forward(silence, np.hstack([r0, s0]), weights, turn, activation=IDENTITY)
    r, s = h[..., :N].swapaxes(0, 1), h[..., N:].swapaxes(0, 1)
    length, size = np.hypot(r, s), lamda_re**2 + lamda_im**2
    criteria = {"blows_up": (size > 1).astype(r0.dtype), "shrinks": (size < 1).astype(r0.dtype)}
    return {"r": r, "s": s, "length": length, **criteria}, {"layer": layer, "r": r, "s": s, "length": length}


@TAKES.backward
def backward(saved, d_r, d_s, d_length, d_blows_up, d_shrinks):
    r, s, length = saved["r"], saved["s"], saved["length"]
    length = np.where(length > 0, length, 1).astype(r.dtype)  # the slope of a length of 0 is taken as 0
    d_h = np.concatenate([d_r + d_length * (r / length), d_s + d_length * (s / length)], axis=-1)
    d = recurrent.backward(saved["layer"], d_h.swapaxes(0, 1))
    N = r.shape[-1]
    (d_real, d_up), (d_down, d_real_too) = (np.hsplit(rows, 2) for rows in np.vsplit(d["W"], 2))
    return {
        "r0": d["start"][:, :N], "s0": d["start"][:, N:],
        "lamda_re": np.diag(d_real) + np.diag(d_real_too), "lamda_im": np.diag(d_up) - np.diag(d_down),
    }  # fmt: skip
