"""Gradient of a deep network, one layer after another. Lecture cmu-2017.

Gives f (B, N, H), which is f_1 to f_N, and Div (B,).
By hand: what its equations compile to takes 0.2 to 2.1 times as long.
"""

from ..families import divergence, feedforward
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments

TAKES = Arguments("X (B, H); W (N, H, H); d (B, H)")


@TAKES.forward
def forward(X, W, d):
    layers, stack = feedforward.forward(X, W, TANH)
    Div = divergence.squared(layers[-1:], d[None], None)[0]
    return {"f": layers.swapaxes(0, 1), "Div": Div}, {"stack": stack, "ends": (layers[-1:], d[None])}


@TAKES.backward
def backward(saved, d_f, d_Div):
    d_layers = d_f.swapaxes(0, 1).copy()
    d_layers[-1:] += divergence.squared_pulled_back(*saved["ends"], None, d_Div[None])
    gradients = feedforward.backward(saved["stack"], d_layers)
    return {"X": gradients["x"], "W": gradients["W"]}
