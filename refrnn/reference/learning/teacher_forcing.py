"""Teacher forcing: the ground truth is fed in training, the net's own output in inference. Lecture krippahl.

x (T, I), s (T, H), y, o and fed (T, O), all of one float type.
"""

import numpy as np


def forward(x, y, s0, o0, U, W, R, b, V, c, forced):
    T, H, O = len(x), len(b), len(c)
    fed = np.empty((T, O), dtype=x.dtype)
    s = np.empty((T, H), dtype=x.dtype)
    o = np.empty((T, O), dtype=x.dtype)

    s_previous, o_previous = s0, o0
    for t in range(T):
        fed[t] = y[t - 1] if forced == 1 and t > 0 else o_previous
        s[t] = np.tanh(U @ x[t] + W @ fed[t] + R @ s_previous + b)
        o[t] = V @ s[t] + c
        s_previous, o_previous = s[t], o[t]

    saved = {"x": x, "s0": s0, "U": U, "W": W, "R": R, "V": V, "forced": forced, "fed": fed, "s": s}
    return {"s": s, "o": o}, saved


def backward(saved, d_s, d_o):
    x, s0, fed, s = saved["x"], saved["s0"], saved["fed"], saved["s"]
    U, W, R, V = saved["U"], saved["W"], saved["R"], saved["V"]
    d_x = np.empty_like(x)
    d_U, d_W, d_R, d_b = np.zeros_like(U), np.zeros_like(W), np.zeros_like(R), np.zeros_like(s0)
    d_V, d_c = np.zeros_like(V), np.zeros_like(fed[0])

    d_s_next, d_o_next = np.zeros_like(s0), np.zeros_like(fed[0])  # what step t + 1 sends back
    for t in reversed(range(len(x))):
        s_previous = s[t - 1] if t > 0 else s0
        d_o_t = d_o[t] + d_o_next
        d_V += np.outer(d_o_t, s[t])
        d_c += d_o_t
        d_a = (d_s[t] + V.T @ d_o_t + d_s_next) * (1 - s[t] ** 2)
        d_U += np.outer(d_a, x[t])
        d_W += np.outer(d_a, fed[t])
        d_R += np.outer(d_a, s_previous)
        d_b += d_a
        d_x[t] = U.T @ d_a
        d_s_next = R.T @ d_a
        d_fed = W.T @ d_a
        # No error goes through the ground truth; the first step saw the start o0 and not y.
        d_o_next = np.zeros_like(d_fed) if saved["forced"] == 1 and t > 0 else d_fed

    return {"x": d_x, "s0": d_s_next, "o0": d_o_next, "U": d_U, "W": d_W, "R": d_R, "b": d_b, "V": d_V, "c": d_c}
