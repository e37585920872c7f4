"""Elman network, with "simple" or full learning. Lecture eee511, Elman 1990.

Gives h (T, B, H), y (T, B, O).
"""

import numpy as np

from ..families import outputs, recurrent
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments("x (T, B, I); h0 (B, H); W_xh (I, H); W_hh (H, H); W_hy (H, O); simple 0 to 1; lengths of T", keeps="x h0 W_hy")


@TAKES.forward
def forward(x, h0, W_xh, W_hh, W_hy, simple, lengths=None):
    h, layer = recurrent.forward(x, h0, W_xh, W_hh, lengths=lengths)
    y, output_layer = outputs.forward(h, W_hy, lengths=lengths)
    return {"h": h, "y": y}, {"layers": (layer, output_layer), "simple": simple, "lengths": lengths}


@TAKES.backward
def backward(saved, d_h, d_y):
    layer, output_layer = saved["layers"]
    of_output = outputs.backward(output_layer, d_y)
    keep = np.zeros(d_h.shape[:2]) if saved["simple"] == 1 else None
    d = recurrent.backward(layer, cut(d_h, saved["lengths"]) + of_output["h"], keep)
    return {"x": d["x"], "h0": d["start"], "W_xh": d["W_in"], "W_hh": d["W"], "W_hy": of_output["W"]}
