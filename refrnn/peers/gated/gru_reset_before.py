"""Gated recurrent unit, reset gate before the recurrent product: ONNX's GRU; PyTorch has no such layer.

x (T, B, I), h0 (B, H), W_x. (H, I), W_h. (H, H), lengths (B,) or None; h (T, B, H).
"""

import numpy as np

from refrnn.peers import by_torch

OPERATOR, ONNX = "GRU", {"linear_before_reset": 0}
STARTS, STATE = ("h0",), "h"


def weights(W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h):
    """The weights in the order of PyTorch's GRU, under its names."""
    b = np.concatenate([b_r, b_z, b_h])
    return {
        "weight_ih_l0": np.concatenate([W_xr, W_xz, W_xh]),
        "weight_hh_l0": np.concatenate([W_hr, W_hz, W_hh]),
        "bias_ih_l0": b,
        "bias_hh_l0": np.zeros_like(b),
    }


def outputs(h):
    return {"h": h}


def cell(xp, x, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h):
    W_gates, H = xp.concat([W_hr, W_hz]), len(b_h)

    def step(a, h):
        gates = xp.sigmoid(a[:, : 2 * H] + xp.linear(h, W_gates))
        r, z = gates[:, :H], gates[:, H:]
        n = xp.tanh(a[:, 2 * H :] + xp.linear(r * h, W_hh))
        return (n + z * (h - n),)

    return xp.linear(x, xp.concat([W_xr, W_xz, W_xh]), xp.concat([b_r, b_z, b_h])), step


def forward(x, h0, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h, lengths=None):
    return by_torch(__name__, **locals())


def backward(saved, d_h):
    return saved["pass"].pull_back({"h": d_h})
