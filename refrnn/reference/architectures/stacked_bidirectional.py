"""Two bidirectional blocks, one on the other. Lecture cmu-2020, Schuster and Paliwal 1997.

x (T, I), h1_f (T, H1), h1_b (T, K1), h1 (T, H1 + K1), h2_f (T, H2), h2_b (T, K2), h2 (T, H2 + K2), all of one float type.
"""

import numpy as np


def forward(x, h1_f0, h1_binf, W1_f, U1_f, b1_f, W1_b, U1_b, b1_b, h2_f0, h2_binf, W2_f, U2_f, b2_f, W2_b, U2_b, b2_b):
    h1, block_1 = block(x, h1_f0, h1_binf, W1_f, U1_f, b1_f, W1_b, U1_b, b1_b)
    h2, block_2 = block(h1, h2_f0, h2_binf, W2_f, U2_f, b2_f, W2_b, U2_b, b2_b)
    states = {"h1_f": block_1["h_f"], "h1_b": block_1["h_b"], "h2_f": block_2["h_f"], "h2_b": block_2["h_b"]}
    return {"h1": h1, "h2": h2}, {"block_1": block_1, "block_2": block_2, **states}


def backward(saved, d_h1, d_h2):
    block_2 = block_backward(saved["block_2"], d_h2)
    block_1 = block_backward(saved["block_1"], d_h1 + block_2["x"])
    return {
        "x": block_1["x"], "h1_f0": block_1["h_f0"], "h1_binf": block_1["h_binf"],
        "W1_f": block_1["W_f"], "U1_f": block_1["U_f"], "b1_f": block_1["b_f"],
        "W1_b": block_1["W_b"], "U1_b": block_1["U_b"], "b1_b": block_1["b_b"],
        "h2_f0": block_2["h_f0"], "h2_binf": block_2["h_binf"],
        "W2_f": block_2["W_f"], "U2_f": block_2["U_f"], "b2_f": block_2["b_f"],
        "W2_b": block_2["W_b"], "U2_b": block_2["U_b"], "b2_b": block_2["b_b"],
    }  # fmt: skip


def block(x, h_f0, h_binf, W_f, U_f, b_f, W_b, U_b, b_b):
    T, H, K = len(x), len(h_f0), len(h_binf)
    h_f = np.empty((T, H), dtype=x.dtype)
    h_b = np.empty((T, K), dtype=x.dtype)

    h_f_previous = h_f0
    for t in range(T):
        h_f[t] = np.tanh(W_f @ x[t] + U_f @ h_f_previous + b_f)
        h_f_previous = h_f[t]

    h_b_next = h_binf
    for t in reversed(range(T)):
        h_b[t] = np.tanh(W_b @ x[t] + U_b @ h_b_next + b_b)
        h_b_next = h_b[t]

    weights = {"W_f": W_f, "U_f": U_f, "W_b": W_b, "U_b": U_b}
    return np.concatenate([h_f, h_b], axis=1), {"x": x, "h_f0": h_f0, "h_binf": h_binf, **weights, "h_f": h_f, "h_b": h_b}


def block_backward(saved, d_h):
    x, h_f0, h_binf, h_f, h_b = (saved[name] for name in ("x", "h_f0", "h_binf", "h_f", "h_b"))
    W_f, U_f, W_b, U_b = saved["W_f"], saved["U_f"], saved["W_b"], saved["U_b"]
    T, H = len(x), len(h_f0)
    d_x = np.zeros_like(x)
    d_W_f, d_U_f, d_b_f = np.zeros_like(W_f), np.zeros_like(U_f), np.zeros_like(h_f0)
    d_W_b, d_U_b, d_b_b = np.zeros_like(W_b), np.zeros_like(U_b), np.zeros_like(h_binf)
    d_h_f, d_h_b = d_h[:, :H], d_h[:, H:]

    d_h_f_next = np.zeros_like(h_f0)  # what h_f[t] receives from step t + 1
    for t in reversed(range(T)):
        h_f_previous = h_f[t - 1] if t > 0 else h_f0
        d_a_f = (d_h_f[t] + d_h_f_next) * (1 - h_f[t] ** 2)
        d_W_f += np.outer(d_a_f, x[t])
        d_U_f += np.outer(d_a_f, h_f_previous)
        d_b_f += d_a_f
        d_x[t] += W_f.T @ d_a_f
        d_h_f_next = U_f.T @ d_a_f

    d_h_b_previous = np.zeros_like(h_binf)  # what h_b[t] receives from step t - 1
    for t in range(T):
        h_b_next = h_b[t + 1] if t + 1 < T else h_binf
        d_a_b = (d_h_b[t] + d_h_b_previous) * (1 - h_b[t] ** 2)
        d_W_b += np.outer(d_a_b, x[t])
        d_U_b += np.outer(d_a_b, h_b_next)
        d_b_b += d_a_b
        d_x[t] += W_b.T @ d_a_b
        d_h_b_previous = U_b.T @ d_a_b

    return {
        "x": d_x, "h_f0": d_h_f_next, "h_binf": d_h_b_previous,
        "W_f": d_W_f, "U_f": d_U_f, "b_f": d_b_f,
        "W_b": d_W_b, "U_b": d_U_b, "b_b": d_b_b,
    }  # fmt: skip
