"""A stack of layers f[n+1] = g(W[n] f[n] + bias[n]), all of one width: products of whole batches, one layer after another."""

import numpy as np

from ..primitives.activations import ELU
from ..primitives.arrays import dense, ones
from ..primitives.products import multiply
from . import pointwise


def forward(x, W, activation, bias=None):
    """Run the stack: x (B, H), W (N, H, H) with a row for each unit, bias (N, H) or None, activation: a code.

    Returns the layers' outputs (N, B, H), and what ``backward`` needs.
    """
    N, B, H = len(W), *x.shape
    layers = np.empty((N + 1, B, H), x.dtype)
    layers[0] = x
    bias, found = None if bias is None else dense(bias), layers[1:]
    slopes_from = np.empty_like(found) if activation == ELU else found
    for n in range(N):
        job = (layers[n + 1], layers[n], dense(W[n].T))
        multiply(job if bias is None else (*job, bias[n]))
        if slopes_from is not found:
            slopes_from[n] = found[n]
        pointwise.apply(activation, found[n])
    return found, (W, activation, layers, slopes_from)


def backward(saved, d_layers):
    """The gradients, given d_layers (N, B, H), as a dict: x, W, bias."""
    W, activation, layers, slopes_from = saved
    W, d_layers = dense(W), dense(d_layers)
    d_W, d_bias = np.empty_like(W), np.empty((len(W), W.shape[1]), W.dtype)
    error, row = np.zeros_like(layers[0]), ones(layers.shape[1], W.dtype)
    for n in reversed(range(len(W))):
        delta = pointwise.pulled_back(activation, slopes_from[n], d_layers[n] + error)
        error = np.empty_like(delta)
        multiply((error, delta, W[n]), (d_W[n], delta.T, layers[n]), (d_bias[n : n + 1], row, delta))
    return {"x": error, "W": d_W, "bias": d_bias}
