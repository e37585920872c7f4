"""Recurrent layer with connections that jump D steps. Lecture krippahl.

Gives h (T, B, H).
By hand: what its equations compile to takes 1.0 to 3.1 times as long.
"""

import functools

from ..engine.passes import run
from ..engine.recurrence import Product, Recurrence
from ..families import layers
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B, I); h_start (B, D, H); W (H, I); U, V (H, H); b (H); lengths of T")


@functools.lru_cache
def _recurrence(D):
    products = Product("x", "W", "a"), Product("h", "U", "a", delay=1), Product("h", "V", "a", delay=D)
    return Recurrence("skip-connections", "h", layers.layer("h", TANH, "b", *products))


@TAKES.forward
def forward(x, h_start, W, U, V, b, lengths=None):
    parameters = {"W": W, "U": U, "V": V, "b": b}
    layer = run(_recurrence(h_start.shape[1]), {"x": x}, {"h": h_start}, layers.one_gate(**parameters), lengths)
    return layer.outputs, {"parameters": parameters, **layer.saved(h="h")}


@TAKES.backward
def backward(saved, d_h):
    d = saved["layer"].gradients({"h": d_h}, layers.one_gate, **saved["parameters"])
    return {"x": d["x"], "h_start": d["h"], **{name: d[name] for name in saved["parameters"]}}
