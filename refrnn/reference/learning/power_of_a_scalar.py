"""A scalar weight applied again and again. Lecture eee511.

x and h (T,), h0 and w (), all of one float type; h holds h_1, ..., h_T.
"""

import numpy as np


def forward(x, h0, w):
    T = len(x)
    states = np.empty(T + 1, dtype=x.dtype)  # h_0, h_1, ..., h_T

    states[0] = h0
    for t in range(T):
        states[t + 1] = w * states[t] + x[t]

    return {"h": states[1:]}, {"w": w, "states": states}


def backward(saved, d_h):
    w, states = saved["w"], saved["states"]
    d_x, d_w = np.empty_like(d_h), np.zeros_like(w)

    d_state = np.zeros_like(states[0])  # what the state after step t receives from step t + 1
    for t in reversed(range(len(d_h))):
        d_x[t] = d_h[t] + d_state
        d_w += d_x[t] * states[t]
        d_state = w * d_x[t]

    return {"x": d_x, "h0": d_state, "w": d_w}
