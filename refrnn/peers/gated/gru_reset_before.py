"""Gated recurrent unit, reset gate before the recurrent product: a loop over PyTorch's operations, for it has no such layer.

x (T, B, I), h0 (B, H), W_x. (H, I), W_h. (H, H), lengths (B,) or None; h (T, B, H).
"""

from refrnn.peers.torch import Pass, alive, tensor, torch

NAME = "PyTorch loop"


def whole(x, h0, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h, lengths=None):
    """The pass, ready to run."""
    given = {
        "x": x, "h0": h0, "W_xr": W_xr, "W_hr": W_hr, "b_r": b_r, "W_xz": W_xz, "W_hz": W_hz, "b_z": b_z,
        "W_xh": W_xh, "W_hh": W_hh, "b_h": b_h,
    }  # fmt: skip
    leaves = {name: tensor(array) for name, array in given.items()}
    here = alive(lengths, *x.shape[:2])
    return Pass(lambda: {"h": _states(leaves, here)}, leaves, dict, lengths)


def _states(leaves, here):
    """The input products of all steps at once, then the loop."""
    x = torch.where(here, leaves["x"], 0)
    W_x = torch.cat([leaves["W_xr"], leaves["W_xz"], leaves["W_xh"]])
    W_gates = torch.cat([leaves["W_hr"], leaves["W_hz"]])
    bias = torch.cat([leaves["b_r"], leaves["b_z"], leaves["b_h"]])
    inputs = torch.nn.functional.linear(x, W_x, bias)
    h, states = leaves["h0"], []
    H = h.shape[-1]
    for u in inputs:
        r, z = torch.sigmoid(u[:, : 2 * H] + h @ W_gates.T).chunk(2, dim=1)
        n = torch.tanh(u[:, 2 * H :] + (r * h) @ leaves["W_hh"].T)
        h = n + z * (h - n)
        states.append(h)
    return torch.where(here, torch.stack(states), 0)


def forward(x, h0, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h, lengths=None):
    saved = whole(x, h0, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h, lengths)
    return saved.start(), {"pass": saved}


def backward(saved, d_h):
    return saved["pass"].pull_back({"h": d_h})
