"""Two recurrent layers with a feed-forward layer between them. Lectures cmu-2017 and eee511.

x (T, I), h1 and c1 (T, H1), z (T, M), h2 and c2 (T, H2), Y (T, O), all of one float type; W1 (4H1, H1 + I) and
W2 (4H2, H2 + M) with the gates i, f, o, g one below the other.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h1_0, c1_0, W1, b1, V, b_z, h2_0, c2_0, W2, b2, W_Y, b_Y):
    T = len(x)
    layer_1 = layer(x, h1_0, c1_0, W1, b1)
    h1 = layer_1["h"]
    z = np.empty((T, len(V)), dtype=x.dtype)
    for t in range(T):
        z[t] = np.tanh(V @ h1[t] + b_z)
    layer_2 = layer(z, h2_0, c2_0, W2, b2)
    h2 = layer_2["h"]
    Y = np.empty((T, len(W_Y)), dtype=x.dtype)
    for t in range(T):
        Y[t] = W_Y @ h2[t] + b_Y

    saved = {"layer_1": layer_1, "V": V, "z": z, "layer_2": layer_2, "W_Y": W_Y}
    saved |= {f"{name}1": layer_1[name] for name in "aifogch"} | {f"{name}2": layer_2[name] for name in "aifogch"}
    return {"Y": Y}, saved


def backward(saved, d_Y):
    h1, h2, z, V, W_Y = saved["h1"], saved["h2"], saved["z"], saved["V"], saved["W_Y"]
    d_W_Y, d_b_Y, d_V, d_b_z = np.zeros_like(W_Y), np.zeros_like(W_Y[:, 0]), np.zeros_like(V), np.zeros_like(V[:, 0])
    d_h1, d_h2 = np.empty_like(h1), np.empty_like(h2)

    for t in reversed(range(len(z))):
        d_W_Y += np.outer(d_Y[t], h2[t])
        d_b_Y += d_Y[t]
        d_h2[t] = W_Y.T @ d_Y[t]
    layer_2 = layer_backward(saved["layer_2"], d_h2)
    for t in reversed(range(len(z))):
        d_a = layer_2["x"][t] * (1 - z[t] ** 2)
        d_V += np.outer(d_a, h1[t])
        d_b_z += d_a
        d_h1[t] = V.T @ d_a
    layer_1 = layer_backward(saved["layer_1"], d_h1)

    return {
        "x": layer_1["x"], "h1_0": layer_1["h0"], "c1_0": layer_1["c0"], "W1": layer_1["W"], "b1": layer_1["b"],
        "V": d_V, "b_z": d_b_z,
        "h2_0": layer_2["h0"], "c2_0": layer_2["c0"], "W2": layer_2["W"], "b2": layer_2["b"],
        "W_Y": d_W_Y, "b_Y": d_b_Y,
    }  # fmt: skip


def layer(x, h0, c0, W, b):
    T, H = len(x), len(h0)
    a = np.empty((T, 4 * H), dtype=x.dtype)
    i, f, o, g, c, h = (np.empty((T, H), dtype=x.dtype) for _ in range(6))

    h_previous, c_previous = h0, c0
    for t in range(T):
        a[t] = W @ np.concatenate([h_previous, x[t]]) + b
        i[t] = sigmoid(a[t, 0:H])
        f[t] = sigmoid(a[t, H : 2 * H])
        o[t] = sigmoid(a[t, 2 * H : 3 * H])
        g[t] = np.tanh(a[t, 3 * H : 4 * H])
        c[t] = f[t] * c_previous + i[t] * g[t]
        h[t] = o[t] * np.tanh(c[t])
        h_previous, c_previous = h[t], c[t]

    return {"x": x, "h0": h0, "c0": c0, "W": W, "a": a, "i": i, "f": f, "o": o, "g": g, "c": c, "h": h}


def layer_backward(saved, d_h):
    x, h0, c0, W = saved["x"], saved["h0"], saved["c0"], saved["W"]
    i, f, o, g, c, h = (saved[name] for name in ("i", "f", "o", "g", "c", "h"))
    H = len(h0)
    d_x = np.empty_like(x)
    d_W, d_b = np.zeros_like(W), np.zeros_like(W[:, 0])

    d_h_next, d_c_next = np.zeros_like(h0), np.zeros_like(c0)  # what h[t] and c[t] receive from step t + 1
    for t in reversed(range(len(x))):
        h_previous, c_previous = (h[t - 1], c[t - 1]) if t > 0 else (h0, c0)
        d_h_t = d_h[t] + d_h_next
        d_o = d_h_t * np.tanh(c[t])
        d_c_t = d_h_t * o[t] * (1 - np.tanh(c[t]) ** 2) + d_c_next
        d_f = d_c_t * c_previous
        d_i = d_c_t * g[t]
        d_g = d_c_t * i[t]
        d_c_next = d_c_t * f[t]

        d_a_i = d_i * i[t] * (1 - i[t])
        d_a_f = d_f * f[t] * (1 - f[t])
        d_a_o = d_o * o[t] * (1 - o[t])
        d_a_g = d_g * (1 - g[t] ** 2)
        d_a = np.concatenate([d_a_i, d_a_f, d_a_o, d_a_g])
        d_W += np.outer(d_a, np.concatenate([h_previous, x[t]]))
        d_b += d_a
        d_h_next = W[:, :H].T @ d_a
        d_x[t] = W[:, H:].T @ d_a

    return {"x": d_x, "h0": d_h_next, "c0": d_c_next, "W": d_W, "b": d_b}
