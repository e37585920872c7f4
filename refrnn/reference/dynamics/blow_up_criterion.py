"""When a linear recursion blows up. Lecture cmu-2017, Bengio, Simard and Frasconi 1994.

r0, s0, lamda_re, lamda_im, blows_up and shrinks (N,), T a whole number, r, s and length (T, N), all of one float type.
"""

import numpy as np


def forward(r0, s0, lamda_re, lamda_im, T):
    r, s = (np.empty((T, len(r0)), dtype=r0.dtype) for _ in range(2))

    r_previous, s_previous = r0, s0
    for t in range(T):
        r[t] = lamda_re * r_previous - lamda_im * s_previous
        s[t] = lamda_im * r_previous + lamda_re * s_previous
        r_previous, s_previous = r[t], s[t]

    length = np.where(np.isnan(r) | np.isnan(s), np.nan, np.hypot(r, s)).astype(r.dtype)  # hypot(inf, NaN) is inf
    size = lamda_re**2 + lamda_im**2
    outputs = {"r": r, "s": s, "length": length, "blows_up": (size > 1).astype(r0.dtype), "shrinks": (size < 1).astype(r0.dtype)}
    return outputs, {**outputs, "r0": r0, "s0": s0, "lamda_re": lamda_re, "lamda_im": lamda_im}


def backward(saved, d_r, d_s, d_length, d_blows_up, d_shrinks):
    r, s, r0, s0, lamda_re, lamda_im = (saved[name] for name in ("r", "s", "r0", "s0", "lamda_re", "lamda_im"))
    d_lamda_re, d_lamda_im = np.zeros_like(lamda_re), np.zeros_like(lamda_im)

    # A criterion is a jump: blows_up and shrinks have no slope. The slope of a length of 0 is taken as 0.
    whole = np.where(saved["length"] > 0, saved["length"], 1).astype(r.dtype)
    d_r_next, d_s_next = np.zeros_like(r0), np.zeros_like(s0)  # what r[t] and s[t] receive from step t + 1
    for t in reversed(range(len(r))):
        r_previous, s_previous = (r[t - 1], s[t - 1]) if t > 0 else (r0, s0)
        d_r_t = d_r[t] + d_length[t] * (r[t] / whole[t]) + d_r_next
        d_s_t = d_s[t] + d_length[t] * (s[t] / whole[t]) + d_s_next
        d_lamda_re += d_r_t * r_previous + d_s_t * s_previous
        d_lamda_im += d_s_t * r_previous - d_r_t * s_previous
        d_r_next = lamda_re * d_r_t + lamda_im * d_s_t
        d_s_next = lamda_re * d_s_t - lamda_im * d_r_t

    return {"r0": d_r_next, "s0": d_s_next, "lamda_re": d_lamda_re, "lamda_im": d_lamda_im}
