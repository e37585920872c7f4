"""Linear recursion and its closed form. Lecture cmu-2017.

x (T, I), h0 (H,), z, h and h_closed (T, H), all of one float type.
"""

import numpy as np

BLOCK = 32  # steps; the closed form begins anew with the state before each, for from the first step on it would cost T * T products


def forward(x, h0, W_h, W_x):
    T, H = len(x), len(h0)
    z = np.empty((T, H), dtype=x.dtype)
    h = np.empty((T, H), dtype=x.dtype)
    h_closed = np.empty((T, H), dtype=x.dtype)

    h_previous = h0
    for k in range(T):
        z[k] = W_h @ h_previous + W_x @ x[k]
        h[k] = z[k]
        h_previous = h[k]

    power = _powers(W_h, min(T, BLOCK))
    response = [W_lag @ W_x for W_lag in power]
    for k in range(T):
        first = k - k % BLOCK
        before = h_closed[first - 1] if first > 0 else h0
        h_closed[k] = power[k + 1 - first] @ before + sum(response[k - j] @ x[j] for j in range(first, k + 1))

    saved = {"x": x, "h0": h0, "W_h": W_h, "W_x": W_x, "power": power, "z": z, "h": h, "h_closed": h_closed}
    return {"h": h, "h_closed": h_closed}, saved


def _powers(W_h, most):
    """The powers of W_h from 0 to ``most``."""
    power = [np.eye(len(W_h), dtype=W_h.dtype), W_h]
    for _ in range(1, most):
        power.append(power[-1] @ W_h)
    return power


def backward(saved, d_h, d_h_closed):
    x, h0, W_h, W_x, power = saved["x"], saved["h0"], saved["W_h"], saved["W_x"], saved["power"]
    T = len(x)
    d_x, d_W_h, d_W_x = np.empty_like(x), np.zeros_like(W_h), np.zeros_like(W_x)

    d_h_next = np.zeros_like(h0)  # what h[k] receives from step k + 1
    for k in reversed(range(T)):
        error = d_h[k] + d_h_next
        d_W_h += np.outer(error, saved["h"][k - 1] if k > 0 else h0)
        d_W_x += np.outer(error, x[k])
        d_x[k] = W_x.T @ error
        d_h_next = W_h.T @ error
    d_h0 = d_h_next

    # The closed form of the same error: every later state of a block answers for the state at j with a power of W_h.
    d_before = np.zeros_like(h0)  # what the last state of a block receives from the next block
    for first in reversed(range(0, T, BLOCK)):
        d = d_h_closed[first : first + BLOCK].copy()
        d[-1] += d_before
        for j in range(first, first + len(d)):
            error = sum(power[lag].T @ later for lag, later in enumerate(d[j - first :]))
            d_W_h += np.outer(error, saved["h_closed"][j - 1] if j > 0 else h0)
            d_W_x += np.outer(error, x[j])
            d_x[j] += W_x.T @ error
        d_before = sum(power[k + 1].T @ d[k] for k in range(len(d)))
    d_h0 = d_h0 + d_before

    return {"x": d_x, "h0": d_h0, "W_h": d_W_h, "W_x": d_W_x}
