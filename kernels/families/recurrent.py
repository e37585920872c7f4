"""The plain recurrent layer h[t] = a h[t-1] + (1 - a) s[t], s[t] = f(u[t] + h[t-1] @ W), in both directions of time.

Every plain recurrent layer of the lectures is this one, most of them with a = 0; u is x @ W_in + bias, or is given.
"""

import functools

import numpy as np

from ..engine.bound import Bound
from ..engine.passes import run
from ..engine.recurrence import Product, Recurrence, Stage
from ..primitives.activations import TANH
from ..primitives.compile import part
from . import layers
from .sequences import reverse as reversed_in_time


@functools.cache
def _layer(activation, with_input, with_bias, leaky):
    """The recurrence of such a layer."""
    f, slope = layers.STEPS[activation]
    products = (*((Product("x", "W_in", "s"),) if with_input else ()), Product("h", "W", "s", delay=1))
    if with_input and not leaky:
        return Recurrence(f"recurrent-{f.__name__}", "h", layers.layer("h", activation, "bias" if with_bias else None, *products))
    f, slope, gives = part(f), part(slope), "s h" if leaky else "h"
    step, back, back_gives = _leaky(f, slope) if leaky else _given(f, slope)
    return Recurrence(f"recurrent-{f.__name__}", "h", Stage("s", products, step, gives, back, back_gives, {"bias": "s"} if with_bias else {}))


def _given(f, slope):
    """The steps of a layer whose input product is given."""
    return lambda s, x: f(s + x), lambda d_h, h: (slope(d_h, h), slope(d_h, h)), "d_s d_x"


def _leaky(f, slope):
    def step(s, h_before, a):
        s = f(s)
        return s, a * h_before + (1 - a) * s

    def back(d_h, s, h_before, a):
        return (1 - a) * slope(d_h, s), a * d_h, d_h * (h_before - s)

    return step, back, "d_s d_h_before d_a"


def _parameters(W_in, W, bias, leak):
    """Those of them that there are."""
    found = {"W_in": W_in, "W": W, "bias": bias, "a": None if leak is None else np.asarray(leak, W.dtype)}
    return {name: array for name, array in found.items() if array is not None}


def _weights(W, W_in=None, bias=None, a=None):
    """The recurrence's."""
    found = {"W": (W.T,)}
    if W_in is not None:
        found["W_in"] = (W_in.T,)
    if bias is not None:
        found["bias"] = (bias,)
    return found if a is None else {**found, "a": a}


def bind(W_in, W, bias=None, activation=TANH, leak=None, outputs=None, **names):
    """The layer with these weights, as ``forward`` takes them, as a :class:`Bound`, which is told ``outputs`` and ``names``."""
    weights = _weights(**_parameters(W_in, W, bias, leak))
    return Bound(_layer(activation, True, bias is not None, leak is not None), weights, outputs, **names)


def forward(x, start, W_in, W, bias=None, lengths=None, activation=TANH, leak=None, reverse=False):
    """Run the layer.

    x (T, B, I), start (B, H), W_in (I, H), W (H, H), bias (H,) or None, lengths (B,) or None, leak: a number or None
    for 0. With W_in None x (T, B, H) is the input product itself. Returns h (T, B, H) and what ``backward`` needs.
    Raises ValueError for a leak without W_in.
    """
    if W_in is None and leak is not None:
        raise ValueError("a leaky layer takes its input through W_in")
    recurrence, parameters = _layer(activation, W_in is not None, bias is not None, leak is not None), _parameters(W_in, W, bias, leak)
    layer = run(recurrence, {"x": reversed_in_time(x, lengths) if reverse else x}, {"h": start}, parameters, lengths, _weights)
    h = layer.outputs["h"]
    return reversed_in_time(h, lengths) if reverse else h, (layer, reverse, lengths)


def backward(saved, d_h, keep=None):
    """The gradients, given d_h (T, B, H), as a dict: x, start, W_in and bias (None where there was none), W, leak if any.

    keep (T, B), or None for everywhere, says where the error passes from step t to the step before it; elsewhere none does,
    even where it is not a number. Raises ValueError for a keep of a layer with a leak.
    """
    layer, reverse, lengths = saved
    if keep is not None and "a" in layer.weights:
        raise ValueError("a leaky layer sends errors to the step before beside its product, and can't be cut there; leave keep out")
    into = {name: (np.empty_like(parts[0]),) for name, parts in layer.weights.items() if name != "a"}
    d = layer.backward({"h": reversed_in_time(d_h, lengths) if reverse else d_h}, into, keep)
    gradients = {"x": reversed_in_time(d["x"], lengths) if reverse else d["x"], "start": d["h"], "W": into["W"][0].T}
    gradients |= {"W_in": into["W_in"][0].T if "W_in" in into else None, "bias": into["bias"][0] if "bias" in into else None}
    return gradients | ({"leak": d["a"]} if "a" in d else {})
