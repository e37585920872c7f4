"""Image as context of every step, as in image captioning. Lecture krippahl, Karpathy and Fei-Fei 2015.

v (F,), x (T, I), h (T, H), y (T, O), all of one float type.
"""

import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def forward(v, x, h0, W, U, V, b, W_o, b_o):
    T, H, O = len(x), len(b), len(b_o)
    h = np.empty((T, H), dtype=x.dtype)
    y = np.empty((T, O), dtype=x.dtype)

    h_previous = h0
    for t in range(T):
        h[t] = np.tanh(V @ x[t] + W @ v + U @ h_previous + b)
        y[t] = softmax(W_o @ h[t] + b_o)
        h_previous = h[t]

    saved = {"v": v, "x": x, "h0": h0, "W": W, "U": U, "V": V, "W_o": W_o, "h": h, "y": y}
    return {"h": h, "y": y}, saved


def backward(saved, d_h, d_y):
    v, x, h0, h, y = (saved[name] for name in ("v", "x", "h0", "h", "y"))
    W, U, V, W_o = saved["W"], saved["U"], saved["V"], saved["W_o"]
    d_v, d_x = np.zeros_like(v), np.empty_like(x)
    d_W, d_U, d_V, d_b = np.zeros_like(W), np.zeros_like(U), np.zeros_like(V), np.zeros_like(h0)
    d_W_o, d_b_o = np.zeros_like(W_o), np.zeros_like(W_o[:, 0])

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h0
        d_z = y[t] * (d_y[t] - np.dot(d_y[t], y[t]))
        d_W_o += np.outer(d_z, h[t])
        d_b_o += d_z
        d_h_t = d_h[t] + W_o.T @ d_z + d_h_next
        d_a = d_h_t * (1 - h[t] ** 2)
        d_W += np.outer(d_a, v)
        d_U += np.outer(d_a, h_previous)
        d_V += np.outer(d_a, x[t])
        d_b += d_a
        d_v += W.T @ d_a  # the same v at every step
        d_x[t] = V.T @ d_a
        d_h_next = U.T @ d_a

    return {
        "v": d_v, "x": d_x, "h0": d_h_next, "W": d_W, "U": d_U, "V": d_V, "b": d_b, "W_o": d_W_o, "b_o": d_b_o,
    }  # fmt: skip
