"""Long short-term memory whose gates see the memory. Lecture cmu-2017, Gers, Schraudolph and Schmidhuber 2002.

x (T, I), h and C (T, H), W_x. (H, I), W_h. and W_C. (H, H), all of one float type.
"""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def forward(x, h0, C0, W_xf, W_hf, W_Cf, b_f, W_xi, W_hi, W_Ci, b_i, W_xC, W_hC, b_C, W_xo, W_ho, W_Co, b_o):
    T, H = len(x), len(h0)
    f, i, C_tilde, C, o, h = (np.empty((T, H), dtype=x.dtype) for _ in range(6))

    h_previous, C_previous = h0, C0
    for t in range(T):
        f[t] = sigmoid(W_Cf @ C_previous + W_hf @ h_previous + W_xf @ x[t] + b_f)
        i[t] = sigmoid(W_Ci @ C_previous + W_hi @ h_previous + W_xi @ x[t] + b_i)
        C_tilde[t] = np.tanh(W_hC @ h_previous + W_xC @ x[t] + b_C)
        C[t] = f[t] * C_previous + i[t] * C_tilde[t]
        o[t] = sigmoid(W_Co @ C[t] + W_ho @ h_previous + W_xo @ x[t] + b_o)
        h[t] = o[t] * np.tanh(C[t])
        h_previous, C_previous = h[t], C[t]

    saved = {
        "x": x, "h0": h0, "C0": C0,
        "W_xf": W_xf, "W_hf": W_hf, "W_Cf": W_Cf, "W_xi": W_xi, "W_hi": W_hi, "W_Ci": W_Ci,
        "W_xC": W_xC, "W_hC": W_hC, "W_xo": W_xo, "W_ho": W_ho, "W_Co": W_Co,
        "f": f, "i": i, "C_tilde": C_tilde, "C": C, "o": o, "h": h,
    }  # fmt: skip
    return {"h": h, "C": C}, saved


def backward(saved, d_h, d_C):
    x, h0, C0 = saved["x"], saved["h0"], saved["C0"]
    W_xf, W_hf, W_Cf = saved["W_xf"], saved["W_hf"], saved["W_Cf"]
    W_xi, W_hi, W_Ci = saved["W_xi"], saved["W_hi"], saved["W_Ci"]
    W_xC, W_hC = saved["W_xC"], saved["W_hC"]
    W_xo, W_ho, W_Co = saved["W_xo"], saved["W_ho"], saved["W_Co"]
    f, i, C_tilde, C, o, h = (saved[name] for name in ("f", "i", "C_tilde", "C", "o", "h"))
    d_x = np.empty_like(x)
    d_W_xf, d_W_hf, d_W_Cf, d_b_f = np.zeros_like(W_xf), np.zeros_like(W_hf), np.zeros_like(W_Cf), np.zeros_like(h0)
    d_W_xi, d_W_hi, d_W_Ci, d_b_i = np.zeros_like(W_xi), np.zeros_like(W_hi), np.zeros_like(W_Ci), np.zeros_like(h0)
    d_W_xC, d_W_hC, d_b_C = np.zeros_like(W_xC), np.zeros_like(W_hC), np.zeros_like(h0)
    d_W_xo, d_W_ho, d_W_Co, d_b_o = np.zeros_like(W_xo), np.zeros_like(W_ho), np.zeros_like(W_Co), np.zeros_like(h0)

    d_h_next, d_C_next = np.zeros_like(h0), np.zeros_like(C0)  # what h[t] and C[t] receive from step t + 1
    for t in reversed(range(len(x))):
        h_previous, C_previous = (h[t - 1], C[t - 1]) if t > 0 else (h0, C0)
        d_h_t = d_h[t] + d_h_next

        d_o = d_h_t * np.tanh(C[t])
        d_a_o = d_o * o[t] * (1 - o[t])
        d_W_Co += np.outer(d_a_o, C[t])
        d_W_ho += np.outer(d_a_o, h_previous)
        d_W_xo += np.outer(d_a_o, x[t])
        d_b_o += d_a_o

        d_C_t = d_C[t] + d_h_t * o[t] * (1 - np.tanh(C[t]) ** 2) + W_Co.T @ d_a_o + d_C_next

        d_C_tilde = d_C_t * i[t]
        d_a_C = d_C_tilde * (1 - C_tilde[t] ** 2)
        d_W_hC += np.outer(d_a_C, h_previous)
        d_W_xC += np.outer(d_a_C, x[t])
        d_b_C += d_a_C

        d_i = d_C_t * C_tilde[t]
        d_a_i = d_i * i[t] * (1 - i[t])
        d_W_Ci += np.outer(d_a_i, C_previous)
        d_W_hi += np.outer(d_a_i, h_previous)
        d_W_xi += np.outer(d_a_i, x[t])
        d_b_i += d_a_i

        d_f = d_C_t * C_previous
        d_a_f = d_f * f[t] * (1 - f[t])
        d_W_Cf += np.outer(d_a_f, C_previous)
        d_W_hf += np.outer(d_a_f, h_previous)
        d_W_xf += np.outer(d_a_f, x[t])
        d_b_f += d_a_f

        d_C_next = d_C_t * f[t] + W_Cf.T @ d_a_f + W_Ci.T @ d_a_i
        d_h_next = W_hf.T @ d_a_f + W_hi.T @ d_a_i + W_hC.T @ d_a_C + W_ho.T @ d_a_o
        d_x[t] = W_xf.T @ d_a_f + W_xi.T @ d_a_i + W_xC.T @ d_a_C + W_xo.T @ d_a_o

    return {
        "x": d_x, "h0": d_h_next, "C0": d_C_next,
        "W_xf": d_W_xf, "W_hf": d_W_hf, "W_Cf": d_W_Cf, "b_f": d_b_f,
        "W_xi": d_W_xi, "W_hi": d_W_hi, "W_Ci": d_W_Ci, "b_i": d_b_i,
        "W_xC": d_W_xC, "W_hC": d_W_hC, "b_C": d_b_C,
        "W_xo": d_W_xo, "W_ho": d_W_ho, "W_Co": d_W_Co, "b_o": d_b_o,
    }  # fmt: skip
