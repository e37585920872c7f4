"""NARX network with input and output delays. Lectures cmu-2020 and cmu-2017, Lin et al. 1996.

X (T, I), D and Y (T, O), X_start (M, I), fed_start (N, O), W_x (M + 1, O, I), W_y (N, O, O), all of one float type;
feedback: 0 predicted outputs, 1 true values, 2 errors in prediction.
"""

import numpy as np


def forward(X, D, X_start, fed_start, W_x, W_y, b, feedback):
    T, M, N = len(X), len(X_start), len(fed_start)
    line = np.concatenate((X_start, X))  # the input of step t is line[M + t]
    fed = np.concatenate((fed_start, np.empty_like(D)))  # what step t feeds back is fed[N + t]
    Y = np.empty_like(D)

    for t in range(T):
        Z_t = b.copy()
        for m in range(M + 1):
            Z_t += W_x[m] @ line[M + t - m]
        for n in range(1, N + 1):
            Z_t += W_y[n - 1] @ fed[N + t - n]
        Y[t] = np.tanh(Z_t)
        fed[N + t] = (Y[t], D[t], D[t] - Y[t])[feedback]

    saved = {"line": X, "X_start": X_start, "W_x": W_x, "W_y": W_y, "feedback": feedback, "all_fed": fed, "Y": Y}
    return {"Y": Y, "fed": fed[N:]}, saved


def backward(saved, d_Y, d_fed):
    X_start, W_x, W_y, fed, Y = (saved[name] for name in ("X_start", "W_x", "W_y", "all_fed", "Y"))
    T, M, N = len(Y), len(X_start), len(W_y)
    line = np.concatenate((X_start, saved["line"]))
    d_line, d_all_fed = np.zeros_like(line), np.zeros_like(fed)
    d_all_fed[N:] = d_fed
    d_W_x, d_W_y, d_b = np.zeros_like(W_x), np.zeros_like(W_y), np.zeros_like(Y[0])

    for t in reversed(range(T)):
        # Predicted outputs are fed back as they are, true values without them, errors with a minus.
        d_Y_t = d_Y[t] + (d_all_fed[N + t], 0, -d_all_fed[N + t])[saved["feedback"]]
        d_Z_t = d_Y_t * (1 - Y[t] ** 2)
        d_b += d_Z_t
        for m in range(M + 1):
            d_W_x[m] += np.outer(d_Z_t, line[M + t - m])
            d_line[M + t - m] += W_x[m].T @ d_Z_t
        for n in range(1, N + 1):
            d_W_y[n - 1] += np.outer(d_Z_t, fed[N + t - n])
            d_all_fed[N + t - n] += W_y[n - 1].T @ d_Z_t

    return {"X": d_line[M:], "X_start": d_line[:M], "fed_start": d_all_fed[:N], "W_x": d_W_x, "W_y": d_W_y, "b": d_b}
