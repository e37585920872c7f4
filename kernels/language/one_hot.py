"""Words as one-hot vectors. Lecture cmu-2017.

Gives W (T, B, N) in float64.
By hand: what its equations compile to takes 1.2 to 1.3 times as long.
"""

import numpy as np

from ..families import embedding
from ..primitives.arguments import Arguments

TAKES = Arguments("w (T, B) below N; N size; lengths of T")


@TAKES.forward
def forward(w, N, lengths=None):
    places = embedding.places(w, lengths)
    W, there = np.zeros((*places.shape, N)), np.nonzero(places >= 0)
    W[(*there, places[there])] = 1
    return {"W": W}, {}


@TAKES.backward
def backward(saved, d_W):
    return {}
