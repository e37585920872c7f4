"""Character-level language model. Lectures eee511 and cmu-2017.

w and d (T,) integers, h (T, H), W_xh (N, H), W_hh (H, H), W_hy (H, N), x, y and P (T, N), Div (T,), DIV (), all but w and d
of one float type.
"""

import numpy as np


def log_softmax(z):
    shifted = z - np.max(z)  # the exponentials never overflow
    return shifted - np.log(np.sum(np.exp(shifted)))


def forward(w, d, h0, W_xh, W_hh, W_hy):
    T, (N, H) = len(w), W_xh.shape
    x = np.zeros((T, N), dtype=h0.dtype)
    h = np.empty((T, H), dtype=h0.dtype)
    y = np.empty((T, N), dtype=h0.dtype)
    P = np.empty((T, N), dtype=h0.dtype)
    Div = np.empty(T, dtype=h0.dtype)

    h_previous = h0
    for t in range(T):
        x[t, w[t]] = 1
        h[t] = np.tanh(W_hh.T @ h_previous + W_xh[w[t]])
        y[t] = W_hy.T @ h[t]
        P[t] = np.exp(log_softmax(y[t]))
        Div[t] = -log_softmax(y[t])[d[t]]
        h_previous = h[t]
    DIV = np.sum(Div)

    saved = {"w": w, "d": d, "h0": h0, "W_xh": W_xh, "W_hh": W_hh, "W_hy": W_hy, "x": x, "h": h, "y": y, "P": P}
    return {"h": h, "P": P, "Div": Div, "DIV": DIV}, saved


def backward(saved, d_h, d_P, d_Div, d_DIV):
    w, d, h0, h, P = saved["w"], saved["d"], saved["h0"], saved["h"], saved["P"]
    W_xh, W_hh, W_hy = saved["W_xh"], saved["W_hh"], saved["W_hy"]
    d_W_xh, d_W_hh, d_W_hy = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hy)

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(h))):
        h_previous = h[t - 1] if t > 0 else h0
        d_Div_t = d_Div[t] + d_DIV
        d_y = P[t] * (d_P[t] - P[t] @ d_P[t]) + d_Div_t * P[t]
        d_y[d[t]] -= d_Div_t
        d_W_hy += np.outer(h[t], d_y)
        d_h_t = d_h[t] + W_hy @ d_y + d_h_next
        d_a = d_h_t * (1 - h[t] ** 2)
        d_W_hh += np.outer(h_previous, d_a)
        d_W_xh[w[t]] += d_a
        d_h_next = W_hh @ d_a

    return {"h0": d_h_next, "W_xh": d_W_xh, "W_hh": d_W_hh, "W_hy": d_W_hy}
