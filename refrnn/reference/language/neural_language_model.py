"""Neural language model. Lecture cmu-2017, Bengio et al. 2003.

w (K,) and d () integers, P (M, N), A (K, H, M), U (N, H), PW (K, M), h (H,), y and W (N,), Div (), all but w and d of one
float type.
"""

import numpy as np


def log_softmax(z):
    shifted = z - np.max(z)  # the exponentials never overflow
    return shifted - np.log(np.sum(np.exp(shifted)))


def forward(w, d, P, A, a, U, b):
    K, M = len(w), len(P)
    PW = np.empty((K, M), dtype=P.dtype)

    z = a
    for k in range(K):
        PW[k] = P[:, w[k]]
        z = z + A[k] @ PW[k]
    h = np.tanh(z)
    y = U @ h + b
    W = np.exp(log_softmax(y))
    Div = -log_softmax(y)[d]

    saved = {"w": w, "d": d, "P": P, "A": A, "U": U, "PW": PW, "h": h, "y": y, "W": W}
    return {"W": W, "Div": Div}, saved


def backward(saved, d_W, d_Div):
    w, d, PW, h, W = saved["w"], saved["d"], saved["PW"], saved["h"], saved["W"]
    A, U = saved["A"], saved["U"]
    d_P, d_A = np.zeros_like(saved["P"]), np.empty_like(A)

    d_y = W * (d_W - W @ d_W) + d_Div * W
    d_y[d] -= d_Div
    d_U = np.outer(d_y, h)
    d_z = (U.T @ d_y) * (1 - h**2)
    for k in range(len(w)):
        d_A[k] = np.outer(d_z, PW[k])
        d_P[:, w[k]] += A[k].T @ d_z

    return {"P": d_P, "A": d_A, "a": d_z, "U": d_U, "b": d_y}
