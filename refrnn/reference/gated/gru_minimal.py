"""Gated recurrent unit as a simplified long short-term memory. Lecture cmu-2017, Cho et al. 2014, Olah 2015.

x (T, I), h (T, H), W, W_z, W_r (H, H + I), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, W_z, W_r, W):
    T, H = len(x), len(h0)
    z, r, h_tilde, h = (np.empty((T, H), dtype=x.dtype) for _ in range(4))

    h_previous = h0
    for t in range(T):
        z[t] = sigmoid(W_z @ np.concatenate([h_previous, x[t]]))
        r[t] = sigmoid(W_r @ np.concatenate([h_previous, x[t]]))
        h_tilde[t] = np.tanh(W @ np.concatenate([r[t] * h_previous, x[t]]))
        h[t] = (1 - z[t]) * h_previous + z[t] * h_tilde[t]
        h_previous = h[t]

    saved = {"x": x, "h0": h0, "W_z": W_z, "W_r": W_r, "W": W, "z": z, "r": r, "h_tilde": h_tilde, "h": h}
    return {"h": h}, saved


def backward(saved, d_h):
    x, h0, W_z, W_r, W = saved["x"], saved["h0"], saved["W_z"], saved["W_r"], saved["W"]
    z, r, h_tilde, h = saved["z"], saved["r"], saved["h_tilde"], saved["h"]
    H = len(h0)
    d_x = np.empty_like(x)
    d_W_z, d_W_r, d_W = np.zeros_like(W_z), np.zeros_like(W_r), np.zeros_like(W)

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h0
        d_h_t = d_h[t] + d_h_next

        d_h_tilde = d_h_t * z[t]
        d_a = d_h_tilde * (1 - h_tilde[t] ** 2)
        d_W += np.outer(d_a, np.concatenate([r[t] * h_previous, x[t]]))
        d_reset = W[:, :H].T @ d_a  # of the product of r and the previous h

        d_r = d_reset * h_previous
        d_a_r = d_r * r[t] * (1 - r[t])
        d_W_r += np.outer(d_a_r, np.concatenate([h_previous, x[t]]))

        d_z = d_h_t * (h_tilde[t] - h_previous)
        d_a_z = d_z * z[t] * (1 - z[t])
        d_W_z += np.outer(d_a_z, np.concatenate([h_previous, x[t]]))

        d_h_next = d_h_t * (1 - z[t]) + d_reset * r[t] + W_r[:, :H].T @ d_a_r + W_z[:, :H].T @ d_a_z
        d_x[t] = W[:, H:].T @ d_a + W_r[:, H:].T @ d_a_r + W_z[:, H:].T @ d_a_z

    return {"x": d_x, "h0": d_h_next, "W_z": d_W_z, "W_r": d_W_r, "W": d_W}
