"""Powers of a matrix by its eigenvalues. Lecture cmu-2017.

h (N,), lamda (R,), lamda_re and lamda_im (M,), p and q (N,), with N = 2 M + R; every output (T, N), all of one float type.
"""

import numpy as np


def forward(h, lamda, lamda_re, lamda_im, p, q, T):
    R, M, N = len(lamda), len(lamda_re), len(h)
    identity = np.eye(N, dtype=h.dtype)
    u = identity + np.outer(q, p)
    v = identity - np.outer(p, q) / (1 + p @ q)
    x, y, real = slice(0, M), slice(M, 2 * M), slice(2 * M, N)  # a pair has a place in x and one in y

    a = v @ h
    turn = np.empty((M, N, N), dtype=h.dtype)
    for j in range(M):
        turn[j] = lamda_re[j] * (np.outer(u[j], v[j]) + np.outer(u[M + j], v[M + j]))
        turn[j] += lamda_im[j] * (np.outer(u[M + j], v[j]) - np.outer(u[j], v[M + j]))
    W = turn.sum(axis=0) + u[real].T @ np.diag(lamda) @ v[real]

    power = np.empty((T, N), dtype=h.dtype)
    plane, line = np.empty((T, M, N), dtype=h.dtype), np.empty((T, R, N), dtype=h.dtype)
    r, s = np.empty((T, M), dtype=h.dtype), np.empty((T, M), dtype=h.dtype)
    W_to_the_t = identity
    r[0], s[0] = 1, 0
    for t in range(T):
        if t > 0:
            W_to_the_t = W @ W_to_the_t
            r[t] = lamda_re * r[t - 1] - lamda_im * s[t - 1]
            s[t] = lamda_im * r[t - 1] + lamda_re * s[t - 1]
        power[t] = W_to_the_t @ h
        plane[t] = (r[t] * a[x] - s[t] * a[y])[:, None] * u[x] + (s[t] * a[x] + r[t] * a[y])[:, None] * u[y]
        line[t] = (a[real] * lamda**t)[:, None] * u[real]

    expanded = plane.sum(axis=1) + line.sum(axis=1)
    leads = np.zeros(M + R, dtype=h.dtype)
    leads[np.argmax(np.concatenate([np.sqrt(lamda_re**2 + lamda_im**2), np.abs(lamda)]))] = 1
    leading = (leads[:, None] * np.concatenate([plane, line], axis=1)).sum(axis=1)

    saved = {"u": u, "v": v, "a": a, "turn": turn, "W": W, "r": r, "s": s, "plane": plane, "line": line, "leads": leads, "lamda": lamda}
    return {"power": power, "expanded": expanded, "leading": leading}, saved


def backward(saved, d_power, d_expanded, d_leading):
    u, v, W, r, s, leads, lamda = (saved[name] for name in ("u", "v", "W", "r", "s", "leads", "lamda"))
    T, M = r.shape
    x, y, real = slice(0, M), slice(M, 2 * M), slice(2 * M, len(u))

    d_a, d_h = np.zeros_like(u[0]), np.zeros_like(u[0])
    for t in reversed(range(T)):
        d_h = d_power[t] + W.T @ d_h
        along, along_leading = u @ d_expanded[t], u @ d_leading[t]
        d_a[real] += lamda**t * (along[real] + leads[M:] * along_leading[real])
        d_x = along[x] + leads[:M] * along_leading[x]
        d_y = along[y] + leads[:M] * along_leading[y]
        d_a[x] += r[t] * d_x + s[t] * d_y
        d_a[y] += r[t] * d_y - s[t] * d_x
    return {"h": d_h + v.T @ d_a}
