"""The plain recurrent layer h[t] = f(u[t] + h[t-1] @ W), where u is x @ W_in + bias, or is given."""

import functools

import numpy as np

from ..engine.bound import Bound
from ..engine.passes import run
from ..engine.recurrence import Product, Recurrence, Stage
from ..primitives.activations import TANH
from ..primitives.compile import part
from . import layers


@functools.cache
def _layer(activation, with_input, with_bias):
    """The recurrence of such a layer."""
    f, slope = layers.STEPS[activation]
    name, past = f"recurrent-{f.__name__}", Product("h", "W", "s", delay=1)
    if with_input:
        return Recurrence(name, "h", layers.layer("h", activation, "bias" if with_bias else None, Product("x", "W_in", "s"), past))
    f, slope = part(f), part(slope)
    step, back = lambda s, x: f(s + x), lambda d_h, h: (slope(d_h, h), slope(d_h, h))
    return Recurrence(name, "h", Stage("s", (past,), step, "h", back, "d_s d_x", {"bias": "s"} if with_bias else {}))


def _parameters(W_in, W, bias):
    """Those of them that there are."""
    return {name: array for name, array in {"W_in": W_in, "W": W, "bias": bias}.items() if array is not None}


def _weights(W, W_in=None, bias=None):
    """The recurrence's."""
    found = {"W": (W.T,)}
    if W_in is not None:
        found["W_in"] = (W_in.T,)
    return found if bias is None else {**found, "bias": (bias,)}


def bind(W_in, W, bias=None, activation=TANH, **names):
    """The layer with these weights, as ``forward`` takes them, as a :class:`Bound`, which is told ``names``."""
    return Bound(_layer(activation, True, bias is not None), _weights(**_parameters(W_in, W, bias)), **names)


def forward(x, start, W_in, W, bias=None, lengths=None, activation=TANH):
    """Run the layer.

    x (T, B, I), start (B, H), W_in (I, H), W (H, H), bias (H,) or None, lengths (B,) or None. With W_in None x (T, B, H)
    is the input product itself. Returns h (T, B, H) and what ``backward`` needs.
    """
    recurrence = _layer(activation, W_in is not None, bias is not None)
    layer = run(recurrence, {"x": x}, {"h": start}, _parameters(W_in, W, bias), lengths, _weights)
    return layer.outputs["h"], layer


def backward(layer, d_h, keep=None):
    """The gradients, given d_h (T, B, H), as a dict: x, start, W_in and bias (None where there was none), and W.

    keep (T, B), or None for everywhere, says where the error passes from step t to the step before it; elsewhere none does,
    even where it is not a number.
    """
    into = {name: (np.empty_like(parts[0]),) for name, parts in layer.weights.items()}
    d = layer.backward({"h": d_h}, into, keep)
    gradients = {"x": d["x"], "start": d["h"], "W": into["W"][0].T}
    return gradients | {"W_in": into["W_in"][0].T if "W_in" in into else None, "bias": into["bias"][0] if "bias" in into else None}
