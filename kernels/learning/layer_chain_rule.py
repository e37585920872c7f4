"""Chain rule for one layer inside another. Lecture cmu-2017.

Gives Y (B, O).
By hand: what its equations compile to takes 0.4 to 1.6 times as long.
"""

from ..families import outputs, pointwise
from ..primitives.activations import SIGMOID, TANH
from ..primitives.arguments import Arguments

TAKES = Arguments("X (B, I); V (H, I); W (O, H)")


@TAKES.forward
def forward(X, V, W):
    g, inner = outputs.forward(X[None], V.T, activation=SIGMOID)
    Z, outer = outputs.forward(g, W.T)
    Y = Z.copy()
    pointwise.apply(TANH, Y)
    return {"Y": Y[0]}, {"g": g[0], "Z": Z[0], "layers": (inner, outer, Y)}


@TAKES.backward
def backward(saved, d_Y):
    inner, outer, Y = saved["layers"]
    of_outer = outputs.backward(outer, pointwise.pulled_back(TANH, Y, d_Y[None]))
    of_inner = outputs.backward(inner, of_outer["h"])
    return {"X": of_inner["h"][0], "V": of_inner["W"].T, "W": of_outer["W"].T}
