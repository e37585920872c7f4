"""Vector recursion through sigmoids, tanhs or ReLUs. Lecture cmu-2017.

Gives h (T, B, N).
"""

from ..families import recurrent
from ..primitives.activations import RELU, SIGMOID, TANH
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h0 (B, N); W (N, N); C (N, I); f 0 to 2; lengths of T")

ACTIVATIONS = (SIGMOID, TANH, RELU)


@TAKES.forward
def forward(x, h0, W, C, f, lengths=None):
    h, layer = recurrent.forward(x, h0, C.T, W.T, lengths=lengths, activation=ACTIVATIONS[f])
    return {"h": h}, {"layer": layer}


@TAKES.backward
def backward(saved, d_h):
    d = recurrent.backward(saved["layer"], d_h)
    return {"x": d["x"], "h0": d["start"], "W": d["W"].T, "C": d["W_in"].T}
