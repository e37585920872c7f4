"""Teacher forcing: the ground truth is fed in training, the net's own output in inference. Lecture krippahl.

Gives s (T, B, H), o (T, B, O). What is fed in training is known before the first step; where R is zero too, no step
waits for another.
"""

import numpy as np

from ..families import context, outputs, pointwise, recurrent
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments
from ..primitives.arrays import columns, cut, dense, flat, previous
from ..primitives.products import multiply

TAKES = Arguments(
    "x (T, B, I); y (T, B, O); s0 (B, H); o0 (B, O); U (H, I); W (H, O); R (H, H); b (H); V (O, H); c (O); forced 0 to 1; "
    "lengths of T"
)


@TAKES.forward
def forward(x, y, s0, o0, U, W, R, b, V, c, forced, lengths=None):
    if not forced:
        s, o, back = _with_outputs(x, s0, o0, U, W, R, b, V, c, lengths)
        return {"s": s, "o": o}, {"back": back}
    run = _with_truth if R.any() else _all_at_once
    s, back = run(x, y, s0, o0, U, W, R, b, lengths)
    o, output_layer = outputs.forward(s, V.T, c, lengths)
    return {"s": s, "o": o}, {"back": back, "output_layer": output_layer, "lengths": lengths}


@TAKES.backward
def backward(saved, d_s, d_o):
    if "output_layer" not in saved:
        return saved["back"](d_s, d_o)
    of_output = outputs.backward(saved["output_layer"], d_o)
    gradients = saved["back"](cut(d_s, saved["lengths"]) + of_output["h"])
    return {**gradients, "V": of_output["W"].T, "c": of_output["bias"]}


def _all_at_once(x, y, s0, o0, U, W, R, b, lengths):
    I = x.shape[2]
    seen = np.concatenate((cut(x, lengths), previous(cut(y, lengths), o0, lengths)), axis=2)
    s, layer = outputs.forward(seen, columns(U, W).T, b, lengths, TANH)

    def back(d_s):
        d = outputs.backward(layer, d_s)
        d_a = pointwise.pulled_back(TANH, s, dense(d_s))
        d_R = _product(flat(d_a).T, flat(previous(s, s0, lengths)))
        return {
            "x": d["h"][..., :I], "s0": np.zeros_like(s0), "o0": d["h"][0, :, I:], "U": d["W"][:I].T, "W": d["W"][I:].T,
            "R": d_R, "b": d["bias"],
        }  # fmt: skip

    return s, back


def _with_truth(x, y, s0, o0, U, W, R, b, lengths):
    I = x.shape[2]
    seen = np.concatenate((cut(x, lengths), previous(cut(y, lengths), o0, lengths)), axis=2)
    s, layer = recurrent.forward(seen, s0, columns(U, W).T, R.T, b, lengths)

    def back(d_s):
        d = recurrent.backward(layer, d_s)
        return {
            "x": d["x"][..., :I], "s0": d["start"], "o0": d["x"][0, :, I:], "U": d["W_in"][:I].T, "W": d["W_in"][I:].T,
            "R": d["W"].T, "b": d["bias"],
        }  # fmt: skip

    return s, back


def _with_outputs(x, s0, o0, U, W, R, b, V, c, lengths):
    fed, s, o, network = context.copy(x, o0, s0, U.T, columns(W, R).T, b, V.T, c, lengths)
    O = len(c)

    def back(d_s, d_o):
        d = context.backward(network, np.zeros_like(fed), d_s, d_o)
        return {
            "x": d["x"], "s0": d["h0"], "o0": d["y0"], "U": d["W_in"].T, "W": d["W_m"][:O].T, "R": d["W_m"][O:].T,
            "b": d["b_h"], "V": d["W_y"].T, "c": d["b_y"],
        }  # fmt: skip

    return s, o, back


def _product(left, right):
    result = np.empty((left.shape[0], right.shape[1]), left.dtype)
    multiply((result, left, dense(right)))
    return result
