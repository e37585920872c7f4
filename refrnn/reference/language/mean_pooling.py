"""A word from the mean of the words around it. Lecture cmu-2017, Mikolov et al. 2013.

w (K,) and d () integers, P (M, N), U (N, M), PW (K, M), pool (M,), y and W (N,), Div (), all but w and d of one float
type.
"""

import numpy as np


def log_softmax(z):
    shifted = z - np.max(z)  # the exponentials never overflow
    return shifted - np.log(np.sum(np.exp(shifted)))


def forward(w, d, P, U):
    K, M = len(w), len(P)
    PW = np.empty((K, M), dtype=P.dtype)
    for k in range(K):
        PW[k] = P[:, w[k]]
    pool = np.sum(PW, axis=0) / K
    y = U @ pool
    W = np.exp(log_softmax(y))
    Div = -log_softmax(y)[d]

    saved = {"w": w, "d": d, "P": P, "U": U, "PW": PW, "pool": pool, "y": y, "W": W}
    return {"pool": pool, "W": W, "Div": Div}, saved


def backward(saved, d_pool, d_W, d_Div):
    w, d, pool, W, U = saved["w"], saved["d"], saved["pool"], saved["W"], saved["U"]
    d_P = np.zeros_like(saved["P"])

    d_y = W * (d_W - W @ d_W) + d_Div * W
    d_y[d] -= d_Div
    d_U = np.outer(d_y, pool)
    d_pool = d_pool + U.T @ d_y
    for k in range(len(w)):
        d_P[:, w[k]] += d_pool / len(w)

    return {"P": d_P, "U": d_U}
