"""Gated recurrent unit, reset gate after the recurrent product. x (T, B, I), h0 (B, H), h (T, B, H)."""

import numpy as np

from refrnn.bench.batched import before, flat, sigmoid, whole_only


def forward(x, h0, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h, lengths=None):
    whole_only(lengths)
    H = h0.shape[-1]
    W_x, U_h = np.concatenate([W_z, W_r, W]), np.concatenate([U_z, U_r, U])
    gates = x @ W_x.T + np.concatenate([b_z, b_r, b_h])
    U_rows = np.ascontiguousarray(U_h.T)
    h, recurrent = (np.empty((*x.shape[:2], H), x.dtype) for _ in range(2))
    state = h0
    for t in range(len(x)):
        products = state @ U_rows
        gates[t, :, : 2 * H] = sigmoid(gates[t, :, : 2 * H] + products[:, : 2 * H])
        z, r = gates[t, :, :H], gates[t, :, H : 2 * H]
        recurrent[t] = products[:, 2 * H :] + b_u
        h_hat = gates[t, :, 2 * H :] = np.tanh(gates[t, :, 2 * H :] + r * recurrent[t])
        state = h[t] = h_hat + z * (state - h_hat)
    return {"h": h}, {"x": x, "h0": h0, "W_x": W_x, "U_h": U_h, "gates": gates, "h": h, "recurrent": recurrent}


def backward(saved, d_h):
    x, gates, h, recurrent, U_h = (saved[name] for name in ("x", "gates", "h", "recurrent", "U_h"))
    H = h.shape[-1]
    states = before(h, saved["h0"])
    d_a, d_p = np.empty_like(gates), np.empty_like(gates)  # of the gates, and of the products with the state
    d_state = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        z, r, h_hat = (gates[t, :, k * H : (k + 1) * H] for k in range(3))
        d_state = d_state + d_h[t]
        d_hat = d_a[t, :, 2 * H :] = d_state * (1 - z) * (1 - h_hat * h_hat)
        d_a[t, :, :H] = d_state * (states[t] - h_hat) * z * (1 - z)
        d_a[t, :, H : 2 * H] = d_hat * recurrent[t] * r * (1 - r)
        d_p[t, :, : 2 * H] = d_a[t, :, : 2 * H]
        d_p[t, :, 2 * H :] = d_hat * r
        d_state = d_state * z + d_p[t] @ U_h
    d_W_z, d_W_r, d_W = np.split(flat(d_a).T @ flat(x), 3)
    d_U_z, d_U_r, d_U = np.split(flat(d_p).T @ flat(states), 3)
    d_b_z, d_b_r, d_b_h = np.split(flat(d_a).sum(axis=0), 3)
    return {
        "x": d_a @ saved["W_x"], "h0": d_state, "W_z": d_W_z, "U_z": d_U_z, "b_z": d_b_z, "W_r": d_W_r, "U_r": d_U_r,
        "b_r": d_b_r, "W": d_W, "U": d_U, "b_u": flat(d_p)[:, 2 * H :].sum(axis=0), "b_h": d_b_h,
    }  # fmt: skip
