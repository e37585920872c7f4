"""Reservoir of leaky units. Lecture krippahl, Jaeger 2001, Jaeger et al. 2007.

x (T, I), h (T, H), y (T, O), a (), all of one float type.
"""

import numpy as np


def forward(x, h0, W_in, W, a, W_out):
    T, H, O = len(x), len(h0), len(W_out)
    s = np.empty((T, H), dtype=x.dtype)
    h = np.empty((T, H), dtype=x.dtype)
    y = np.empty((T, O), dtype=x.dtype)

    h_previous = h0
    for t in range(T):
        s[t] = np.tanh(W_in @ x[t] + W @ h_previous)
        h[t] = a * h_previous + (1 - a) * s[t]
        y[t] = W_out @ np.concatenate((x[t], h[t]))
        h_previous = h[t]

    return {"h": h, "y": y}, {"x": x, "W_in": W_in, "W": W, "a": a, "W_out": W_out, "s": s, "h": h}


def backward(saved, d_h, d_y):
    x, W_in, W, a, W_out, s, h = (saved[name] for name in ("x", "W_in", "W", "a", "W_out", "s", "h"))
    d_x, d_W_out = np.empty_like(x), np.zeros_like(W_out)

    d_h_next = np.zeros_like(h[0])  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        d_W_out += np.outer(d_y[t], np.concatenate((x[t], h[t])))
        d_x_t, d_h_t = np.split(W_out.T @ d_y[t], [len(x[t])])
        d_h_t = d_h_t + d_h[t] + d_h_next
        d_a_s = (1 - a) * d_h_t * (1 - s[t] ** 2)  # of the argument of tanh
        d_x[t] = d_x_t + W_in.T @ d_a_s
        d_h_next = a * d_h_t + W.T @ d_a_s

    return {"x": d_x, "h0": d_h_next, "W_out": d_W_out}
