"""Scalar recursion through a sigmoid, a tanh or a ReLU. Lecture cmu-2017.

x (T,), h0, w and c numbers, f 0, 1 or 2, z and h (T,), all but f of one float type.
"""

import numpy as np

SIGMOID, TANH, RELU = 0, 1, 2


def forward(x, h0, w, c, f):
    z, h = np.empty_like(x), np.empty_like(x)

    h_previous = h0
    for t in range(len(x)):
        z[t] = w * h_previous + c * x[t]
        h[t] = _activation(z[t], f)
        h_previous = h[t]

    return {"h": h}, {"x": x, "h0": h0, "w": w, "c": c, "f": f, "z": z, "h": h}


def _activation(z, f):
    if f == SIGMOID:
        # exp of a negative number only, so that it never overflows
        small = np.exp(-np.abs(z))
        return (1 if z >= 0 else small) / (1 + small)
    return np.tanh(z) if f == TANH else np.maximum(z, 0)


def _through(d_h, h, f):
    """The error of what the activation receives where its value is h; a unit that is off passes none on, whatever it is."""
    if f == SIGMOID:
        return d_h * (h * (1 - h))
    return d_h * (1 - h**2) if f == TANH else d_h if h > 0 else np.zeros_like(d_h)


def backward(saved, d_h):
    x, h, h0, w, c, f = (saved[name] for name in ("x", "h", "h0", "w", "c", "f"))
    d_x = np.empty_like(x)
    d_w, d_c = np.zeros_like(w), np.zeros_like(c)

    d_h_next = np.zeros_like(h0)  # what h[t] receives from step t + 1
    for t in reversed(range(len(x))):
        d_z = _through(d_h[t] + d_h_next, h[t], f)
        d_w = d_w + d_z * (h[t - 1] if t > 0 else h0)
        d_c = d_c + d_z * x[t]
        d_x[t] = c * d_z
        d_h_next = w * d_z

    return {"x": d_x, "h0": d_h_next, "w": d_w, "c": d_c}
