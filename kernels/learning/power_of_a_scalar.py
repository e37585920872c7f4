"""A scalar weight applied again and again. Lecture eee511.

Gives h (T, B), which is h_1 to h_T.
"""

import numpy as np

from ..families import recurrent
from ..primitives.activations import IDENTITY
from ..primitives.arguments import Arguments

TAKES = Arguments("x (T, B); h0 (B); w (); lengths of T")


@TAKES.forward
def forward(x, h0, w, lengths=None):
    weight = np.reshape(w, (1, 1))
    h, layer = recurrent.forward(x[..., None], h0[:, None], np.ones_like(weight), weight, lengths=lengths, activation=IDENTITY)
    return {"h": h[..., 0]}, {"layer": layer}


@TAKES.backward
def backward(saved, d_h):
    d = recurrent.backward(saved["layer"], d_h[..., None])
    return {"x": d["x"][..., 0], "h0": d["start"][:, 0], "w": d["W"][0, 0]}
