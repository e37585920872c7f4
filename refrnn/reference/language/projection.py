"""Projection of words to fewer dimensions. Lecture cmu-2017.

w (T,) integers, P (M, N), W (T, N), PW (T, M), all but w of one float type.
"""

import numpy as np


def forward(w, P):
    T, (M, N) = len(w), P.shape
    W = np.zeros((T, N), dtype=P.dtype)
    PW = np.empty((T, M), dtype=P.dtype)
    for t in range(T):
        W[t, w[t]] = 1
        PW[t] = P[:, w[t]]  # P @ W[t]
    return {"PW": PW}, {"w": w, "P": P, "W": W}


def backward(saved, d_PW):
    w, d_P = saved["w"], np.zeros_like(saved["P"])
    for t in range(len(w)):
        d_P[:, w[t]] += d_PW[t]
    return {"P": d_P}
