"""BPTT in chunks of K1 steps, through the last K2 of each. Lectures eee511 and krippahl, Williams and Peng 1990.

x (T, I), h (T, H), all of one float type.
"""

import numpy as np


def forward(x, h0, W_xh, W_hh, b_h, K1, K2):
    T, H = len(x), len(h0)
    carried = np.empty((T, H), dtype=x.dtype)
    s, h = np.empty((T, H), dtype=x.dtype), np.empty((T, H), dtype=x.dtype)

    h_previous = h0
    for t in range(T):
        carried[t] = h_previous
        s[t] = np.tanh(W_xh @ x[t] + W_hh @ carried[t] + b_h)
        h[t] = s[t]  # what is out of reach is a constant on the way back only
        h_previous = h[t]

    saved = {"x": x, "W_xh": W_xh, "W_hh": W_hh, "K1": K1, "K2": K2, "carried": carried, "s": s, "h": h}
    return {"h": h}, saved


def backward(saved, d_h):
    x, carried, h = saved["x"], saved["carried"], saved["h"]
    W_xh, W_hh, K1, K2 = saved["W_xh"], saved["W_hh"], saved["K1"], saved["K2"]
    T = len(x)
    nothing = np.zeros_like(h[0])
    d_x = np.empty_like(x)
    d_W_xh, d_W_hh, d_b_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(h[0])

    d_h_next = nothing  # what h[t] receives from step t + 1
    for t in reversed(range(T)):
        chunk_start = t // K1 * K1
        chunk_end = min(T, chunk_start + K1)
        within_reach = chunk_end - t <= K2
        if not within_reach:  # not even an infinite weight makes an error of none
            d_x[t], d_h_next = 0, nothing
            continue
        d_a = (d_h[t] + d_h_next) * (1 - h[t] ** 2)
        d_W_xh += np.outer(d_a, x[t])
        d_W_hh += np.outer(d_a, carried[t])
        d_b_h += d_a
        d_x[t] = W_xh.T @ d_a
        # The state that one chunk hands to the next is a constant there.
        d_h_next = nothing if t == chunk_start and t > 0 else W_hh.T @ d_a

    return {"x": d_x, "h0": d_h_next, "W_xh": d_W_xh, "W_hh": d_W_hh, "b_h": d_b_h}
