"""Time-delay neural network. Lectures cmu-2020 and cmu-2017, Waibel et al. 1989.

X (T, I), X_start (N, I), W (N + 1, O, I), Y (T, O), all of one float type.
"""

import numpy as np


def forward(X, X_start, W, b):
    T, N = len(X), len(X_start)
    line = np.concatenate((X_start, X))  # the input of step t is line[N + t]
    Y = np.empty((T, len(b)), dtype=X.dtype)

    for t in range(T):
        Z_t = b.copy()
        for n in range(N + 1):
            Z_t += W[n] @ line[N + t - n]
        Y[t] = np.tanh(Z_t)

    return {"Y": Y}, {"line": X, "X_start": X_start, "W": W, "Y": Y}


def backward(saved, d_Y):
    X_start, W, Y = saved["X_start"], saved["W"], saved["Y"]
    T, N = len(Y), len(X_start)
    line = np.concatenate((X_start, saved["line"]))
    d_line, d_W, d_b = np.zeros_like(line), np.zeros_like(W), np.zeros_like(W[0, :, 0])

    for t in reversed(range(T)):
        d_Z_t = d_Y[t] * (1 - Y[t] ** 2)
        d_b += d_Z_t
        for n in range(N + 1):
            d_W[n] += np.outer(d_Z_t, line[N + t - n])
            d_line[N + t - n] += W[n].T @ d_Z_t

    return {"X": d_line[N:], "X_start": d_line[:N], "W": d_W, "b": d_b}
