"""State-space model whose start is learned. Lectures cmu-2020 and cmu-2017.

Gives h (T, B, H), y (T, B, O).
"""

from ..families import outputs, recurrent
from ..primitives.activations import SIGMOID
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut, for_every_item, over_items

TAKES = Arguments("x (T, B, I); h_start (H) or (B, H); W_xh (H, I); W_hh (H, H); b_h (H); W_hy (O, H); b_y (O); lengths of T")


@TAKES.forward
def forward(x, h_start, W_xh, W_hh, b_h, W_hy, b_y, lengths=None):
    h, layer = recurrent.forward(x, for_every_item(h_start, x), W_xh.T, W_hh.T, b_h, lengths)
    y, output_layer = outputs.forward(h, W_hy.T, b_y, lengths, SIGMOID)
    return {"h": h, "y": y}, {"layers": (layer, output_layer), "h_start": h_start, "lengths": lengths}


@TAKES.backward
def backward(saved, d_h, d_y):
    layer, output_layer = saved["layers"]
    of_output = outputs.backward(output_layer, d_y)
    d = recurrent.backward(layer, cut(d_h, saved["lengths"]) + of_output["h"])
    return {
        "x": d["x"], "h_start": over_items(d["start"], saved["h_start"]), "W_xh": d["W_in"].T, "W_hh": d["W"].T, "b_h": d["bias"],
        "W_hy": of_output["W"].T, "b_y": of_output["bias"],
    }  # fmt: skip
