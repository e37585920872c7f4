"""Parity by a plain recurrent network of rectified units. Lectures ds4440 and cmu-2017.

Gives h (T, B, H), y (T, B, O).
"""

from ..families import outputs, recurrent
from ..primitives.activations import RELU
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments("x (T, B, I); h0 (B, H); W_xh (H, I); W_hh (H, H); b_h (H); W_hy (O, H); b_y (O); lengths of T")


@TAKES.forward
def forward(x, h0, W_xh, W_hh, b_h, W_hy, b_y, lengths=None):
    h, layer = recurrent.forward(x, h0, W_xh.T, W_hh.T, b_h, lengths, RELU)
    y, output_layer = outputs.forward(h, W_hy.T, b_y, lengths)
    return {"h": h, "y": y}, {"layers": (layer, output_layer), "lengths": lengths}


@TAKES.backward
def backward(saved, d_h, d_y):
    layer, output_layer = saved["layers"]
    of_output = outputs.backward(output_layer, d_y)
    d = recurrent.backward(layer, cut(d_h, saved["lengths"]) + of_output["h"])
    return {
        "x": d["x"], "h0": d["start"], "W_xh": d["W_in"].T, "W_hh": d["W"].T, "b_h": d["bias"],
        "W_hy": of_output["W"].T, "b_y": of_output["bias"],
    }  # fmt: skip
