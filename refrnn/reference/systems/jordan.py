"""Jordan network, with "simple" or full learning. Lecture cmu-2020, Jordan 1986.

x (T, I), m and y (T, O), h (T, H), mu (), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, m0, y0, mu, W_xh, W_mh, b_h, W_hy, b_y, simple):
    T, H, O = len(x), len(b_h), len(b_y)
    m = np.empty((T, O), dtype=x.dtype)
    h = np.empty((T, H), dtype=x.dtype)
    y = np.empty((T, O), dtype=x.dtype)

    m_previous, y_previous = m0, y0
    for t in range(T):
        m[t] = mu * m_previous + y_previous
        h[t] = np.tanh(W_xh @ x[t] + W_mh @ m[t] + b_h)
        y[t] = sigmoid(W_hy @ h[t] + b_y)
        m_previous, y_previous = m[t], y[t]

    saved = {"x": x, "mu": mu, "W_xh": W_xh, "W_mh": W_mh, "W_hy": W_hy, "simple": simple, "m": m, "context": m, "h": h, "y": y}
    return {"m": m, "h": h, "y": y}, saved


def backward(saved, d_m, d_h, d_y):
    x, mu, m, h, y = saved["x"], saved["mu"], saved["m"], saved["h"], saved["y"]
    W_xh, W_mh, W_hy = saved["W_xh"], saved["W_mh"], saved["W_hy"]
    d_x = np.empty_like(x)
    d_W_xh, d_W_mh, d_W_hy = np.zeros_like(W_xh), np.zeros_like(W_mh), np.zeros_like(W_hy)
    d_b_h, d_b_y = np.zeros_like(h[0]), np.zeros_like(y[0])

    # What m[t] and y[t] receive from the context of step t + 1.
    d_m_next, d_y_next = np.zeros_like(m[0]), np.zeros_like(y[0])
    for t in reversed(range(len(x))):
        d_a_y = (d_y[t] + d_y_next) * y[t] * (1 - y[t])  # of the argument of sigmoid
        d_W_hy += np.outer(d_a_y, h[t])
        d_b_y += d_a_y

        d_a_h = (d_h[t] + W_hy.T @ d_a_y) * (1 - h[t] ** 2)
        d_W_xh += np.outer(d_a_h, x[t])
        d_W_mh += np.outer(d_a_h, m[t])
        d_b_h += d_a_h
        d_x[t] = W_xh.T @ d_a_h

        d_context = W_mh.T @ d_a_h
        # "simple" learning takes the context for a constant input: no error reaches the past through it.
        d_m_t = d_m[t] + d_m_next + (np.zeros_like(d_context) if saved["simple"] == 1 else d_context)
        d_m_next, d_y_next = mu * d_m_t, d_m_t

    return {"x": d_x, "m0": d_m_next, "y0": d_y_next, "W_xh": d_W_xh, "W_mh": d_W_mh, "b_h": d_b_h, "W_hy": d_W_hy, "b_y": d_b_y}
