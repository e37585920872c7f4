"""The layer that shows a state: y[t] = f(h[t] @ W + bias), with f of each unit alone or softmax."""

import numpy as np

from ..primitives.activations import IDENTITY
from ..primitives.arrays import clear, cut, dense, flat, ones
from ..primitives.products import multiply
from . import pointwise

SOFTMAX = -1


def forward(h, W, bias=None, lengths=None, activation=IDENTITY):
    """h (T, B, H), W (H, O), bias (O,) or None, lengths (B,) or None, activation: a code or SOFTMAX.

    Returns y (T, B, O), zero past an item's end, and what ``backward`` needs.
    """
    y = np.empty((*h.shape[:2], W.shape[1]), h.dtype)
    multiply((flat(y), flat(h), dense(W)) if bias is None else (flat(y), flat(h), dense(W), dense(bias)))
    if activation == SOFTMAX:
        pointwise.softmax(y)
    elif activation != IDENTITY:
        pointwise.apply(activation, y)
    clear(y, lengths)
    return y, (h, W, lengths, activation, y)


def backward(saved, d_y):
    """The gradients, given d_y (T, B, O), as a dict: h, W, bias."""
    h, W, lengths, activation, y = saved
    delta = cut(d_y, lengths)
    if activation == SOFTMAX:
        delta = pointwise.softmax_pulled_back(y, delta)
    elif activation != IDENTITY:
        delta = pointwise.pulled_back(activation, y, delta)
    d_h, d_W, d_bias = np.empty(h.shape, h.dtype), np.empty(W.shape, h.dtype), np.empty((1, W.shape[1]), h.dtype)
    deltas = flat(delta)
    multiply((d_W, flat(h).T, deltas), (flat(d_h), deltas, dense(W.T)), (d_bias, ones(len(deltas), h.dtype), deltas))
    clear(d_h, lengths)
    return {"h": d_h, "W": d_W, "bias": d_bias[0]}
