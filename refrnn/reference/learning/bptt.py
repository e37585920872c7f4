"""Backpropagation through time. Lecture cmu-2020, Werbos 1990.

X (T, I), h (T, H), Y and D (T, O), Div (T,), DIV (), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(X, h0, W1, W11, b1, W2, b2, D):
    T, H, O = len(X), len(b1), len(b2)
    Z1 = np.empty((T, H), dtype=X.dtype)
    h = np.empty((T, H), dtype=X.dtype)
    Z2 = np.empty((T, O), dtype=X.dtype)
    Y = np.empty((T, O), dtype=X.dtype)
    Div = np.empty(T, dtype=X.dtype)

    h_previous = h0
    for t in range(T):
        Z1[t] = W1 @ X[t] + W11 @ h_previous + b1
        h[t] = np.tanh(Z1[t])
        Z2[t] = W2 @ h[t] + b2
        Y[t] = sigmoid(Z2[t])
        Div[t] = np.sum((Y[t] - D[t]) ** 2) / 2
        h_previous = h[t]
    DIV = np.sum(Div)

    saved = {"X": X, "h0": h0, "W1": W1, "W11": W11, "W2": W2, "D": D, "Z1": Z1, "h": h, "Z2": Z2, "Y": Y}
    return {"h": h, "Y": Y, "Div": Div, "DIV": DIV}, saved


def backward(saved, d_h, d_Y, d_Div, d_DIV):
    X, h0, D, h, Y = saved["X"], saved["h0"], saved["D"], saved["h"], saved["Y"]
    W1, W11, W2 = saved["W1"], saved["W11"], saved["W2"]
    d_X = np.empty_like(X)
    d_W1, d_W11, d_b1 = np.zeros_like(W1), np.zeros_like(W11), np.zeros_like(h0)
    d_W2, d_b2 = np.zeros_like(W2), np.zeros_like(Y[0])

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(X))):
        h_previous = h[t - 1] if t > 0 else h0
        d_Y_t = d_Y[t] + (d_Div[t] + d_DIV) * (Y[t] - D[t])
        d_Z2 = d_Y_t * Y[t] * (1 - Y[t])
        d_W2 += np.outer(d_Z2, h[t])
        d_b2 += d_Z2
        d_h_t = d_h[t] + W2.T @ d_Z2 + d_h_next
        d_Z1 = d_h_t * (1 - h[t] ** 2)
        d_W1 += np.outer(d_Z1, X[t])
        d_W11 += np.outer(d_Z1, h_previous)
        d_b1 += d_Z1
        d_X[t] = W1.T @ d_Z1
        d_h_next = W11.T @ d_Z1

    return {"X": d_X, "h0": d_h_next, "W1": d_W1, "W11": d_W11, "b1": d_b1, "W2": d_W2, "b2": d_b2}
