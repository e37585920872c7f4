"""Gated recurrent unit, reset gate before the recurrent product. Lecture eee511, Cho et al. 2014, Chung et al. 2014.

x (T, I), h (T, H), W_x. (H, I), W_h. (H, H), n is the lecture's h with a tilde, all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h):
    T, H = len(x), len(h0)
    r, z, n, h = (np.empty((T, H), dtype=x.dtype) for _ in range(4))

    h_previous = h0
    for t in range(T):
        r[t] = sigmoid(W_xr @ x[t] + W_hr @ h_previous + b_r)
        z[t] = sigmoid(W_xz @ x[t] + W_hz @ h_previous + b_z)
        n[t] = np.tanh(W_xh @ x[t] + W_hh @ (r[t] * h_previous) + b_h)
        h[t] = z[t] * h_previous + (1 - z[t]) * n[t]
        h_previous = h[t]

    weights = {"W_xr": W_xr, "W_hr": W_hr, "W_xz": W_xz, "W_hz": W_hz, "W_xh": W_xh, "W_hh": W_hh}
    return {"h": h}, {"x": x, "h0": h0, **weights, "r": r, "z": z, "n": n, "h": h}


def backward(saved, d_h):
    x, h0, r, z, n, h = (saved[name] for name in ("x", "h0", "r", "z", "n", "h"))
    W_xr, W_hr, W_xz, W_hz = saved["W_xr"], saved["W_hr"], saved["W_xz"], saved["W_hz"]
    W_xh, W_hh = saved["W_xh"], saved["W_hh"]
    d_x = np.empty_like(x)
    d_W_xr, d_W_hr, d_b_r = np.zeros_like(W_xr), np.zeros_like(W_hr), np.zeros_like(h0)
    d_W_xz, d_W_hz, d_b_z = np.zeros_like(W_xz), np.zeros_like(W_hz), np.zeros_like(h0)
    d_W_xh, d_W_hh, d_b_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(h0)

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        h_previous = h[t - 1] if t > 0 else h0
        d_h_t = d_h[t] + d_h_next

        d_n = d_h_t * (1 - z[t])
        d_a_n = d_n * (1 - n[t] ** 2)
        d_W_xh += np.outer(d_a_n, x[t])
        d_W_hh += np.outer(d_a_n, r[t] * h_previous)
        d_b_h += d_a_n
        d_reset = W_hh.T @ d_a_n  # of the product of r and the previous h

        d_z = d_h_t * (h_previous - n[t])
        d_a_z = d_z * z[t] * (1 - z[t])
        d_W_xz += np.outer(d_a_z, x[t])
        d_W_hz += np.outer(d_a_z, h_previous)
        d_b_z += d_a_z

        d_r = d_reset * h_previous
        d_a_r = d_r * r[t] * (1 - r[t])
        d_W_xr += np.outer(d_a_r, x[t])
        d_W_hr += np.outer(d_a_r, h_previous)
        d_b_r += d_a_r

        d_h_next = d_h_t * z[t] + d_reset * r[t] + W_hz.T @ d_a_z + W_hr.T @ d_a_r
        d_x[t] = W_xh.T @ d_a_n + W_xz.T @ d_a_z + W_xr.T @ d_a_r

    return {
        "x": d_x, "h0": d_h_next,
        "W_xr": d_W_xr, "W_hr": d_W_hr, "b_r": d_b_r,
        "W_xz": d_W_xz, "W_hz": d_W_hz, "b_z": d_b_z,
        "W_xh": d_W_xh, "W_hh": d_W_hh, "b_h": d_b_h,
    }  # fmt: skip
