"""Long short-term memory. Lecture eee511, Hochreiter and Schmidhuber 1997, Gers, Schmidhuber and Cummins 2000.

x (T, I), h and c (T, H), W (4H, H + I) with the gates i, f, o, g one below the other, all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, c0, W, b):
    T, H = len(x), len(h0)
    a = np.empty((T, 4 * H), dtype=x.dtype)
    i, f, o, g, c, h = (np.empty((T, H), dtype=x.dtype) for _ in range(6))

    h_previous, c_previous = h0, c0
    for t in range(T):
        a[t] = W @ np.concatenate([h_previous, x[t]]) + b
        i[t] = sigmoid(a[t, 0:H])
        f[t] = sigmoid(a[t, H : 2 * H])
        o[t] = sigmoid(a[t, 2 * H : 3 * H])
        g[t] = np.tanh(a[t, 3 * H : 4 * H])
        c[t] = f[t] * c_previous + i[t] * g[t]
        h[t] = o[t] * np.tanh(c[t])
        h_previous, c_previous = h[t], c[t]

    saved = {"x": x, "h0": h0, "c0": c0, "W": W, "a": a, "i": i, "f": f, "o": o, "g": g, "c": c, "h": h}
    return {"h": h, "c": c}, saved


def backward(saved, d_h, d_c):
    x, h0, c0, W = saved["x"], saved["h0"], saved["c0"], saved["W"]
    i, f, o, g, c, h = (saved[name] for name in ("i", "f", "o", "g", "c", "h"))
    H = len(h0)
    d_x = np.empty_like(x)
    d_W, d_b = np.zeros_like(W), np.zeros_like(W[:, 0])

    d_h_next, d_c_next = np.zeros_like(h0), np.zeros_like(c0)  # what h[t] and c[t] receive from step t + 1
    for t in reversed(range(len(x))):
        h_previous, c_previous = (h[t - 1], c[t - 1]) if t > 0 else (h0, c0)
        d_h_t = d_h[t] + d_h_next
        d_o = d_h_t * np.tanh(c[t])
        d_c_t = d_c[t] + d_h_t * o[t] * (1 - np.tanh(c[t]) ** 2) + d_c_next
        d_f = d_c_t * c_previous
        d_i = d_c_t * g[t]
        d_g = d_c_t * i[t]
        d_c_next = d_c_t * f[t]

        d_a_i = d_i * i[t] * (1 - i[t])
        d_a_f = d_f * f[t] * (1 - f[t])
        d_a_o = d_o * o[t] * (1 - o[t])
        d_a_g = d_g * (1 - g[t] ** 2)
        d_a = np.concatenate([d_a_i, d_a_f, d_a_o, d_a_g])
        d_W += np.outer(d_a, np.concatenate([h_previous, x[t]]))
        d_b += d_a
        d_h_next = W[:, :H].T @ d_a
        d_x[t] = W[:, H:].T @ d_a

    return {"x": d_x, "h0": d_h_next, "c0": d_c_next, "W": d_W, "b": d_b}
