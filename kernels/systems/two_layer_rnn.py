"""Recurrent network with two hidden layers; w_ji leads from j to i. Lecture cmu-2020.

Gives h1 (T, B, H1), h2 (T, B, H2), Y (T, B, O).
By hand: what its equations compile to takes 1.1 to 74.0 times as long.
"""

from ..families import outputs, recurrent
from ..primitives.activations import SIGMOID
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut, for_every_item, over_items

TAKES = Arguments(
    "X (T, B, I); h1_start (H1) or (B, H1); h2_start (H2) or (B, H2); w1 (I, H1); w11 (H1, H1); b1 (H1); w2 (H1, H2); "
    "w22 (H2, H2); b2 (H2); w3 (H2, O); b3 (O); lengths of T"
)


@TAKES.forward
def forward(X, h1_start, h2_start, w1, w11, b1, w2, w22, b2, w3, b3, lengths=None):
    h1, first = recurrent.forward(X, for_every_item(h1_start, X), w1, w11, b1, lengths)
    h2, second = recurrent.forward(h1, for_every_item(h2_start, X), w2, w22, b2, lengths, SIGMOID)
    Y, third = outputs.forward(h2, w3, b3, lengths, outputs.SOFTMAX)
    return {"h1": h1, "h2": h2, "Y": Y}, {"layers": (first, second, third), "starts": (h1_start, h2_start), "lengths": lengths}


@TAKES.backward
def backward(saved, d_h1, d_h2, d_Y):
    (first, second, third), (h1_start, h2_start), lengths = saved["layers"], saved["starts"], saved["lengths"]
    d3 = outputs.backward(third, d_Y)
    d2 = recurrent.backward(second, cut(d_h2, lengths) + d3["h"])
    d1 = recurrent.backward(first, cut(d_h1, lengths) + d2["x"])
    return {
        "X": d1["x"], "h1_start": over_items(d1["start"], h1_start), "h2_start": over_items(d2["start"], h2_start),
        "w1": d1["W_in"], "w11": d1["W"], "b1": d1["bias"], "w2": d2["W_in"], "w22": d2["W"], "b2": d2["bias"],
        "w3": d3["W"], "b3": d3["bias"],
    }  # fmt: skip
