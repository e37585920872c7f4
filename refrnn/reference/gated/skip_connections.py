"""Recurrent layer with connections that jump D steps. Lecture krippahl.

x (T, I), h (T, H), h_start (D, H), W (H, I), U and V (H, H), all of one float type.
"""

import numpy as np


def forward(x, h_start, W, U, V, b):
    T, D = len(x), len(h_start)
    h = np.concatenate((h_start, np.empty((T, len(b)), dtype=x.dtype)))  # the state of step t is h[D + t]

    for t in range(T):
        h[D + t] = np.tanh(W @ x[t] + U @ h[D + t - 1] + V @ h[D + t - D] + b)

    return {"h": h[D:]}, {"x": x, "W": W, "U": U, "V": V, "D": D, "all_h": h}


def backward(saved, d_h):
    x, W, U, V, D, h = (saved[name] for name in ("x", "W", "U", "V", "D", "all_h"))
    d_x, d_W, d_U, d_V, d_b = np.empty_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros_like(V), np.zeros_like(U[0])
    d_all_h = np.zeros_like(h)
    d_all_h[D:] = d_h

    for t in reversed(range(len(x))):
        d_a = d_all_h[D + t] * (1 - h[D + t] ** 2)
        d_W += np.outer(d_a, x[t])
        d_U += np.outer(d_a, h[D + t - 1])
        d_V += np.outer(d_a, h[D + t - D])
        d_b += d_a
        d_x[t] = W.T @ d_a
        d_all_h[D + t - 1] += U.T @ d_a
        d_all_h[D + t - D] += V.T @ d_a

    return {"x": d_x, "h_start": d_all_h[:D], "W": d_W, "U": d_U, "V": d_V, "b": d_b}
