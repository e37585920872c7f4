"""Elman network: the RNN of PyTorch and of ONNX, and a product with the output weights.

x (T, B, I), h0 (B, H), lengths (B,) or None; h (T, B, H), y (T, B, O). Opponents in the bench learn by full BPTT.
"""

LAYER = OPERATOR = "RNN"
ONNX = {}
STARTS, STATE = ("h0",), "h"
PRODUCTS = {"y": "W_hy"}


def weights(W_xh, W_hh):
    """The weights under PyTorch's names."""
    return {"weight_ih_l0": W_xh.T, "weight_hh_l0": W_hh.T}


def name_gradients(found):
    """Gradients under the spec's names."""
    own = {"W_xh": found.pop("weight_ih_l0").T, "W_hh": found.pop("weight_hh_l0").T}
    return {**found, **own}


def outputs(h, W_hy):
    return {"h": h, "y": h @ W_hy}


def cell(xp, x, W_xh, W_hh):
    def step(a, h):
        return (xp.tanh(a + h @ W_hh),)

    return x @ W_xh, step


def forward(x, h0, W_xh, W_hh, W_hy, simple, lengths=None):
    from refrnn.peers.torch import Pass, layer, run, tensor, torch

    module = layer(torch.nn.RNN, weights(W_xh, W_hh))
    leaves = {"x": tensor(x), "h0": tensor(h0), "W_hy": tensor(W_hy), **dict(module.named_parameters())}

    def call():
        h = (_simple_states(module, leaves, lengths) if simple == 1 else run(module, leaves["x"], leaves["h0"][None], lengths))
        return outputs(h, leaves["W_hy"])

    saved = Pass(call, leaves, name_gradients, lengths)
    return saved.start(), {"pass": saved}


def _simple_states(module, leaves, lengths):
    """The same states, each as a sequence of one step from a context that counts as a constant."""
    from refrnn.peers.torch import alive, run, torch

    x, h0 = leaves["x"], leaves["h0"]
    T, B, I = x.shape
    with torch.no_grad():
        context = torch.cat([h0[None], run(module, x, h0[None], lengths)[:-1]])
    here = alive(lengths, T, B)
    steps = torch.where(here, x, 0).reshape(1, T * B, I)
    h = module(steps, context.reshape(1, T * B, -1))[0]
    return torch.where(here, h.reshape(T, B, -1), 0)


def backward(saved, d_h, d_y):
    return saved["pass"].pull_back({"h": d_h, "y": d_y})
