"""Gradient of a deep network as a product over its layers. Lecture cmu-2017.

X and d (H,), W (N, H, H), layers f_0 = X, f_1, ..., f_N (N + 1, H), Div (), all of one float type.
"""

import numpy as np


def forward(X, W, d):
    N, H = len(W), len(X)
    layers = np.empty((N + 1, H), dtype=X.dtype)

    layers[0] = X
    for n in range(N):
        layers[n + 1] = np.tanh(W[n] @ layers[n])
    Div = np.sum((layers[N] - d) ** 2) / 2

    return {"f": layers[1:], "Div": Div}, {"W": W, "d": d, "layers": layers}


def backward(saved, d_f, d_Div):
    W, layers = saved["W"], saved["layers"]
    N = len(W)
    d_W = np.empty_like(W)

    d_layer = d_Div * (layers[N] - saved["d"])  # what the output of layer n + 1 receives from behind
    for n in reversed(range(N)):
        d_z = (d_f[n] + d_layer) * (1 - layers[n + 1] ** 2)
        d_W[n] = np.outer(d_z, layers[n])
        d_layer = d_z @ W[n]

    return {"X": d_layer, "W": d_W}
