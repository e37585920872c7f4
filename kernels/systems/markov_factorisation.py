"""Markov factorisation by counting. Lecture ds4440.

x (T, B) and c (S,) integers below N, alpha (N,), K words of context, lengths (B,) or None; count and P (T, B, N), loss (T, B).
"""

from ..families import counting


def forward(x, c, alpha, K, lengths=None):
    count, P, loss = counting.forward(x, c, alpha, K, lengths)
    return {"count": count, "P": P, "loss": loss}, {}


def backward(saved, d_count, d_P, d_loss):
    return {}
