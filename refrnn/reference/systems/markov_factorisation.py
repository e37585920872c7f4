"""Markov factorisation by counting. Lecture ds4440.

x (T,) and c (S,) integers below N, alpha (N,), K words of context; count and P (T, N), loss (T,).
"""

import numpy as np


def forward(x, c, alpha, K):
    T, N = len(x), len(alpha)
    count = np.zeros((T, N), dtype=alpha.dtype)
    P = np.empty((T, N), dtype=alpha.dtype)
    loss = np.empty(T, dtype=alpha.dtype)
    same = np.zeros((T, len(c)), dtype=alpha.dtype)

    for t in range(T):
        k = min(K, t)  # the context is all that there is before step K
        for s in range(k, len(c)):
            same[t, s] = np.array_equal(x[t - k : t], c[s - k : s])
            count[t, c[s]] += same[t, s]
        P[t] = (alpha + count[t]) / np.sum(alpha + count[t])
        loss[t] = -np.log(P[t, x[t]])

    return {"count": count, "P": P, "loss": loss}, {"same": same}


def backward(saved, d_count, d_P, d_loss):
    return {}  # words have no gradient, and nothing here is learned by one
