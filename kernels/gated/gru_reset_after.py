"""Gated recurrent unit, reset gate after the recurrent product. Lecture krippahl, Cho et al. 2014, Chung et al. 2014.

Gives h (T, B, H).
"""

from ..engine.bound import Bound
from ..engine.passes import run
from ..families import gru
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0 (B, H); W_z (H, I); U_z (H, H); b_z (H); W_r (H, I); U_r (H, H); b_r (H); W (H, I); U (H, H); "
    "b_u, b_h (H); lengths of T",
    keeps="x h0",
)


def _weights(W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h):
    """The family's."""
    return {"W_in": (W_r, W_z, W), "W": (U, U_r, U_z), "b": (b_r, b_z, b_h), "b_m": (b_u,)}


@TAKES.forward
def forward(x, h0, W_z, U_z, b_z, W_r, U_r, b_r, W, U, b_u, b_h, lengths=None):
    parameters = {"W_z": W_z, "U_z": U_z, "b_z": b_z, "W_r": W_r, "U_r": U_r, "b_r": b_r, "W": W, "U": U, "b_u": b_u, "b_h": b_h}
    layer = run(gru.AFTER, {"x": x}, {"h": h0}, parameters, lengths, _weights)
    return layer.outputs, {"parameters": parameters, **layer.saved(r="r", z="z", h_hat="n", h="h")}


@TAKES.backward
def backward(saved, d_h):
    d = saved["layer"].gradients({"h": d_h}, _weights, **saved["parameters"])
    return {"x": d["x"], "h0": d["h"], **{name: d[name] for name in saved["parameters"]}}


def bind(**weights):
    """The unit with these weights, for passes that keep nothing and single steps."""
    return Bound(gru.AFTER, _weights(**weights), x="x", h="h0")
