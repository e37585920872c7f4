"""Linear recursion and its closed form, in which the start is one more input. Lecture cmu-2017.

Gives h and h_closed (T, B, H).
By hand: the equations can't be compiled, as one is a power of a matrix.
"""

from ..families import outputs, powers, recurrent
from ..primitives.activations import IDENTITY
from ..primitives.arguments import Arguments
from ..primitives.arrays import clear, cut

TAKES = Arguments("x (T, B, I); h0 (B, H); W_h (H, H); W_x (H, I); lengths of T")


@TAKES.forward
def forward(x, h0, W_h, W_x, lengths=None):
    h, layer = recurrent.forward(x, h0, W_x.T, W_h.T, lengths=lengths, activation=IDENTITY)
    inputs, input_layer = outputs.forward(cut(x, lengths), W_x.T, lengths=lengths)
    h_closed, unrolled = powers.unrolled(h0, inputs, W_h.T, lengths)
    clear(h_closed, lengths)
    return {"h": h, "h_closed": h_closed}, {"layers": (layer, input_layer), "unrolled": unrolled, "lengths": lengths, "z": h}


@TAKES.backward
def backward(saved, d_h, d_h_closed):
    layer, input_layer = saved["layers"]
    d = recurrent.backward(layer, d_h)
    d_start, d_inputs, d_W = powers.unrolled_pulled_back(saved["unrolled"], cut(d_h_closed, saved["lengths"]))
    of_inputs = outputs.backward(input_layer, d_inputs)
    return {
        "x": d["x"] + of_inputs["h"], "h0": d["start"] + d_start, "W_h": (d["W"] + d_W).T, "W_x": (d["W_in"] + of_inputs["W"]).T,
    }  # fmt: skip
