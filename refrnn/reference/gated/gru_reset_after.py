"""Gated recurrent unit, reset gate after the recurrent product. Lecture krippahl, Cho et al. 2014, Chung et al. 2014.

x (T, I), h (T, H), W, W_z, W_r (H, I), U, U_z, U_r (H, H), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h):
    T, H = len(x), len(h0)
    z, r, h_hat, h = (np.empty((T, H), dtype=x.dtype) for _ in range(4))

    h_previous = h0
    for t in range(T):
        z[t] = sigmoid(W_z @ x[t] + U_z @ h_previous + b_z)
        r[t] = sigmoid(W_r @ x[t] + U_r @ h_previous + b_r)
        h_hat[t] = np.tanh(W @ x[t] + r[t] * (U @ h_previous + b_u) + b_h)
        h[t] = z[t] * h_previous + (1 - z[t]) * h_hat[t]
        h_previous = h[t]

    weights = {"W_z": W_z, "U_z": U_z, "W_r": W_r, "U_r": U_r, "W": W, "U": U, "b_u": b_u}
    return {"h": h}, {"x": x, "h0": h0, **weights, "z": z, "r": r, "h_hat": h_hat, "h": h}


def backward(saved, d_h):
    x, h0, z, r, h_hat, h = (saved[name] for name in ("x", "h0", "z", "r", "h_hat", "h"))
    W_z, U_z, W_r, U_r = saved["W_z"], saved["U_z"], saved["W_r"], saved["U_r"]
    W, U, b_u = saved["W"], saved["U"], saved["b_u"]
    d_x = np.empty_like(x)
    d_W_z, d_U_z, d_b_z = np.zeros_like(W_z), np.zeros_like(U_z), np.zeros_like(h0)
    d_W_r, d_U_r, d_b_r = np.zeros_like(W_r), np.zeros_like(U_r), np.zeros_like(h0)
    d_W, d_U, d_b_u, d_b_h = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b_u), np.zeros_like(h0)

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h0
        d_h_t = d_h[t] + d_h_next

        d_h_hat = d_h_t * (1 - z[t])
        d_a = d_h_hat * (1 - h_hat[t] ** 2)
        d_u = d_a * r[t]  # of the recurrent product
        d_W += np.outer(d_a, x[t])
        d_U += np.outer(d_u, h_previous)
        d_b_u += d_u
        d_b_h += d_a

        d_r = d_a * (U @ h_previous + b_u)
        d_a_r = d_r * r[t] * (1 - r[t])
        d_W_r += np.outer(d_a_r, x[t])
        d_U_r += np.outer(d_a_r, h_previous)
        d_b_r += d_a_r

        d_z = d_h_t * (h_previous - h_hat[t])
        d_a_z = d_z * z[t] * (1 - z[t])
        d_W_z += np.outer(d_a_z, x[t])
        d_U_z += np.outer(d_a_z, h_previous)
        d_b_z += d_a_z

        d_h_next = d_h_t * z[t] + U.T @ d_u + U_r.T @ d_a_r + U_z.T @ d_a_z
        d_x[t] = W.T @ d_a + W_r.T @ d_a_r + W_z.T @ d_a_z

    return {
        "x": d_x, "h0": d_h_next,
        "W_z": d_W_z, "U_z": d_U_z, "b_z": d_b_z,
        "W_r": d_W_r, "U_r": d_U_r, "b_r": d_b_r,
        "W": d_W, "U": d_U, "b_u": d_b_u, "b_h": d_b_h,
    }  # fmt: skip
