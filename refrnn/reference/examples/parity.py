"""Parity by a plain recurrent network of rectified units. Lectures ds4440 and cmu-2017.

x (T, I), h (T, H), y (T, O), all of one float type.
"""

import numpy as np


def forward(x, h0, W_xh, W_hh, b_h, W_hy, b_y):
    h = np.empty((len(x), len(b_h)), dtype=x.dtype)
    y = np.empty((len(x), len(b_y)), dtype=x.dtype)

    h_previous = h0
    for t in range(len(x)):
        h[t] = np.maximum(W_xh @ x[t] + W_hh @ h_previous + b_h, 0)
        y[t] = W_hy @ h[t] + b_y
        h_previous = h[t]

    return {"h": h, "y": y}, {"x": x, "h0": h0, "W_xh": W_xh, "W_hh": W_hh, "W_hy": W_hy, "h": h}


def backward(saved, d_h, d_y):
    x, h0, W_xh, W_hh, W_hy, h = (saved[name] for name in ("x", "h0", "W_xh", "W_hh", "W_hy", "h"))
    d_x = np.empty_like(x)
    d_W_xh, d_W_hh, d_b_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(h0)
    d_W_hy, d_b_y = np.zeros_like(W_hy), np.zeros_like(W_hy[:, 0])

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h0
        d_W_hy += np.outer(d_y[t], h[t])
        d_b_y += d_y[t]
        d_h_t = d_h[t] + W_hy.T @ d_y[t] + d_h_next
        d_a = np.where(h[t] > 0, d_h_t, 0)
        d_W_xh += np.outer(d_a, x[t])
        d_W_hh += np.outer(d_a, h_previous)
        d_b_h += d_a
        d_x[t] = W_xh.T @ d_a
        d_h_next = W_hh.T @ d_a

    return {"x": d_x, "h0": d_h_next, "W_xh": d_W_xh, "W_hh": d_W_hh, "b_h": d_b_h, "W_hy": d_W_hy, "b_y": d_b_y}
