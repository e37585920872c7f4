"""Long short-term memory: the LSTM of PyTorch and of ONNX.

x (T, B, I), h0 and c0 (B, H), W (4H, H + I), b (4H,), lengths (B,) or None; h and c (T, B, H). Opponents in the bench give
no c: one call of a layer gives that of the last step only. ``forward``, which has to, calls PyTorch's layer for every step.
"""

import numpy as np

LAYER = OPERATOR = "LSTM"
ONNX = {}
STARTS, STATE = ("h0", "c0"), "h"


def _reorder(array, order):
    """The four blocks of rows in another order."""
    return np.concatenate([np.split(array, 4)[block] for block in order])


def weights(W, b):
    """The weights under PyTorch's names: its gates are i, f, g, o where the spec's are i, f, o, g."""
    W, b = _reorder(W, (0, 1, 3, 2)), _reorder(b, (0, 1, 3, 2))
    H = len(b) // 4
    return {"weight_ih_l0": W[:, H:], "weight_hh_l0": W[:, :H], "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}


def name_gradients(found):
    """Gradients under the spec's names; PyTorch's second bias is zero and its gradient that of the first."""
    found.pop("bias_hh_l0")
    W = np.concatenate([found.pop("weight_hh_l0"), found.pop("weight_ih_l0")], axis=1)
    own = {"W": _reorder(W, (0, 1, 3, 2)), "b": _reorder(found.pop("bias_ih_l0"), (0, 1, 3, 2))}
    return {**found, **own}


def outputs(h):
    return {"h": h}


def cell(xp, x, W, b):
    H = len(b) // 4
    W_h = W[:, :H]

    def step(a, h, c):
        a = a + xp.linear(h, W_h)
        gates, g = xp.sigmoid(a[:, : 3 * H]), xp.tanh(a[:, 3 * H :])
        i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
        c = f * c + i * g
        return o * xp.tanh(c), c

    return xp.linear(x, W[:, H:], b), step


def forward(x, h0, c0, W, b, lengths=None):
    from refrnn.peers.torch import Pass, alive, layer, tensor, torch

    module = layer(torch.nn.LSTM, weights(W, b))
    leaves = {"x": tensor(x), "h0": tensor(h0), "c0": tensor(c0), **dict(module.named_parameters())}
    here = alive(lengths, *x.shape[:2])

    def call():
        steps, h, c = torch.where(here, leaves["x"], 0), leaves["h0"][None], leaves["c0"][None]
        all_h, all_c = [], []
        for t in range(len(x)):
            _, (h, c) = module(steps[t : t + 1], (h, c))
            all_h.append(h)
            all_c.append(c)
        return {"h": torch.where(here, torch.cat(all_h), 0), "c": torch.where(here, torch.cat(all_c), 0)}

    saved = Pass(call, leaves, name_gradients, lengths)
    return saved.start(), {"pass": saved}


def backward(saved, d_h, d_c):
    return saved["pass"].pull_back({"h": d_h, "c": d_c})
