"""Two recurrent layers with a feed-forward layer between them. Lectures cmu-2017 and eee511.

Gives Y (T, B, O).
"""

import numpy as np

from ..families import outputs
from ..gated import lstm
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h1_0, c1_0 (B, H1); W1 (4*H1, H1+I); b1 (4*H1); V (M, H1); b_z (M); h2_0, c2_0 (B, H2); W2 (4*H2, H2+M); "
    "b2 (4*H2); W_Y (O, H2); b_Y (O); lengths of T"
)


@TAKES.forward
def forward(x, h1_0, c1_0, W1, b1, V, b_z, h2_0, c2_0, W2, b2, W_Y, b_Y, lengths=None):
    h1, first = lstm.forward(x, h1_0, c1_0, W1, b1, lengths)
    z, between = outputs.forward(h1["h"], V.T, b_z, lengths, TANH)
    h2, second = lstm.forward(z, h2_0, c2_0, W2, b2, lengths)
    Y, output_layer = outputs.forward(h2["h"], W_Y.T, b_Y, lengths)
    saved = {"z": z, "layers": (first, between, second, output_layer)}
    for layer, outs, gates in (("1", h1, first), ("2", h2, second)):
        saved |= {name + layer: array for name, array in outs.items()} | {name + layer: gates[name] for name in "ifog"}
    return {"Y": Y}, saved


@TAKES.backward
def backward(saved, d_Y):
    first, between, second, output_layer = saved["layers"]
    of_output = outputs.backward(output_layer, d_Y)
    d2 = lstm.backward(second, of_output["h"], np.zeros_like(of_output["h"]))
    of_between = outputs.backward(between, d2["x"])
    d1 = lstm.backward(first, of_between["h"], np.zeros_like(of_between["h"]))
    return {
        "x": d1["x"], "h1_0": d1["h0"], "c1_0": d1["c0"], "W1": d1["W"], "b1": d1["b"], "V": of_between["W"].T,
        "b_z": of_between["bias"], "h2_0": d2["h0"], "c2_0": d2["c0"], "W2": d2["W"], "b2": d2["b"],
        "W_Y": of_output["W"].T, "b_Y": of_output["bias"],
    }  # fmt: skip
