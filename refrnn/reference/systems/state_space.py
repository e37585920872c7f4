"""State-space model whose start is learned. Lectures cmu-2020 and cmu-2017.

x (T, I), h (T, H), y (T, O), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h_start, W_xh, W_hh, b_h, W_hy, b_y):
    T, H, O = len(x), len(h_start), len(b_y)
    h = np.empty((T, H), dtype=x.dtype)
    y = np.empty((T, O), dtype=x.dtype)

    h_previous = h_start
    for t in range(T):
        h[t] = np.tanh(W_xh @ x[t] + W_hh @ h_previous + b_h)
        y[t] = sigmoid(W_hy @ h[t] + b_y)
        h_previous = h[t]

    saved = {"x": x, "h_start": h_start, "W_xh": W_xh, "W_hh": W_hh, "W_hy": W_hy, "h": h, "y": y}
    return {"h": h, "y": y}, saved


def backward(saved, d_h, d_y):
    x, h_start, h, y = saved["x"], saved["h_start"], saved["h"], saved["y"]
    W_xh, W_hh, W_hy = saved["W_xh"], saved["W_hh"], saved["W_hy"]
    d_x = np.empty_like(x)
    d_W_xh, d_W_hh, d_b_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(h_start)
    d_W_hy, d_b_y = np.zeros_like(W_hy), np.zeros_like(y[0])

    d_h_next = np.zeros_like(h_start)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h_start
        d_a_y = d_y[t] * y[t] * (1 - y[t])
        d_W_hy += np.outer(d_a_y, h[t])
        d_b_y += d_a_y
        d_h_t = d_h[t] + W_hy.T @ d_a_y + d_h_next
        d_a_h = d_h_t * (1 - h[t] ** 2)
        d_W_xh += np.outer(d_a_h, x[t])
        d_W_hh += np.outer(d_a_h, h_previous)
        d_b_h += d_a_h
        d_x[t] = W_xh.T @ d_a_h
        d_h_next = W_hh.T @ d_a_h

    return {
        "x": d_x, "h_start": d_h_next,
        "W_xh": d_W_xh, "W_hh": d_W_hh, "b_h": d_b_h,
        "W_hy": d_W_hy, "b_y": d_b_y,
    }  # fmt: skip
