"""Long short-term memory with two matrices for each gate. Lecture krippahl, Hochreiter and Schmidhuber 1997, Gers et al. 2000.

x (T, I), h and c (T, H), every W (H, I), every U (H, H), every b (H,), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, c0, W_f, U_f, b_f, W_i, U_i, b_i, W_o, U_o, b_o, W_c, U_c, b_c):
    T, H = len(x), len(h0)
    f, i, o, c_hat, c, h = (np.empty((T, H), dtype=x.dtype) for _ in range(6))

    h_previous, c_previous = h0, c0
    for t in range(T):
        f[t] = sigmoid(W_f @ x[t] + U_f @ h_previous + b_f)
        i[t] = sigmoid(W_i @ x[t] + U_i @ h_previous + b_i)
        o[t] = sigmoid(W_o @ x[t] + U_o @ h_previous + b_o)
        c_hat[t] = np.tanh(W_c @ x[t] + U_c @ h_previous + b_c)
        c[t] = f[t] * c_previous + i[t] * c_hat[t]
        h[t] = o[t] * np.tanh(c[t])
        h_previous, c_previous = h[t], c[t]

    saved = {"x": x, "h0": h0, "c0": c0, "f": f, "i": i, "o": o, "c_hat": c_hat, "c": c, "h": h}
    saved |= {"W_f": W_f, "U_f": U_f, "W_i": W_i, "U_i": U_i, "W_o": W_o, "U_o": U_o, "W_c": W_c, "U_c": U_c}
    return {"h": h, "c": c}, saved


def backward(saved, d_h, d_c):
    x, h0, c0, c, h = (saved[name] for name in ("x", "h0", "c0", "c", "h"))
    f, i, o, c_hat = (saved[name] for name in ("f", "i", "o", "c_hat"))
    d_x = np.zeros_like(x)
    d = {f"W_{gate}": np.zeros_like(saved[f"W_{gate}"]) for gate in "fioc"}
    d |= {f"U_{gate}": np.zeros_like(saved[f"U_{gate}"]) for gate in "fioc"}
    d |= {f"b_{gate}": np.zeros_like(h0) for gate in "fioc"}

    d_h_next, d_c_next = np.zeros_like(h0), np.zeros_like(c0)  # what h[t] and c[t] receive from step t + 1
    for t in reversed(range(len(x))):
        h_previous, c_previous = (h[t - 1], c[t - 1]) if t > 0 else (h0, c0)
        d_h_t = d_h[t] + d_h_next
        d_c_t = d_c[t] + d_h_t * o[t] * (1 - np.tanh(c[t]) ** 2) + d_c_next
        d_c_next = d_c_t * f[t]

        d_a = {
            "f": d_c_t * c_previous * f[t] * (1 - f[t]),
            "i": d_c_t * c_hat[t] * i[t] * (1 - i[t]),
            "o": d_h_t * np.tanh(c[t]) * o[t] * (1 - o[t]),
            "c": d_c_t * i[t] * (1 - c_hat[t] ** 2),
        }
        d_h_next = np.zeros_like(h0)
        for gate, d_a_gate in d_a.items():
            d[f"W_{gate}"] += np.outer(d_a_gate, x[t])
            d[f"U_{gate}"] += np.outer(d_a_gate, h_previous)
            d[f"b_{gate}"] += d_a_gate
            d_x[t] += saved[f"W_{gate}"].T @ d_a_gate
            d_h_next += saved[f"U_{gate}"].T @ d_a_gate

    return {"x": d_x, "h0": d_h_next, "c0": d_c_next, **d}
