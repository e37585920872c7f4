"""A start computed from a vector: v (B, N), W (H, N); s (B, H)."""

from ..families import outputs
from ..primitives.activations import TANH


def forward(v, W):
    s, layer = outputs.forward(v[None], W.T, activation=TANH)
    return {"s": s[0]}, {"layer": layer}


def backward(saved, d_s):
    d = outputs.backward(saved["layer"], d_s[None])
    return {"v": d["h"][0], "W": d["W"].T}
