"""One vector at every step: v (B, N), T, lengths (B,) or None; u (T, B, N)."""

from ..families import sequences


def forward(v, T, lengths=None):
    return {"u": sequences.repeat(v, T, lengths)}, {}


def backward(saved, d_u):
    return {"v": sequences.repeat_pulled_back(d_u)}
