"""A plain state and a gated memory over the same input. Lecture cmu-2017.

Gives h and c (T, B, H).
"""

import numpy as np

from ..families import outputs, recurrent
from ..primitives.activations import SIGMOID, TANH
from ..primitives.arguments import Arguments
from ..primitives.arrays import clear, cut, previous

TAKES = Arguments("x (T, B, I); h0, c0 (B, H); W_x (H, I); W_h (H, H); b (H); V (H, I); d (H); U (H, I); lengths of T")


@TAKES.forward
def forward(x, h0, c0, W_x, W_h, b, V, d, U, lengths=None):
    h, plain = recurrent.forward(x, h0, W_x.T, W_h.T, b, lengths)
    # The gate and what it lets through see the input alone: all that is left to do step by step is to mix.
    x = cut(x, lengths)
    g, gate = outputs.forward(x, V.T, d, lengths, SIGMOID)
    n, candidate = outputs.forward(x, U.T, None, lengths, TANH)
    c, last = np.empty_like(g), c0
    for t in range(len(c)):
        last = c[t] = (1 - g[t]) * last + g[t] * n[t]
    clear(c, lengths)
    return {"h": h, "c": c}, {"g": g, "layers": (plain, gate, candidate), "of_memory": (c0, g, n, c, lengths)}


@TAKES.backward
def backward(saved, d_h, d_c):
    plain, gate, candidate = saved["layers"]
    c0, g, n, c, lengths = saved["of_memory"]
    error, carry = np.array(cut(d_c, lengths)), np.zeros_like(c0)
    for t in range(len(c) - 1, -1, -1):
        error[t] += carry
        carry = error[t] * (1 - g[t])
    of_plain = recurrent.backward(plain, d_h)
    of_gate = outputs.backward(gate, error * (n - previous(c, c0)))
    of_candidate = outputs.backward(candidate, error * g)
    return {
        "x": of_plain["x"] + of_gate["h"] + of_candidate["h"], "h0": of_plain["start"], "c0": carry,
        "W_x": of_plain["W_in"].T, "W_h": of_plain["W"].T, "b": of_plain["bias"],
        "V": of_gate["W"].T, "d": of_gate["bias"], "U": of_candidate["W"].T,
    }  # fmt: skip
