"""Recurrent network over a batch of rows. Lecture ds4440.

Gives h (T, B, H), its first row after one step.
By hand: the equations can't be compiled, as their batch is one of their sizes.
"""

from ..families import recurrent
from ..primitives.activations import SIGMOID
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, D); h0 (B, H); W_x (D, H); W_h (H, H); b_h (1, H); lengths of T")


@TAKES.forward
def forward(x, h0, W_x, W_h, b_h, lengths=None):
    h, layer = recurrent.forward(x, h0, W_x, W_h, b_h[0], lengths, SIGMOID)
    return {"h": h}, {"layer": layer}


@TAKES.backward
def backward(saved, d_h):
    d = recurrent.backward(saved["layer"], d_h)
    return {"x": d["x"], "h0": d["start"], "W_x": d["W_in"], "W_h": d["W"], "b_h": d["bias"][None]}


def bind(W_x, W_h, b_h):
    """The network with these weights, for passes that keep nothing and single steps."""
    return recurrent.bind(W_x, W_h, b_h[0], SIGMOID, x="x", h="h0")
