"""A tanh of the state's and the input's products, without a bias: the RNN of PyTorch and of ONNX.

x (T, B, I), s0 (B, H), lengths (B,) or None; s (T, B, H).
"""

from refrnn.peers import by_torch

LAYER = OPERATOR = "RNN"
ONNX = {}
STARTS, STATE = ("s0",), "s"


def weights(U, V):
    """The weights under PyTorch's names."""
    return {"weight_ih_l0": V, "weight_hh_l0": U}


def name_gradients(found):
    """Gradients under the spec's names."""
    own = {"V": found.pop("weight_ih_l0"), "U": found.pop("weight_hh_l0")}
    return {**found, **own}


def outputs(h):
    return {"s": h}


def cell(xp, x, U, V):
    def step(a, s):
        return (xp.tanh(a + xp.linear(s, U)),)

    return xp.linear(x, V), step


def forward(x, s0, U, V, lengths=None):
    return by_torch(__name__, **locals())


def backward(saved, d_s):
    return saved["pass"].pull_back({"s": d_s})
