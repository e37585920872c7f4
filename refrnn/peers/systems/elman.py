"""Elman network as torch.nn.RNN and a product with the output weights.

x (T, B, I), h0 (B, H), lengths (B,) or None; h (T, B, H), y (T, B, O).
"""

from refrnn.peers.torch import Pass, alive, layer, run, tensor, torch

NAME = "torch.nn.RNN"


def weights(W_xh, W_hh):
    """The weights under PyTorch's names."""
    return {"weight_ih_l0": W_xh.T, "weight_hh_l0": W_hh.T}


def name_gradients(found):
    """Gradients under the spec's names."""
    own = {"W_xh": found.pop("weight_ih_l0").T, "W_hh": found.pop("weight_hh_l0").T}
    return {**found, **own}


def whole(x, h0, W_xh, W_hh, W_hy, simple, lengths=None):
    """The pass, ready to run."""
    module = layer(torch.nn.RNN, weights(W_xh, W_hh))
    leaves = {"x": tensor(x), "h0": tensor(h0), "W_hy": tensor(W_hy), **dict(module.named_parameters())}

    def call():
        states = _simple_states if simple == 1 else _states
        h = states(module, leaves["x"], leaves["h0"], lengths)
        return {"h": h, "y": h @ leaves["W_hy"]}

    return Pass(call, leaves, name_gradients, lengths)


def _states(module, x, h0, lengths):
    return run(module, x, h0[None], lengths)


def _simple_states(module, x, h0, lengths):
    """The same states, each as a sequence of one step from a context that counts as a constant."""
    T, B, I = x.shape
    with torch.no_grad():
        context = torch.cat([h0[None], _states(module, x, h0, lengths)[:-1]])
    here = alive(lengths, T, B)
    steps = torch.where(here, x, 0).reshape(1, T * B, I)
    h = module(steps, context.reshape(1, T * B, -1))[0]
    return torch.where(here, h.reshape(T, B, -1), 0)


def forward(x, h0, W_xh, W_hh, W_hy, simple, lengths=None):
    saved = whole(x, h0, W_xh, W_hh, W_hy, simple, lengths)
    return saved.start(), {"pass": saved}


def backward(saved, d_h, d_y):
    return saved["pass"].pull_back({"h": d_h, "y": d_y})
