"""Long short-term memory. x (T, B, I), h0 and c0 (B, H), W (4H, H + I), b (4H,), h and c (T, B, H)."""

import numpy as np

from refrnn.bench.batched import before, flat, sigmoid, whole_only


def forward(x, h0, c0, W, b, lengths=None):
    whole_only(lengths)
    H = h0.shape[-1]
    gates = x @ W[:, H:].T + b
    W_h = np.ascontiguousarray(W[:, :H].T)
    h, c, tanh_c = (np.empty((*x.shape[:2], H), x.dtype) for _ in range(3))
    state, memory = h0, c0
    for t in range(len(x)):
        a = gates[t] + state @ W_h
        gates[t, :, : 3 * H] = sigmoid(a[:, : 3 * H])
        gates[t, :, 3 * H :] = np.tanh(a[:, 3 * H :])
        i, f, o, g = (gates[t, :, k * H : (k + 1) * H] for k in range(4))
        memory = c[t] = f * memory + i * g
        tanh_c[t] = np.tanh(memory)
        state = h[t] = o * tanh_c[t]
    return {"h": h, "c": c}, {"x": x, "h0": h0, "c0": c0, "W": W, "gates": gates, "h": h, "c": c, "tanh_c": tanh_c}


def backward(saved, d_h, d_c):
    x, W, gates, h, c, tanh_c = (saved[name] for name in ("x", "W", "gates", "h", "c", "tanh_c"))
    H = h.shape[-1]
    memories = before(c, saved["c0"])
    d_a = np.empty_like(gates)
    d_state, d_memory = np.zeros_like(h[0]), np.zeros_like(c[0])
    for t in reversed(range(len(x))):
        i, f, o, g = (gates[t, :, k * H : (k + 1) * H] for k in range(4))
        d_state = d_state + d_h[t]
        d_memory = d_memory + d_c[t] + d_state * o * (1 - tanh_c[t] ** 2)
        d_a[t, :, 0:H] = d_memory * g * i * (1 - i)
        d_a[t, :, H : 2 * H] = d_memory * memories[t] * f * (1 - f)
        d_a[t, :, 2 * H : 3 * H] = d_state * tanh_c[t] * o * (1 - o)
        d_a[t, :, 3 * H :] = d_memory * i * (1 - g * g)
        d_memory = d_memory * f
        d_state = d_a[t] @ W[:, :H]
    d_W = np.concatenate([flat(d_a).T @ flat(before(h, saved["h0"])), flat(d_a).T @ flat(x)], axis=1)
    return {"x": d_a @ W[:, H:], "h0": d_state, "c0": d_memory, "W": d_W, "b": flat(d_a).sum(axis=0)}
