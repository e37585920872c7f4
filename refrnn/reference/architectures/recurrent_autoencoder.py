"""Recurrent autoencoder, a sequence through one vector back to itself. Lecture krippahl, Srivastava et al. 2015.

x (T, I), e (T, E), v (E,), h (T, H), y (T, I), DIV (), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, e0, W_ez, W_er, W_e, h0, W_z, W_r, W, W_y, b_y):
    T = len(x)
    encoder = unit(x, e0, W_ez, W_er, W_e)
    v = encoder["h"][-1]
    decoder = unit(np.stack([v] * T), h0, W_z, W_r, W)
    y = np.empty_like(x)
    for t in range(T):
        y[t] = W_y @ decoder["h"][t] + b_y
    DIV = np.sum((y - x) ** 2) / 2

    saved = {"x": x, "encoder": encoder, "decoder": decoder, "W_y": W_y, "y": y}
    saved |= {"e": encoder["h"], "z_e": encoder["z"], "r_e": encoder["r"], "e_tilde": encoder["h_tilde"], "v": v}
    saved |= {name: decoder[name] for name in ("h", "z", "r", "h_tilde")}
    return {"v": v, "y": y, "DIV": DIV}, saved


def backward(saved, d_v, d_y, d_DIV):
    x, y, h, W_y = saved["x"], saved["y"], saved["h"], saved["W_y"]
    d_h, d_e = np.empty_like(h), np.zeros_like(saved["e"])
    d_W_y, d_b_y = np.zeros_like(W_y), np.zeros_like(W_y[:, 0])

    for t in reversed(range(len(x))):
        d_y_t = d_y[t] + d_DIV * (y[t] - x[t])
        d_W_y += np.outer(d_y_t, h[t])
        d_b_y += d_y_t
        d_h[t] = W_y.T @ d_y_t
    decoder = unit_backward(saved["decoder"], d_h)
    d_e[-1] = d_v + np.sum(decoder["x"], axis=0)  # v is the decoder's input at every step
    encoder = unit_backward(saved["encoder"], d_e)
    d_x = encoder["x"] - d_DIV * (y - x)  # x is what y is compared with, too

    return {
        "x": d_x, "e0": encoder["h0"], "W_ez": encoder["W_z"], "W_er": encoder["W_r"], "W_e": encoder["W"],
        "h0": decoder["h0"], "W_z": decoder["W_z"], "W_r": decoder["W_r"], "W": decoder["W"], "W_y": d_W_y, "b_y": d_b_y,
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
