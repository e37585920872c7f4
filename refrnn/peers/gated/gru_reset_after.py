"""Gated recurrent unit, reset gate after the recurrent product: the GRU of PyTorch, and ONNX's of that kind.

x (T, B, I), h0 (B, H), lengths (B,) or None; h (T, B, H).
"""

import numpy as np

from refrnn.peers import by_torch

LAYER = OPERATOR = "GRU"
ONNX = {"linear_before_reset": 1}
STARTS, STATE = ("h0",), "h"


def weights(W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h):
    """The weights under PyTorch's names: its gates are r, z, n, where n is the spec's h_hat and has both biases."""
    zero = np.zeros_like(b_z)
    return {
        "weight_ih_l0": np.concatenate([W_r, W_z, W]),
        "weight_hh_l0": np.concatenate([U_r, U_z, U]),
        "bias_ih_l0": np.concatenate([b_r, b_z, b_h]),
        "bias_hh_l0": np.concatenate([zero, zero, b_u]),
    }


def name_gradients(found):
    """Gradients under the spec's names."""
    W_r, W_z, W = np.split(found.pop("weight_ih_l0"), 3)
    U_r, U_z, U = np.split(found.pop("weight_hh_l0"), 3)
    b_r, b_z, b_h = np.split(found.pop("bias_ih_l0"), 3)
    b_u = np.split(found.pop("bias_hh_l0"), 3)[2]
    return {**found, "W_z": W_z, "U_z": U_z, "b_z": b_z, "W_r": W_r, "U_r": U_r, "b_r": b_r, "W": W, "U": U, "b_u": b_u, "b_h": b_h}


def outputs(h):
    return {"h": h}


def cell(xp, x, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h):
    U_all, H = xp.concat([U_r, U_z, U]), len(b_h)

    def step(a, h):
        p = xp.linear(h, U_all)
        gates = xp.sigmoid(a[:, : 2 * H] + p[:, : 2 * H])
        r, z = gates[:, :H], gates[:, H:]
        h_hat = xp.tanh(a[:, 2 * H :] + r * (p[:, 2 * H :] + b_u))
        return (h_hat + z * (h - h_hat),)

    return xp.linear(x, xp.concat([W_r, W_z, W]), xp.concat([b_r, b_z, b_h])), step


def forward(x, h0, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h, lengths=None):
    return by_torch(__name__, **locals())


def backward(saved, d_h):
    return saved["pass"].pull_back({"h": d_h})
