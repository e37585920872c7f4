"""Hopfield network of graded units. Lecture eee511, Hopfield 1984.

X0 (N,), T steps; X (T, N), its first row after one step, all of one float type.
"""

import numpy as np


def forward(X0, W, Theta, T):
    X = np.empty((T, len(X0)), dtype=X0.dtype)

    X_t = X0
    for t in range(T):
        X[t] = np.tanh(W @ X_t + Theta)
        X_t = X[t]

    return {"X": X}, {"X0": X0, "W": W, "X": X}


def backward(saved, d_X):
    X0, W, X = saved["X0"], saved["W"], saved["X"]
    d_W, d_Theta = np.zeros_like(W), np.zeros_like(X0)

    d_X_t = np.zeros_like(X0)  # what a state receives from the step after it
    for t in reversed(range(len(X))):
        d_a = (d_X[t] + d_X_t) * (1 - X[t] ** 2)  # of the argument of tanh
        d_W += np.outer(d_a, X[t - 1] if t > 0 else X0)
        d_Theta += d_a
        d_X_t = W.T @ d_a

    return {"X0": d_X_t, "W": d_W, "Theta": d_Theta}
