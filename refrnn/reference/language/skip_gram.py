"""The words around from one word. Lecture cmu-2017, Mikolov et al. 2013.

w () and d (K,) integers, P (M, N), U (N, M), PW (M,), y and W (N,), Div (K,), DIV (), all but w and d of one float type.
"""

import numpy as np


def log_softmax(z):
    shifted = z - np.max(z)  # the exponentials never overflow
    return shifted - np.log(np.sum(np.exp(shifted)))


def forward(w, d, P, U):
    K = len(d)
    Div = np.empty(K, dtype=P.dtype)

    PW = P[:, w]
    y = U @ PW
    W = np.exp(log_softmax(y))
    for k in range(K):
        Div[k] = -log_softmax(y)[d[k]]
    DIV = np.sum(Div)

    saved = {"w": w, "d": d, "P": P, "U": U, "PW": PW, "y": y, "W": W}
    return {"W": W, "Div": Div, "DIV": DIV}, saved


def backward(saved, d_W, d_Div, d_DIV):
    w, d, PW, W, U = saved["w"], saved["d"], saved["PW"], saved["W"], saved["U"]
    d_P = np.zeros_like(saved["P"])

    d_y = W * (d_W - W @ d_W)
    for k in range(len(d)):
        d_Div_k = d_Div[k] + d_DIV
        d_y += d_Div_k * W
        d_y[d[k]] -= d_Div_k
    d_U = np.outer(d_y, PW)
    d_P[:, w] = U.T @ d_y

    return {"P": d_P, "U": d_U}
