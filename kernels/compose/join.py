"""Two sequences side by side: a (T, B, N), b (T, B, M), lengths (B,) or None; h (T, B, N + M)."""

import numpy as np


def forward(a, b, lengths=None):
    return {"h": np.concatenate((a, b), axis=2)}, {"N": a.shape[2]}


def backward(saved, d_h):
    return {"a": d_h[..., : saved["N"]], "b": d_h[..., saved["N"] :]}
