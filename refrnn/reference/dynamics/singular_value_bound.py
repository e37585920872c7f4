"""A deep network whose gradient the singular values of its weights bound. Lecture cmu-2017.

X and d (H,), W (N, H, H), z (N, H), layers f_0 = X, f_1, ..., f_N (N + 1, H), Div (), all of one float type.
"""

import numpy as np

ELU, RELU, SIGMOID, TANH = range(4)


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def activated(z, activation):
    if activation == ELU:
        return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
    if activation == RELU:
        return np.maximum(z, 0)
    return sigmoid(z) if activation == SIGMOID else np.tanh(z)


def pulled_back(d_f, z, f, activation):
    """The error before the activation of ``z``, from the error of its result ``f``."""
    if activation == ELU:
        return d_f * np.exp(np.minimum(z, 0))  # 1 + f has no digit of what is small beside 1
    if activation == RELU:
        return np.where(f > 0, d_f, 0)
    return d_f * f * (1 - f) if activation == SIGMOID else d_f * (1 - f**2)


def forward(X, W, d, activation):
    N, H = len(W), len(X)
    z = np.empty((N, H), dtype=X.dtype)
    layers = np.empty((N + 1, H), dtype=X.dtype)

    layers[0] = X
    for n in range(N):
        z[n] = W[n] @ layers[n]
        layers[n + 1] = activated(z[n], activation)
    Div = np.sum((layers[N] - d) ** 2) / 2

    saved = {"W": W, "d": d, "activation": activation, "z": z, "layers": layers}
    return {"f": layers[1:], "Div": Div}, saved


def backward(saved, d_f, d_Div):
    W, layers = saved["W"], saved["layers"]
    N = len(W)
    d_W = np.empty_like(W)

    d_layer = d_Div * (layers[N] - saved["d"])  # what the output of layer n + 1 receives from behind
    for n in reversed(range(N)):
        d_z = pulled_back(d_f[n] + d_layer, saved["z"][n], layers[n + 1], saved["activation"])
        d_W[n] = np.outer(d_z, layers[n])
        d_layer = d_z @ W[n]

    return {"X": d_layer, "W": d_W}
