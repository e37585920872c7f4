"""Teacher forcing: the ground truth is fed in training, the net's own output in inference. Lecture krippahl.

Gives s (T, B, H), o (T, B, O). What is fed in training is known before the first step; where R is zero too, no step
waits for another.
"""

import numpy as np

from ..families import outputs, pointwise, recurrent
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
    run = _all_at_once if forced and not R.any() else _with_truth if forced else _with_outputs
    s, back = run(x, y, s0, o0, U, W, R, b, V, c, lengths)
    o, output_layer = outputs.forward(s, V.T, c, lengths)
    return {"s": s, "o": o}, {"back": back, "output_layer": output_layer, "lengths": lengths}


@TAKES.backward
def backward(saved, d_s, d_o):
    of_output = outputs.backward(saved["output_layer"], d_o)
    gradients = saved["back"](cut(d_s, saved["lengths"]) + of_output["h"])
    # V and c are also part of what an output sends to the next state.
    d_V, d_c = of_output["W"].T + gradients.pop("V", 0), of_output["bias"] + gradients.pop("c", 0)
    return {**gradients, "V": d_V, "c": d_c}


def _all_at_once(x, y, s0, o0, U, W, R, b, V, c, lengths):
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


def _with_truth(x, y, s0, o0, U, W, R, b, V, c, lengths):
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


def _with_outputs(x, y, s0, o0, U, W, R, b, V, c, lengths):
    """An output is linear in its state: W (V s + c) + R s is one product with W V + R, but for the starts."""
    (T, B, I), (H, O) = x.shape, W.shape
    seen = np.zeros((T, B, I + O + H + 1), x.dtype)
    seen[..., :I] = cut(x, lengths)
    seen[0, :, I:-1] = np.concatenate((o0, s0), axis=1)
    seen[1:, :, -1] = 1
    W_in = np.concatenate((U, W, R, _product(W, c[:, None])), axis=1)
    s, layer = recurrent.forward(seen, np.zeros_like(s0), W_in.T, (_product(W, V) + R).T, b, lengths)

    def back(d_s):
        d = recurrent.backward(layer, d_s)
        d_loop, d_c = d["W"].T, d["W_in"][-1]
        d_U, d_W, d_R = d["W_in"][:I].T, d["W_in"][I : I + O].T, d["W_in"][I + O : -1].T
        d_W = d_W + _product(d_loop, V.T) + np.outer(d_c, c)
        return {
            "x": d["x"][..., :I], "s0": d["x"][0, :, I + O : -1], "o0": d["x"][0, :, I : I + O], "U": d_U, "W": d_W,
            "R": d_R + d_loop, "b": d["bias"], "V": _product(W.T, d_loop), "c": _product(W.T, d_c[:, None])[:, 0],
        }  # fmt: skip

    return s, back


def _product(left, right):
    result = np.empty((left.shape[0], right.shape[1]), left.dtype)
    multiply((result, left, dense(right)))
    return result
