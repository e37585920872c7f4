"""Reservoir of leaky units. Lecture krippahl, Jaeger 2001, Jaeger et al. 2007.

Gives h (T, B, H), y (T, B, O).
"""

import numpy as np

from ..families import outputs, recurrent
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments("x (T, B, I); h0 (B, H); W_in (H, I); W (H, H); a (); W_out (O, H+I); lengths of T")


@TAKES.forward
def forward(x, h0, W_in, W, a, W_out, lengths=None):
    h, layer = recurrent.forward(x, h0, W_in.T, W.T, lengths=lengths, leak=a)
    y, read_out = outputs.forward(np.concatenate((cut(x, lengths), h), axis=2), W_out.T, lengths=lengths)
    return {"h": h, "y": y}, {"layer": layer, "read_out": read_out, "lengths": lengths}


@TAKES.backward
def backward(saved, d_h, d_y):
    of_output = outputs.backward(saved["read_out"], d_y)
    d_x, d_state = np.split(of_output["h"], [-d_h.shape[2]], axis=2)
    d = recurrent.backward(saved["layer"], cut(d_h, saved["lengths"]) + d_state)
    return {"x": d["x"] + d_x, "h0": d["start"], "W_out": of_output["W"].T}
