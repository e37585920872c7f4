"""A plain state and a gated memory over the same input. Lecture cmu-2017.

x (T, I), h, g and c (T, H), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, c0, W_x, W_h, b, V, d, U):
    T, H = len(x), len(h0)
    h, g, c = (np.empty((T, H), dtype=x.dtype) for _ in range(3))

    h_previous, c_previous = h0, c0
    for t in range(T):
        h[t] = np.tanh(W_x @ x[t] + W_h @ h_previous + b)
        g[t] = sigmoid(V @ x[t] + d)
        c[t] = (1 - g[t]) * c_previous + g[t] * np.tanh(U @ x[t])
        h_previous, c_previous = h[t], c[t]

    saved = {"x": x, "h0": h0, "c0": c0, "W_x": W_x, "W_h": W_h, "V": V, "U": U, "h": h, "g": g, "c": c}
    return {"h": h, "c": c}, saved


def backward(saved, d_h, d_c):
    x, h0, c0, h, g, c = (saved[name] for name in ("x", "h0", "c0", "h", "g", "c"))
    W_x, W_h, V, U = saved["W_x"], saved["W_h"], saved["V"], saved["U"]
    d_x = np.empty_like(x)
    d_W_x, d_W_h, d_b = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(h0)
    d_V, d_d, d_U = np.zeros_like(V), np.zeros_like(h0), np.zeros_like(U)

    d_h_next, d_c_next = np.zeros_like(h0), np.zeros_like(c0)  # what h[t] and c[t] receive from step t + 1
    for t in reversed(range(len(x))):
        h_previous, c_previous = (h[t - 1], c[t - 1]) if t > 0 else (h0, c0)
        d_a = (d_h[t] + d_h_next) * (1 - h[t] ** 2)
        d_W_x += np.outer(d_a, x[t])
        d_W_h += np.outer(d_a, h_previous)
        d_b += d_a
        d_h_next = W_h.T @ d_a

        stored = np.tanh(U @ x[t])
        d_c_t = d_c[t] + d_c_next
        d_a_g = d_c_t * (stored - c_previous) * g[t] * (1 - g[t])
        d_V += np.outer(d_a_g, x[t])
        d_d += d_a_g
        d_a_u = d_c_t * g[t] * (1 - stored**2)
        d_U += np.outer(d_a_u, x[t])
        d_c_next = d_c_t * (1 - g[t])

        d_x[t] = W_x.T @ d_a + V.T @ d_a_g + U.T @ d_a_u

    return {
        "x": d_x, "h0": d_h_next, "c0": d_c_next,
        "W_x": d_W_x, "W_h": d_W_h, "b": d_b, "V": d_V, "d": d_d, "U": d_U,
    }  # fmt: skip
