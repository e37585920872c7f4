"""A recursion with shared parameters, unfolded over the steps. Lecture krippahl.

x (T, I), s (T, H), all of one float type.
"""

import numpy as np


def forward(x, s0, U, V):
    T, H = len(x), len(s0)
    s = np.empty((T, H), dtype=x.dtype)

    s_previous = s0
    for t in range(T):
        s[t] = np.tanh(U @ s_previous + V @ x[t])
        s_previous = s[t]

    return {"s": s}, {"x": x, "s0": s0, "U": U, "V": V, "s": s}


def backward(saved, d_s):
    x, s0, U, V, s = saved["x"], saved["s0"], saved["U"], saved["V"], saved["s"]
    d_x = np.empty_like(x)
    d_U, d_V = np.zeros_like(U), np.zeros_like(V)

    d_s_next = np.zeros_like(s0)  # what s[t] receives from step t + 1
    for t in reversed(range(len(x))):
        s_previous = s[t - 1] if t > 0 else s0
        d_a = (d_s[t] + d_s_next) * (1 - s[t] ** 2)
        d_U += np.outer(d_a, s_previous)  # the shared U gathers what each of its copies receives
        d_V += np.outer(d_a, x[t])
        d_x[t] = V.T @ d_a
        d_s_next = U.T @ d_a

    return {"x": d_x, "s0": d_s_next, "U": d_U, "V": d_V}
