"""Neural language model slid along a text. Lecture cmu-2017, Bengio et al. 2003.

w and d (T,) and w_start (L,) integers, P (M, N), A (L + 1, H, M), U (N, H), h (T, H), y and W (T, N), Div (T,), all but the
integers of one float type.
"""

import numpy as np


def log_softmax(z):
    shifted = z - np.max(z)  # the exponentials never overflow
    return shifted - np.log(np.sum(np.exp(shifted)))


def forward(w, w_start, d, P, A, a, U, b):
    T, L, (N, H) = len(w), len(w_start), U.shape
    line = np.concatenate((w_start, w))  # the word of step t is line[L + t]
    h = np.empty((T, H), dtype=P.dtype)
    y = np.empty((T, N), dtype=P.dtype)
    W = np.empty((T, N), dtype=P.dtype)
    Div = np.empty(T, dtype=P.dtype)

    for t in range(T):
        z = a
        for l in range(L + 1):
            z = z + A[L - l] @ P[:, line[L + t - l]]
        h[t] = np.tanh(z)
        y[t] = U @ h[t] + b
        W[t] = np.exp(log_softmax(y[t]))
        Div[t] = -log_softmax(y[t])[d[t]]

    saved = {"all_words": line, "d": d, "P": P, "A": A, "U": U, "h": h, "y": y, "W": W}
    return {"W": W, "Div": Div}, saved | {"line": line[L:].astype(P.dtype)}


def backward(saved, d_W, d_Div):
    line, d, P, A, U, h, W = (saved[name] for name in ("all_words", "d", "P", "A", "U", "h", "W"))
    L = len(A) - 1
    d_P, d_A, d_a, d_U, d_b = np.zeros_like(P), np.zeros_like(A), np.zeros_like(h[0]), np.zeros_like(U), np.zeros_like(W[0])

    for t in reversed(range(len(h))):
        d_y = W[t] * (d_W[t] - W[t] @ d_W[t]) + d_Div[t] * W[t]
        d_y[d[t]] -= d_Div[t]
        d_U += np.outer(d_y, h[t])
        d_b += d_y
        d_z = (U.T @ d_y) * (1 - h[t] ** 2)
        d_a += d_z
        for l in range(L + 1):
            word = line[L + t - l]
            d_A[L - l] += np.outer(d_z, P[:, word])
            d_P[:, word] += A[L - l].T @ d_z

    return {"P": d_P, "A": d_A, "a": d_a, "U": d_U, "b": d_b}
