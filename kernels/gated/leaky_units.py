"""Leaky units. Lecture krippahl, Jaeger et al. 2007, Goodfellow, Bengio and Courville 2016.

Gives h (T, B, H).
"""

from ..families import recurrent
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h0 (B, H); W (H, I); U (H, H); b (H); a (); lengths of T", keeps="x h0")


@TAKES.forward
def forward(x, h0, W, U, b, a, lengths=None):
    h, layer = recurrent.forward(x, h0, W.T, U.T, b, lengths, leak=a)
    return {"h": h}, {"layer": layer}


@TAKES.backward
def backward(saved, d_h):
    d = recurrent.backward(saved["layer"], d_h)
    return {"x": d["x"], "h0": d["start"], "W": d["W_in"].T, "U": d["W"].T, "b": d["bias"], "a": d["leak"]}


def bind(W, U, b, a):
    """The layer with these weights, for passes that keep nothing and single steps."""
    return recurrent.bind(W.T, U.T, b, leak=a, x="x", h="h0")
