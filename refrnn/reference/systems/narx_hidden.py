"""NARX network with hidden layers. Lecture cmu-2017, Lin et al. 1996.

X (T, I), D and Y (T, O), X_start (M, I), fed_start (N, O), W_x (M + 1, H, I), W_y (N, H, O), b (H,), V (L, H, H), b_h (L, H),
W_o (O, H), b_o (O,), all of one float type; feedback: 0 predicted outputs, 1 true values, 2 errors in prediction.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(X, D, X_start, fed_start, W_x, W_y, b, V, b_h, W_o, b_o, feedback):
    T, M, N, L = len(X), len(X_start), len(fed_start), len(V)
    line = np.concatenate((X_start, X))  # the input of step t is line[M + t]
    fed = np.concatenate((fed_start, np.empty_like(D)))  # what step t feeds back is fed[N + t]
    g = np.empty((T, len(b)), dtype=X.dtype)
    h = np.empty((T, L, len(b)), dtype=X.dtype)  # the layer behind layer l is h[t, l]
    Y = np.empty_like(D)

    for t in range(T):
        Z_t = b.copy()
        for m in range(M + 1):
            Z_t += W_x[m] @ line[M + t - m]
        for n in range(1, N + 1):
            Z_t += W_y[n - 1] @ fed[N + t - n]
        g[t] = sigmoid(Z_t)
        below = g[t]
        for l in range(L):
            h[t, l] = sigmoid(V[l] @ below + b_h[l])
            below = h[t, l]
        Y[t] = W_o @ below + b_o
        fed[N + t] = (Y[t], D[t], D[t] - Y[t])[feedback]

    saved = {"line": X, "X_start": X_start, "W_x": W_x, "W_y": W_y, "V": V, "W_o": W_o, "feedback": feedback}
    return {"Y": Y, "fed": fed[N:]}, saved | {"all_fed": fed, "g": g, "h": h, "Y": Y}


def backward(saved, d_Y, d_fed):
    X_start, W_x, W_y, V, W_o = (saved[name] for name in ("X_start", "W_x", "W_y", "V", "W_o"))
    fed, g, h = (saved[name] for name in ("all_fed", "g", "h"))
    T, M, N, L = len(g), len(X_start), len(W_y), len(V)
    line = np.concatenate((X_start, saved["line"]))
    d_line, d_all_fed = np.zeros_like(line), np.zeros_like(fed)
    d_all_fed[N:] = d_fed
    d_W_x, d_W_y, d_b = np.zeros_like(W_x), np.zeros_like(W_y), np.zeros_like(g[0])
    d_V, d_b_h = np.zeros_like(V), np.zeros_like(h[0])
    d_W_o, d_b_o = np.zeros_like(W_o), np.zeros_like(d_Y[0])

    for t in reversed(range(T)):
        # Predicted outputs are fed back as they are, true values without them, errors with a minus.
        d_Y_t = d_Y[t] + (d_all_fed[N + t], 0, -d_all_fed[N + t])[saved["feedback"]]
        d_W_o += np.outer(d_Y_t, h[t, L - 1])
        d_b_o += d_Y_t
        d_layer = W_o.T @ d_Y_t
        for l in reversed(range(L)):
            d_z = d_layer * h[t, l] * (1 - h[t, l])
            d_V[l] += np.outer(d_z, h[t, l - 1] if l > 0 else g[t])
            d_b_h[l] += d_z
            d_layer = V[l].T @ d_z
        d_Z_t = d_layer * g[t] * (1 - g[t])
        d_b += d_Z_t
        for m in range(M + 1):
            d_W_x[m] += np.outer(d_Z_t, line[M + t - m])
            d_line[M + t - m] += W_x[m].T @ d_Z_t
        for n in range(1, N + 1):
            d_W_y[n - 1] += np.outer(d_Z_t, fed[N + t - n])
            d_all_fed[N + t - n] += W_y[n - 1].T @ d_Z_t

    return {
        "X": d_line[M:], "X_start": d_line[:M], "fed_start": d_all_fed[:N], "W_x": d_W_x, "W_y": d_W_y, "b": d_b,
        "V": d_V, "b_h": d_b_h, "W_o": d_W_o, "b_o": d_b_o,
    }  # fmt: skip
