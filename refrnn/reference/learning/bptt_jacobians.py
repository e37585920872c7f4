"""Backpropagation through time as a product of Jacobians. Lecture ds4440, Werbos 1990.

x (T, I), states h_0, h_1, ..., h_T (T + 1, H), W_o (H,), y, y_hat and L (), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, W_x, W_h, b_h, W_o, y):
    T, H = len(x), len(h0)
    states = np.empty((T + 1, H), dtype=x.dtype)

    states[0] = h0
    for t in range(T):
        states[t + 1] = sigmoid(x[t] @ W_x + states[t] @ W_h + b_h)
    y_hat = W_o @ states[T]
    L = (y_hat - y) ** 2 / 2

    saved = {"x": x, "W_x": W_x, "W_h": W_h, "W_o": W_o, "error": y_hat - y, "states": states}
    return {"h": states[1:], "y_hat": y_hat, "L": L}, saved


def backward(saved, d_h, d_y_hat, d_L):
    x, W_x, W_h, W_o, states = saved["x"], saved["W_x"], saved["W_h"], saved["W_o"], saved["states"]
    T = len(x)
    d_x = np.empty_like(x)
    d_W_x, d_W_h, d_b_h = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(W_h[0])

    d_y = d_y_hat + d_L * saved["error"]
    d_W_o = d_y * states[T]
    d_state = d_y * W_o  # what the state after step t receives from behind
    for t in reversed(range(T)):
        slope = states[t + 1] * (1 - states[t + 1])
        d_a = slope * (d_h[t] + d_state)
        d_W_x += np.outer(x[t], d_a)
        d_W_h += np.outer(states[t], d_a)
        d_b_h += d_a
        d_x[t] = W_x @ d_a
        d_state = W_h @ d_a  # W_h diag(slope) is the Jacobian of h_{t+1} by h_t

    return {"x": d_x, "h0": d_state, "W_x": d_W_x, "W_h": d_W_h, "b_h": d_b_h, "W_o": d_W_o}
