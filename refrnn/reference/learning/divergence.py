"""Divergences of a sequence. Lecture cmu-2020.

Y, D and P (T, O), m and local divergences (T,), their sums (), all of one float type.
"""

import numpy as np


def log_softmax(z):
    shifted = z - np.max(z)  # the exponentials never overflow
    return shifted - np.log(np.sum(np.exp(shifted)))


def forward(Y, D, P, m):
    T = len(Y)
    squared = np.empty(T, dtype=Y.dtype)
    entropy = np.empty(T, dtype=Y.dtype)
    for t in range(T):
        squared[t] = np.sum((Y[t] - D[t]) ** 2) / 2
        entropy[t] = -np.sum(P[t] * log_softmax(Y[t]))

    outputs = {
        "squared": squared,
        "entropy": entropy,
        "DIV_squared": np.sum(squared),
        "DIV_entropy": np.sum(entropy),
        "DIV_squared_last": squared[T - 1],
        "DIV_entropy_last": entropy[T - 1],
        "DIV_squared_masked": np.sum(m * squared),
        "DIV_entropy_masked": np.sum(m * entropy),
    }
    return outputs, {"Y": Y, "D": D, "P": P, "m": m}


def backward(
    saved, d_squared, d_entropy,
    d_DIV_squared, d_DIV_entropy,
    d_DIV_squared_last, d_DIV_entropy_last,
    d_DIV_squared_masked, d_DIV_entropy_masked,
):  # fmt: skip
    Y, D, P, m = saved["Y"], saved["D"], saved["P"], saved["m"]
    T = len(Y)

    d_squared = d_squared + d_DIV_squared + m * d_DIV_squared_masked
    d_entropy = d_entropy + d_DIV_entropy + m * d_DIV_entropy_masked
    d_squared[T - 1] += d_DIV_squared_last
    d_entropy[T - 1] += d_DIV_entropy_last

    d_Y = np.empty_like(Y)
    for t in range(T):
        softmax = np.exp(log_softmax(Y[t]))
        # The sum over P is 1 but for rounding, and with it the line is exact for any P.
        d_Y[t] = d_squared[t] * (Y[t] - D[t]) + d_entropy[t] * (np.sum(P[t]) * softmax - P[t])

    return {"Y": d_Y}
