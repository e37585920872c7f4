"""Gated recurrent unit, reset gate before the recurrent product. x (T, B, I), h0 (B, H), h (T, B, H)."""

import numpy as np

from refrnn.bench.batched import before, flat, sigmoid, whole_only


def forward(x, h0, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h, lengths=None):
    whole_only(lengths)
    H = h0.shape[-1]
    W_x, W_gates = np.concatenate([W_xr, W_xz, W_xh]), np.concatenate([W_hr, W_hz])
    gates = x @ W_x.T + np.concatenate([b_r, b_z, b_h])
    gate_rows, candidate_rows = np.ascontiguousarray(W_gates.T), np.ascontiguousarray(W_hh.T)
    h, reset = (np.empty((*x.shape[:2], H), x.dtype) for _ in range(2))
    state = h0
    for t in range(len(x)):
        gates[t, :, : 2 * H] = sigmoid(gates[t, :, : 2 * H] + state @ gate_rows)
        r, z = gates[t, :, :H], gates[t, :, H : 2 * H]
        reset[t] = r * state
        n = gates[t, :, 2 * H :] = np.tanh(gates[t, :, 2 * H :] + reset[t] @ candidate_rows)
        state = h[t] = n + z * (state - n)
    saved = {"x": x, "h0": h0, "W_x": W_x, "W_gates": W_gates, "W_hh": W_hh, "gates": gates, "h": h, "reset": reset}
    return {"h": h}, saved


def backward(saved, d_h):
    x, gates, h, reset = (saved[name] for name in ("x", "gates", "h", "reset"))
    W_gates, W_hh = saved["W_gates"], saved["W_hh"]
    H = h.shape[-1]
    states = before(h, saved["h0"])
    d_a = np.empty_like(gates)
    d_state = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        r, z, n = (gates[t, :, k * H : (k + 1) * H] for k in range(3))
        d_state = d_state + d_h[t]
        d_n = d_a[t, :, 2 * H :] = d_state * (1 - z) * (1 - n * n)
        d_reset = d_n @ W_hh
        d_a[t, :, :H] = d_reset * states[t] * r * (1 - r)
        d_a[t, :, H : 2 * H] = d_state * (states[t] - n) * z * (1 - z)
        d_state = d_state * z + d_reset * r + d_a[t, :, : 2 * H] @ W_gates
    d_W_xr, d_W_xz, d_W_xh = np.split(flat(d_a).T @ flat(x), 3)
    d_W_hr, d_W_hz = np.split(flat(d_a)[:, : 2 * H].T @ flat(states), 2)
    d_b_r, d_b_z, d_b_h = np.split(flat(d_a).sum(axis=0), 3)
    return {
        "x": d_a @ saved["W_x"], "h0": d_state, "W_xr": d_W_xr, "W_hr": d_W_hr, "b_r": d_b_r, "W_xz": d_W_xz,
        "W_hz": d_W_hz, "b_z": d_b_z, "W_xh": d_W_xh, "W_hh": flat(d_a)[:, 2 * H :].T @ flat(reset), "b_h": d_b_h,
    }  # fmt: skip
