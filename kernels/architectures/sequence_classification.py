"""Sequence classification, one answer from the last state. Lectures ds4440 and krippahl.

Gives y (B, O).
By hand: what its equations compile to takes 0.3 to 6.3 times as long.
"""

from ..families import outputs, recurrent, sequences
from ..primitives.activations import SIGMOID
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, D); h0 (B, H); W_x (D, H); W_h (H, H); b_h (H); W_o (O, H); b_o (O); lengths of T")


@TAKES.forward
def forward(x, h0, W_x, W_h, b_h, W_o, b_o, lengths=None):
    h, layer = recurrent.forward(x, h0, W_x, W_h, b_h, lengths, SIGMOID)
    y, output_layer = outputs.forward(sequences.last(h, lengths)[None], W_o.T, b_o, None, outputs.SOFTMAX)
    return {"y": y[0]}, {"h": h, "layers": (layer, output_layer), "lengths": lengths}


@TAKES.backward
def backward(saved, d_y):
    layer, output_layer = saved["layers"]
    of_output = outputs.backward(output_layer, d_y[None])
    d = recurrent.backward(layer, sequences.last_pulled_back(of_output["h"][0], len(saved["h"]), saved["lengths"]))
    return {
        "x": d["x"], "h0": d["start"], "W_x": d["W_in"], "W_h": d["W"], "b_h": d["bias"],
        "W_o": of_output["W"].T, "b_o": of_output["bias"],
    }  # fmt: skip
