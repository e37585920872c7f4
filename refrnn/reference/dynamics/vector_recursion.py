"""Vector recursion through sigmoids, tanhs or ReLUs. Lecture cmu-2017.

x (T, I), h0 (N,), f 0, 1 or 2, z and h (T, N), all but f of one float type.
"""

import numpy as np

SIGMOID, TANH, RELU = 0, 1, 2


def forward(x, h0, W, C, f):
    T, N = len(x), len(h0)
    z = np.empty((T, N), dtype=x.dtype)
    h = np.empty((T, N), dtype=x.dtype)

    h_previous = h0
    for t in range(T):
        z[t] = W @ h_previous + C @ x[t]
        h[t] = _activation(z[t], f)
        h_previous = h[t]

    return {"h": h}, {"x": x, "h0": h0, "W": W, "C": C, "f": f, "z": z, "h": h}


def _activation(z, f):
    if f == SIGMOID:
        # exp of negative numbers only, so that none overflows
        small = np.exp(-np.abs(z))
        return np.where(z >= 0, 1, small) / (1 + small)
    return np.tanh(z) if f == TANH else np.maximum(z, 0)


def _through(d_h, h, f):
    """The error of what the activation receives where its value is h; a unit that is off passes none on, whatever it is."""
    if f == SIGMOID:
        return d_h * (h * (1 - h))
    return d_h * (1 - h**2) if f == TANH else np.where(h > 0, d_h, 0)


def backward(saved, d_h):
    x, h, h0, W, C, f = (saved[name] for name in ("x", "h", "h0", "W", "C", "f"))
    d_x = np.empty_like(x)
    d_W, d_C = np.zeros_like(W), np.zeros_like(C)

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        d_z = _through(d_h[t] + d_h_next, h[t], f)
        d_W += np.outer(d_z, h[t - 1] if t > 0 else h0)
        d_C += np.outer(d_z, x[t])
        d_x[t] = C.T @ d_z
        d_h_next = W.T @ d_z

    return {"x": d_x, "h0": d_h_next, "W": d_W, "C": d_C}
