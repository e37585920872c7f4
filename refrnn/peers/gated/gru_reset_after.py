"""Gated recurrent unit, reset gate after the recurrent product, as torch.nn.GRU.

x (T, B, I), h0 (B, H), lengths (B,) or None; h (T, B, H).
"""

import numpy as np

from refrnn.peers.torch import Pass, layer, run, tensor, torch

NAME = "torch.nn.GRU"


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


def whole(x, h0, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h, lengths=None):
    """The pass, ready to run."""
    module = layer(torch.nn.GRU, weights(W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h))
    leaves = {"x": tensor(x), "h0": tensor(h0), **dict(module.named_parameters())}

    def call():
        return {"h": run(module, leaves["x"], leaves["h0"][None], lengths)}

    return Pass(call, leaves, name_gradients, lengths)


def forward(x, h0, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h, lengths=None):
    saved = whole(x, h0, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h, lengths)
    return saved.start(), {"pass": saved}


def backward(saved, d_h):
    return saved["pass"].pull_back({"h": d_h})
