"""Gated recurrent unit as a simplified long short-term memory. Lecture cmu-2017, Cho et al. 2014, Olah 2015.

Gives h (T, B, H).
"""

from ..engine.bound import Bound
from ..engine.passes import run
from ..families import gru
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h0 (B, H); W_z, W_r, W (H, H+I); lengths of T", keeps="x h0")


def _weights(W_z, W_r, W):
    """The family's: the columns for the state, and those for the input."""
    H = len(W)
    return {
        "W": (W_r[:, :H], W_z[:, :H]), "W_n": (W[:, :H],),
        "W_in": (W_r[:, H:], W_z[:, H:]), "W_in_n": (W[:, H:],),
    }  # fmt: skip


@TAKES.forward
def forward(x, h0, W_z, W_r, W, lengths=None):
    parameters = {"W_z": W_z, "W_r": W_r, "W": W}
    layer = run(gru.OLAH, {"x": x}, {"h": h0}, parameters, lengths, _weights)
    return layer.outputs, {"parameters": parameters, **layer.saved(r="r", z="z", h_tilde="n", h="h")}


@TAKES.backward
def backward(saved, d_h):
    d = saved["layer"].gradients({"h": d_h}, _weights, **saved["parameters"])
    return {"x": d["x"], "h0": d["h"], **{name: d[name] for name in saved["parameters"]}}


def bind(**weights):
    """The unit with these weights, for passes that keep nothing and single steps."""
    return Bound(gru.OLAH, _weights(**weights), x="x", h="h0")
