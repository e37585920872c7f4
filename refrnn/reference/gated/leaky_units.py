"""Leaky units. Lecture krippahl, Jaeger et al. 2007, Goodfellow, Bengio and Courville 2016.

x (T, I), h (T, H), a (), all of one float type.
"""

import numpy as np


def forward(x, h0, W, U, b, a):
    T, H = len(x), len(h0)
    f = np.empty((T, H), dtype=x.dtype)
    h = np.empty((T, H), dtype=x.dtype)

    h_previous = h0
    for t in range(T):
        f[t] = np.tanh(W @ x[t] + U @ h_previous + b)
        h[t] = a * h_previous + (1 - a) * f[t]
        h_previous = h[t]

    return {"h": h}, {"x": x, "h0": h0, "W": W, "U": U, "a": a, "f": f, "h": h}


def backward(saved, d_h):
    x, h0, W, U, a, f, h = (saved[name] for name in ("x", "h0", "W", "U", "a", "f", "h"))
    d_x = np.empty_like(x)
    d_W, d_U, d_b, d_a = np.zeros_like(W), np.zeros_like(U), np.zeros_like(h0), np.zeros_like(a)

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h0
        d_h_t = d_h[t] + d_h_next
        d_a += d_h_t @ (h_previous - f[t])
        d_f = d_h_t * (1 - a)
        d_s = d_f * (1 - f[t] ** 2)  # of the argument of tanh
        d_W += np.outer(d_s, x[t])
        d_U += np.outer(d_s, h_previous)
        d_b += d_s
        d_h_next = d_h_t * a + U.T @ d_s
        d_x[t] = W.T @ d_s

    return {"x": d_x, "h0": d_h_next, "W": d_W, "U": d_U, "b": d_b, "a": d_a}
