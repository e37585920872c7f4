"""A tanh of the state's and the input's products. x (T, B, I), s0 (B, H), s (T, B, H)."""

import numpy as np

from refrnn.bench.batched import before, flat, whole_only


def forward(x, s0, U, V, lengths=None):
    whole_only(lengths)
    s = x @ V.T
    U_rows = np.ascontiguousarray(U.T)
    state = s0
    for t in range(len(x)):
        state = s[t] = np.tanh(state @ U_rows + s[t])
    return {"s": s}, {"x": x, "before": before(s, s0), "U": U, "V": V, "s": s}


def backward(saved, d_s):
    s, U, V = saved["s"], saved["U"], saved["V"]
    d_a = 1 - s * s
    d_state = np.zeros_like(s[0])
    for t in reversed(range(len(s))):
        d_a[t] *= d_s[t] + d_state
        d_state = d_a[t] @ U
    d_U, d_V = flat(d_a).T @ flat(saved["before"]), flat(d_a).T @ flat(saved["x"])
    return {"x": d_a @ V, "s0": d_state, "U": d_U, "V": d_V}
