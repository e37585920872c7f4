"""A recursion with shared parameters, unfolded over the steps. Lecture krippahl.

Gives s (T, B, H).
"""

from ..families import recurrent
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); s0 (B, H); U (H, H); V (H, I); lengths of T", keeps="x s0")


@TAKES.forward
def forward(x, s0, U, V, lengths=None):
    s, layer = recurrent.forward(x, s0, V.T, U.T, lengths=lengths)
    return {"s": s}, {**layer[0].saved(s="h"), "layer": layer}


@TAKES.backward
def backward(saved, d_s):
    d = recurrent.backward(saved["layer"], d_s)
    return {"x": d["x"], "s0": d["start"], "U": d["W"].T, "V": d["W_in"].T}


def bind(U, V):
    """The recursion with these weights, for passes that keep nothing and single steps."""
    return recurrent.bind(V.T, U.T, outputs={"h": "s"}, x="x", h="s0")
