"""Recurrent language model over projected words. Lecture cmu-2017, Bengio et al. 2003, Mikolov 2012.

w and d (T,) integers, P (M, N), A (H, M), R (H, H), U (N, H), PW (T, M), h (T, H), y and W (T, N), Div (T,), DIV (), all but
w and d of one float type.
"""

import numpy as np


def log_softmax(z):
    shifted = z - np.max(z)  # the exponentials never overflow
    return shifted - np.log(np.sum(np.exp(shifted)))


def forward(w, d, h0, P, A, R, a, U, b):
    T, H, (M, N) = len(w), len(h0), P.shape
    PW = np.empty((T, M), dtype=P.dtype)
    h = np.empty((T, H), dtype=P.dtype)
    y = np.empty((T, N), dtype=P.dtype)
    W = np.empty((T, N), dtype=P.dtype)
    Div = np.empty(T, dtype=P.dtype)

    h_previous = h0
    for t in range(T):
        PW[t] = P[:, w[t]]
        h[t] = np.tanh(A @ PW[t] + R @ h_previous + a)
        y[t] = U @ h[t] + b
        W[t] = np.exp(log_softmax(y[t]))
        Div[t] = -log_softmax(y[t])[d[t]]
        h_previous = h[t]
    DIV = np.sum(Div)

    saved = {"w": w, "d": d, "h0": h0, "P": P, "A": A, "R": R, "U": U, "PW": PW, "h": h, "y": y, "W": W}
    return {"h": h, "W": W, "Div": Div, "DIV": DIV}, saved


def backward(saved, d_h, d_W, d_Div, d_DIV):
    w, d, h0, PW, h, W = (saved[name] for name in ("w", "d", "h0", "PW", "h", "W"))
    A, R, U = saved["A"], saved["R"], saved["U"]
    d_P, d_A, d_R, d_U = (np.zeros_like(saved[name]) for name in ("P", "A", "R", "U"))
    d_a, d_b = np.zeros_like(h0), np.zeros_like(W[0])

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(w))):
        h_previous = h[t - 1] if t > 0 else h0
        d_Div_t = d_Div[t] + d_DIV
        d_y = W[t] * (d_W[t] - W[t] @ d_W[t]) + d_Div_t * W[t]
        d_y[d[t]] -= d_Div_t
        d_U += np.outer(d_y, h[t])
        d_b += d_y
        d_z = (d_h[t] + U.T @ d_y + d_h_next) * (1 - h[t] ** 2)
        d_A += np.outer(d_z, PW[t])
        d_R += np.outer(d_z, h_previous)
        d_a += d_z
        d_P[:, w[t]] += A.T @ d_z
        d_h_next = R.T @ d_z

    return {"h0": d_h_next, "P": d_P, "A": d_A, "R": d_R, "a": d_a, "U": d_U, "b": d_b}
