"""A feed-forward layer, the same at every step; gives y (T, B, O)."""

from ..families import outputs
from ..primitives.activations import IDENTITY, RELU, SIGMOID, TANH
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); W (O, I); b (O); lengths of T")

CODES = {"": IDENTITY, "relu": RELU, "sigmoid": SIGMOID, "softmax": outputs.SOFTMAX, "tanh": TANH}


class Layer:
    """The layer with one of the activations in ``CODES``."""

    def __init__(self, activation):
        self.code = CODES[activation]

    @TAKES.forward
    def forward(self, x, W, b, lengths=None):
        y, layer = outputs.forward(x, W.T, b, lengths, self.code)
        return {"y": y}, {"layer": layer}

    @TAKES.backward
    def backward(self, saved, d_y):
        d = outputs.backward(saved["layer"], d_y)
        return {"x": d["h"], "W": d["W"].T, "b": d["bias"]}
