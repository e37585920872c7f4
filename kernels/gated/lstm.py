"""Long short-term memory. Lecture eee511, Hochreiter and Schmidhuber 1997, Gers, Schmidhuber and Cummins 2000.

Gives h and c (T, B, H).
"""

from ..engine.bound import Bound
from ..engine.passes import run
from ..families import lstm
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h0, c0 (B, H); W (4*H, H+I); b (4*H); lengths of T", keeps="x h0 c0")


def _weights(W, b):
    """The family's, as parts of W and b."""
    blocks = W.reshape(4, -1, W.shape[1])
    H = blocks.shape[1]
    return {"W": blocks[:, :, :H], "W_in": blocks[:, :, H:], "b": b.reshape(4, H)}


@TAKES.forward
def forward(x, h0, c0, W, b, lengths=None):
    layer = run(lstm.PLAIN, {"x": x}, {"h": h0, "c": c0}, {"W": W, "b": b}, lengths, _weights)
    return layer.outputs, {"W": W, "b": b, **layer.saved(i="i", f="f", o="o", g="g", h="h", c="c")}


@TAKES.backward
def backward(saved, d_h, d_c):
    d = saved["layer"].gradients({"h": d_h, "c": d_c}, _weights, W=saved["W"], b=saved["b"])
    return {"x": d["x"], "h0": d["h"], "c0": d["c"], "W": d["W"], "b": d["b"]}


def bind(**weights):
    """The unit with these weights, for passes that keep nothing and single steps."""
    return Bound(lstm.PLAIN, _weights(**weights), x="x", h="h0", c="c0")
