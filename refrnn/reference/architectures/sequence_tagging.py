"""Sequence tagging, an answer at every step. Lectures ds4440 and eee511.

x (T, D), h (T, H), y (T, O), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def forward(x, h0, W_x, W_h, b_h, W_o, b_o):
    T, H, O = len(x), len(h0), len(b_o)
    h = np.empty((T, H), dtype=x.dtype)
    y = np.empty((T, O), dtype=x.dtype)

    h_previous = h0
    for t in range(T):
        h[t] = sigmoid(x[t] @ W_x + h_previous @ W_h + b_h)
        y[t] = softmax(W_o @ h[t] + b_o)
        h_previous = h[t]

    saved = {"x": x, "h0": h0, "W_x": W_x, "W_h": W_h, "W_o": W_o, "h": h, "y": y}
    return {"h": h, "y": y}, saved


def backward(saved, d_h, d_y):
    x, h0, W_x, W_h, W_o, h, y = (saved[name] for name in ("x", "h0", "W_x", "W_h", "W_o", "h", "y"))
    d_x = np.empty_like(x)
    d_W_x, d_W_h, d_b_h = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(h0)
    d_W_o, d_b_o = np.zeros_like(W_o), np.zeros_like(W_o[:, 0])

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h0
        d_z = y[t] * (d_y[t] - np.dot(d_y[t], y[t]))
        d_W_o += np.outer(d_z, h[t])
        d_b_o += d_z
        d_h_t = d_h[t] + W_o.T @ d_z + d_h_next
        d_a = d_h_t * h[t] * (1 - h[t])
        d_W_x += np.outer(x[t], d_a)
        d_W_h += np.outer(h_previous, d_a)
        d_b_h += d_a
        d_x[t] = W_x @ d_a
        d_h_next = W_h @ d_a

    return {"x": d_x, "h0": d_h_next, "W_x": d_W_x, "W_h": d_W_h, "b_h": d_b_h, "W_o": d_W_o, "b_o": d_b_o}
