"""A start computed from a vector, s (B, H)."""

from ..families import outputs
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments

TAKES = Arguments("v (B, N); W (H, N)")


@TAKES.forward
def forward(v, W):
    s, layer = outputs.forward(v[None], W.T, activation=TANH)
    return {"s": s[0]}, {"layer": layer}


@TAKES.backward
def backward(saved, d_s):
    d = outputs.backward(saved["layer"], d_s[None])
    return {"v": d["h"][0], "W": d["W"].T}
