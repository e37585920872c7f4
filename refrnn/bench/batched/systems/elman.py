"""Elman network. x (T, B, I), h0 (B, H), h (T, B, H), y (T, B, O)."""

import numpy as np

from refrnn.bench.batched import before, flat, whole_only


def forward(x, h0, W_xh, W_hh, W_hy, simple, lengths=None):
    whole_only(lengths)
    h = x @ W_xh
    state = h0
    for t in range(len(x)):
        state = h[t] = np.tanh(state @ W_hh + h[t])
    saved = {"x": x, "context": before(h, h0), "W_xh": W_xh, "W_hh": W_hh, "W_hy": W_hy, "simple": simple, "h": h}
    return {"h": h, "y": h @ W_hy}, saved


def backward(saved, d_h, d_y):
    x, context, h, W_hh = saved["x"], saved["context"], saved["h"], saved["W_hh"]
    d_a = d_h + d_y @ saved["W_hy"].T
    slope = 1 - h * h
    d_state = np.zeros_like(h[0])
    for t in reversed(range(len(h))):
        d_a[t] = (d_a[t] + d_state) * slope[t]
        if saved["simple"] == 0:
            d_state = d_a[t] @ W_hh.T
    return {
        "x": d_a @ saved["W_xh"].T,
        "h0": d_state,
        "W_xh": flat(x).T @ flat(d_a),
        "W_hh": flat(context).T @ flat(d_a),
        "W_hy": flat(h).T @ flat(d_y),
    }
