"""Encoder and decoder, from one sequence to another. Lectures krippahl and cmu-2017, Cho et al. 2014, Sutskever et al. 2014.

x (S, I), e (S, E), v (E,), u (T, J), h (T, H), y (T, O), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, u, e0, W_ez, W_er, W_e, V, W_z, W_r, W, W_y, b_y):
    T, O = len(u), len(b_y)
    encoder = unit(x, e0, W_ez, W_er, W_e)
    v = encoder["h"][-1]
    start = np.tanh(V @ v)
    decoder = unit(u, start, W_z, W_r, W)
    y = np.empty((T, O), dtype=x.dtype)
    for t in range(T):
        y[t] = W_y @ decoder["h"][t] + b_y

    saved = {"encoder": encoder, "decoder": decoder, "V": V, "start": start, "W_y": W_y}
    saved |= {"e": encoder["h"], "z_e": encoder["z"], "r_e": encoder["r"], "e_tilde": encoder["h_tilde"], "v": v}
    saved |= {name: decoder[name] for name in ("h", "z", "r", "h_tilde")}
    return {"v": v, "y": y}, saved


def backward(saved, d_v, d_y):
    v, start, h, V, W_y = saved["v"], saved["start"], saved["h"], saved["V"], saved["W_y"]
    d_h, d_e = np.empty_like(h), np.zeros_like(saved["e"])
    d_W_y, d_b_y = np.zeros_like(W_y), np.zeros_like(W_y[:, 0])

    for t in reversed(range(len(h))):
        d_W_y += np.outer(d_y[t], h[t])
        d_b_y += d_y[t]
        d_h[t] = W_y.T @ d_y[t]
    decoder = unit_backward(saved["decoder"], d_h)
    d_a = decoder["h0"] * (1 - start**2)
    d_V = np.outer(d_a, v)
    d_e[-1] = d_v + V.T @ d_a
    encoder = unit_backward(saved["encoder"], d_e)

    return {
        "x": encoder["x"], "u": decoder["x"], "e0": encoder["h0"],
        "W_ez": encoder["W_z"], "W_er": encoder["W_r"], "W_e": encoder["W"], "V": d_V,
        "W_z": decoder["W_z"], "W_r": decoder["W_r"], "W": decoder["W"], "W_y": d_W_y, "b_y": d_b_y,
    }  # fmt: skip


def unit(x, h0, W_z, W_r, W):
    T, H = len(x), len(h0)
    z, r, h_tilde, h = (np.empty((T, H), dtype=x.dtype) for _ in range(4))

    h_previous = h0
    for t in range(T):
        z[t] = sigmoid(W_z @ np.concatenate([h_previous, x[t]]))
        r[t] = sigmoid(W_r @ np.concatenate([h_previous, x[t]]))
        h_tilde[t] = np.tanh(W @ np.concatenate([r[t] * h_previous, x[t]]))
        h[t] = (1 - z[t]) * h_previous + z[t] * h_tilde[t]
        h_previous = h[t]

    return {"x": x, "h0": h0, "W_z": W_z, "W_r": W_r, "W": W, "z": z, "r": r, "h_tilde": h_tilde, "h": h}


def unit_backward(saved, d_h):
    x, h0, z, r, h_tilde, h = (saved[name] for name in ("x", "h0", "z", "r", "h_tilde", "h"))
    W_z, W_r, W = saved["W_z"], saved["W_r"], saved["W"]
    H = len(h0)
    d_x = np.empty_like(x)
    d_W_z, d_W_r, d_W = np.zeros_like(W_z), np.zeros_like(W_r), np.zeros_like(W)

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h0
        d_h_t = d_h[t] + d_h_next
        d_z = d_h_t * (h_tilde[t] - h_previous)
        d_h_tilde = d_h_t * z[t]

        d_a_h = d_h_tilde * (1 - h_tilde[t] ** 2)
        d_W += np.outer(d_a_h, np.concatenate([r[t] * h_previous, x[t]]))
        d_reset = W[:, :H].T @ d_a_h  # of r[t] * h[t-1]
        d_r = d_reset * h_previous

        d_a_z = d_z * z[t] * (1 - z[t])
        d_a_r = d_r * r[t] * (1 - r[t])
        d_W_z += np.outer(d_a_z, np.concatenate([h_previous, x[t]]))
        d_W_r += np.outer(d_a_r, np.concatenate([h_previous, x[t]]))
        d_x[t] = W_z[:, H:].T @ d_a_z + W_r[:, H:].T @ d_a_r + W[:, H:].T @ d_a_h
        d_h_next = d_h_t * (1 - z[t]) + d_reset * r[t] + W_z[:, :H].T @ d_a_z + W_r[:, :H].T @ d_a_r

    return {"x": d_x, "h0": d_h_next, "W_z": d_W_z, "W_r": d_W_r, "W": d_W}
