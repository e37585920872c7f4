"""Recurrent network over a batch of rows. Lecture ds4440.

x (T, B, D), h (T, B, H), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, W_x, W_h, b_h):
    T, B, H = len(x), *h0.shape
    states = np.empty((T + 1, B, H), dtype=x.dtype)  # h at 0, 1, ..., T

    states[0] = h0
    for tau in range(T):
        states[tau + 1] = sigmoid(x[tau] @ W_x + states[tau] @ W_h + b_h)

    saved = {"x": x, "W_x": W_x, "W_h": W_h, "states": states}
    return {"h": states[1:]}, saved


def backward(saved, d_h):
    x, W_x, W_h, states = saved["x"], saved["W_x"], saved["W_h"], saved["states"]
    d_x = np.empty_like(x)
    d_W_x, d_W_h, d_b_h = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(W_h[:1])

    d_state = np.zeros_like(states[0])  # what the state after tau receives from step tau + 1
    for tau in reversed(range(len(x))):
        h = states[tau + 1]
        d_a = (d_h[tau] + d_state) * h * (1 - h)
        d_W_x += x[tau].T @ d_a
        d_W_h += states[tau].T @ d_a
        d_b_h += np.sum(d_a, axis=0, keepdims=True)
        d_x[tau] = d_a @ W_x.T
        d_state = d_a @ W_h.T

    return {"x": d_x, "h0": d_state, "W_x": d_W_x, "W_h": d_W_h, "b_h": d_b_h}
