"""Long short-term memory as torch.nn.LSTM.

x (T, B, I), h0 and c0 (B, H), W (4H, H + I), b (4H,), lengths (B,) or None; h and c (T, B, H). One call of PyTorch's
layer gives c of the last step only: ``forward`` calls it for every step, ``whole`` once, and leaves c out.
"""

import numpy as np

from refrnn.peers.torch import Pass, alive, layer, tensor, torch

NAME = "torch.nn.LSTM"


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


def _ready(x, h0, c0, W, b):
    module = layer(torch.nn.LSTM, weights(W, b))
    return module, {"x": tensor(x), "h0": tensor(h0), "c0": tensor(c0), **dict(module.named_parameters())}


def whole(x, h0, c0, W, b):
    """The pass in one call of the layer, ready to run."""
    module, leaves = _ready(x, h0, c0, W, b)

    def call():
        return {"h": module(leaves["x"], (leaves["h0"][None], leaves["c0"][None]))[0]}

    return Pass(call, leaves, name_gradients)


def forward(x, h0, c0, W, b, lengths=None):
    module, leaves = _ready(x, h0, c0, W, b)
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
