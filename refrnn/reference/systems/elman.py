"""Elman network, with "simple" or full learning. Lecture eee511, Elman 1990.

x (T, I), h and context (T, H), y (T, O), all of one float type.
"""

import numpy as np


def forward(x, h0, W_xh, W_hh, W_hy, simple):
    T, H, O = len(x), W_hh.shape[0], W_hy.shape[1]
    context = np.empty((T, H), dtype=x.dtype)
    h = np.empty((T, H), dtype=x.dtype)
    y = np.empty((T, O), dtype=x.dtype)

    h_previous = h0
    for t in range(T):
        context[t] = h_previous
        h[t] = np.tanh(W_hh.T @ context[t] + W_xh.T @ x[t])
        y[t] = W_hy.T @ h[t]
        h_previous = h[t]

    saved = {"x": x, "W_xh": W_xh, "W_hh": W_hh, "W_hy": W_hy, "simple": simple, "context": context, "h": h}
    return {"h": h, "y": y}, saved


def backward(saved, d_h, d_y):
    x, context, h = saved["x"], saved["context"], saved["h"]
    W_xh, W_hh, W_hy = saved["W_xh"], saved["W_hh"], saved["W_hy"]
    d_x = np.empty_like(x)
    d_W_xh, d_W_hh, d_W_hy = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hy)

    d_h_next = np.zeros_like(W_hh[0])  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        d_W_hy += np.outer(h[t], d_y[t])
        d_h_t = d_h[t] + W_hy @ d_y[t] + d_h_next
        d_a = d_h_t * (1 - h[t] ** 2)
        d_W_xh += np.outer(x[t], d_a)
        d_W_hh += np.outer(context[t], d_a)
        d_x[t] = W_xh @ d_a
        d_context = W_hh @ d_a
        # "simple" learning takes the copied context for a constant: no error reaches the past.
        d_h_next = np.zeros_like(d_context) if saved["simple"] == 1 else d_context

    return {"x": d_x, "h0": d_h_next, "W_xh": d_W_xh, "W_hh": d_W_hh, "W_hy": d_W_hy}
