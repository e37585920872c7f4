"""Generation of a text. Lectures cmu-2017 and eee511.

w0 () an integer, u (T,), W_xh (N, H), W_hh (H, H), W_hy (H, N), h (T, H), y, P and F (T, N), w (T,), all but w0 of one float
type, w with whole numbers in it.
"""

import numpy as np


def softmax(z):
    powers = np.exp(z - np.max(z))  # the exponentials never overflow
    return powers / np.sum(powers)


def forward(w0, h0, u, W_xh, W_hh, W_hy, temperature, end):
    T, (N, H) = len(u), W_xh.shape
    h = np.empty((T, H), dtype=h0.dtype)
    y = np.empty((T, N), dtype=h0.dtype)
    P = np.zeros((T, N), dtype=h0.dtype)
    F = np.empty((T, N), dtype=h0.dtype)
    w = np.empty(T, dtype=h0.dtype)

    word, h_previous = int(w0), h0
    for t in range(T):
        h[t] = np.tanh(W_hh.T @ h_previous + W_xh[word])
        y[t] = W_hy.T @ h[t]
        if temperature > 0:
            P[t] = softmax(y[t] / temperature)
        else:
            P[t, np.argmax(y[t])] = 1
        F[t] = np.cumsum(P[t])
        F[t, N - 1] = 1
        if word != end:
            word = int(np.argmax(u[t] < F[t]))
        w[t] = word
        h_previous = h[t]

    return {"h": h, "P": P, "w": w}, {"y": y, "F": F}


def backward(saved, d_h, d_P, d_w):
    return {}  # a draw has no derivative, and the weights are not learned here
