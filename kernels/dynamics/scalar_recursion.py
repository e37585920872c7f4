"""Scalar recursion through a sigmoid, a tanh or a ReLU: a layer of one unit. Lecture cmu-2017.

Gives h (T, B).
"""

import numpy as np

from ..families import recurrent
from ..primitives.activations import RELU, SIGMOID, TANH
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B); h0 (B); w, c (); f 0 to 2; lengths of T")

ACTIVATIONS = (SIGMOID, TANH, RELU)


@TAKES.forward
def forward(x, h0, w, c, f, lengths=None):
    W, C = np.reshape(w, (1, 1)), np.reshape(c, (1, 1))
    h, layer = recurrent.forward(x[..., None], h0[:, None], C, W, lengths=lengths, activation=ACTIVATIONS[f])
    return {"h": h[..., 0]}, {"layer": layer}


@TAKES.backward
def backward(saved, d_h):
    d = recurrent.backward(saved["layer"], d_h[..., None])
    return {"x": d["x"][..., 0], "h0": d["start"][:, 0], "w": d["W"][0, 0], "c": d["W_in"][0, 0]}
