"""Gated recurrent unit, reset gate before the recurrent product. Lecture eee511, Cho et al. 2014, Chung et al. 2014.

Gives h (T, B, H).
"""

from ..engine.bound import Bound
from ..engine.passes import run
from ..families import gru
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0 (B, H); W_xr (H, I); W_hr (H, H); b_r (H); W_xz (H, I); W_hz (H, H); b_z (H); W_xh (H, I); "
    "W_hh (H, H); b_h (H); lengths of T",
    keeps="x h0",
)


def _weights(W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h):
    """The family's."""
    return {"W_in": (W_xr, W_xz), "W": (W_hr, W_hz), "b": (b_r, b_z), "W_in_n": (W_xh,), "W_n": (W_hh,), "b_n": (b_h,)}


@TAKES.forward
def forward(x, h0, W_xr, W_hr, b_r, W_xz, W_hz, b_z, W_xh, W_hh, b_h, lengths=None):
    parameters = {
        "W_xr": W_xr, "W_hr": W_hr, "b_r": b_r, "W_xz": W_xz, "W_hz": W_hz, "b_z": b_z, "W_xh": W_xh, "W_hh": W_hh, "b_h": b_h,
    }  # fmt: skip
    layer = run(gru.BEFORE, {"x": x}, {"h": h0}, parameters, lengths, _weights)
    return layer.outputs, {"parameters": parameters, **layer.saved(r="r", z="z", n="n", h="h")}


@TAKES.backward
def backward(saved, d_h):
    d = saved["layer"].gradients({"h": d_h}, _weights, **saved["parameters"])
    return {"x": d["x"], "h0": d["h"], **{name: d[name] for name in saved["parameters"]}}


def bind(**weights):
    """The unit with these weights, for passes that keep nothing and single steps."""
    return Bound(gru.BEFORE, _weights(**weights), x="x", h="h0")
