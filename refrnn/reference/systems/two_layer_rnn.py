"""Recurrent network with two hidden layers; w_ji leads from j to i. Lecture cmu-2020.

X (T, I), h1 (T, H1), h2 (T, H2), Y (T, O), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def forward(X, h1_start, h2_start, w1, w11, b1, w2, w22, b2, w3, b3):
    T, H1, H2, O = len(X), len(b1), len(b2), len(b3)
    h1 = np.empty((T, H1), dtype=X.dtype)
    h2 = np.empty((T, H2), dtype=X.dtype)
    z3 = np.empty((T, O), dtype=X.dtype)
    Y = np.empty((T, O), dtype=X.dtype)

    h1_previous, h2_previous = h1_start, h2_start
    for t in range(T):
        h1[t] = np.tanh(w1.T @ X[t] + w11.T @ h1_previous + b1)
        h2[t] = sigmoid(w2.T @ h1[t] + w22.T @ h2_previous + b2)
        z3[t] = w3.T @ h2[t] + b3
        Y[t] = softmax(z3[t])
        h1_previous, h2_previous = h1[t], h2[t]

    weights = {"w1": w1, "w11": w11, "w2": w2, "w22": w22, "w3": w3}
    saved = {"X": X, "h1_start": h1_start, "h2_start": h2_start, **weights, "h1": h1, "h2": h2, "z3": z3, "Y": Y}
    return {"h1": h1, "h2": h2, "Y": Y}, saved


def backward(saved, d_h1, d_h2, d_Y):
    X, h1, h2, Y = saved["X"], saved["h1"], saved["h2"], saved["Y"]
    w1, w11, w2, w22, w3 = saved["w1"], saved["w11"], saved["w2"], saved["w22"], saved["w3"]
    d_X = np.empty_like(X)
    d_w1, d_w11, d_b1 = np.zeros_like(w1), np.zeros_like(w11), np.zeros_like(h1[0])
    d_w2, d_w22, d_b2 = np.zeros_like(w2), np.zeros_like(w22), np.zeros_like(h2[0])
    d_w3, d_b3 = np.zeros_like(w3), np.zeros_like(Y[0])

    d_h1_next, d_h2_next = np.zeros_like(h1[0]), np.zeros_like(h2[0])  # from step t + 1
    for t in reversed(range(len(X))):
        h1_previous = h1[t - 1] if t > 0 else saved["h1_start"]
        h2_previous = h2[t - 1] if t > 0 else saved["h2_start"]

        d_z3 = Y[t] * (d_Y[t] - d_Y[t] @ Y[t])
        d_w3 += np.outer(h2[t], d_z3)
        d_b3 += d_z3

        d_h2_t = d_h2[t] + w3 @ d_z3 + d_h2_next
        d_z2 = d_h2_t * h2[t] * (1 - h2[t])
        d_w2 += np.outer(h1[t], d_z2)
        d_w22 += np.outer(h2_previous, d_z2)
        d_b2 += d_z2
        d_h2_next = w22 @ d_z2

        d_h1_t = d_h1[t] + w2 @ d_z2 + d_h1_next
        d_z1 = d_h1_t * (1 - h1[t] ** 2)
        d_w1 += np.outer(X[t], d_z1)
        d_w11 += np.outer(h1_previous, d_z1)
        d_b1 += d_z1
        d_h1_next = w11 @ d_z1

        d_X[t] = w1 @ d_z1

    return {
        "X": d_X, "h1_start": d_h1_next, "h2_start": d_h2_next,
        "w1": d_w1, "w11": d_w11, "b1": d_b1,
        "w2": d_w2, "w22": d_w22, "b2": d_b2,
        "w3": d_w3, "b3": d_b3,
    }  # fmt: skip
