"""Network with an explicit memory. Lecture cmu-2020.

x (T, I), m (T, M), h (T, H), y (T, O), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, m0, h0, y0, W_ym, W_hm, W_mm, b_m, W_xh, W_mh, b_h, W_hy, b_y):
    T = len(x)
    m = np.empty((T, len(b_m)), dtype=x.dtype)
    h = np.empty((T, len(b_h)), dtype=x.dtype)
    y = np.empty((T, len(b_y)), dtype=x.dtype)

    m_previous, h_previous, y_previous = m0, h0, y0
    for t in range(T):
        m[t] = np.tanh(W_ym @ y_previous + W_hm @ h_previous + W_mm @ m_previous + b_m)
        h[t] = np.tanh(W_xh @ x[t] + W_mh @ m[t] + b_h)
        y[t] = sigmoid(W_hy @ h[t] + b_y)
        m_previous, h_previous, y_previous = m[t], h[t], y[t]

    weights = {"W_ym": W_ym, "W_hm": W_hm, "W_mm": W_mm, "W_xh": W_xh, "W_mh": W_mh, "W_hy": W_hy}
    saved = {"x": x, "m0": m0, "h0": h0, "y0": y0, "weights": weights, "m": m, "h": h, "y": y}
    return {"m": m, "h": h, "y": y}, saved


def backward(saved, d_m, d_h, d_y):
    x, m, h, y, W = saved["x"], saved["m"], saved["h"], saved["y"], saved["weights"]
    d_x, d_W = np.empty_like(x), {name: np.zeros_like(weights) for name, weights in W.items()}
    d_b_m, d_b_h, d_b_y = np.zeros_like(m[0]), np.zeros_like(h[0]), np.zeros_like(y[0])

    # What m[t], h[t] and y[t] receive from the memory of step t + 1.
    d_m_next, d_h_next, d_y_next = np.zeros_like(m[0]), np.zeros_like(h[0]), np.zeros_like(y[0])
    for t in reversed(range(len(x))):
        m_previous, h_previous, y_previous = (m[t - 1], h[t - 1], y[t - 1]) if t > 0 else (saved["m0"], saved["h0"], saved["y0"])

        d_a_y = (d_y[t] + d_y_next) * y[t] * (1 - y[t])  # of the argument of sigmoid
        d_W["W_hy"] += np.outer(d_a_y, h[t])
        d_b_y += d_a_y

        d_a_h = (d_h[t] + d_h_next + W["W_hy"].T @ d_a_y) * (1 - h[t] ** 2)
        d_W["W_xh"] += np.outer(d_a_h, x[t])
        d_W["W_mh"] += np.outer(d_a_h, m[t])
        d_b_h += d_a_h
        d_x[t] = W["W_xh"].T @ d_a_h

        d_a_m = (d_m[t] + d_m_next + W["W_mh"].T @ d_a_h) * (1 - m[t] ** 2)
        d_W["W_ym"] += np.outer(d_a_m, y_previous)
        d_W["W_hm"] += np.outer(d_a_m, h_previous)
        d_W["W_mm"] += np.outer(d_a_m, m_previous)
        d_b_m += d_a_m
        d_y_next, d_h_next, d_m_next = W["W_ym"].T @ d_a_m, W["W_hm"].T @ d_a_m, W["W_mm"].T @ d_a_m

    return {"x": d_x, "m0": d_m_next, "h0": d_h_next, "y0": d_y_next, **d_W, "b_m": d_b_m, "b_h": d_b_h, "b_y": d_b_y}
