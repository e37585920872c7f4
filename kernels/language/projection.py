"""Projection of words to fewer dimensions: a look-up of columns. Lecture cmu-2017.

Gives PW (T, B, M).
By hand: what its equations compile to takes 1.0 to 2.3 times as long.
"""

from ..families import embedding
from ..primitives.arguments import Arguments

TAKES = Arguments("w (T, B) below N; P (M, N); lengths of T")


@TAKES.forward
def forward(w, P, lengths=None):
    places = embedding.places(w, lengths)
    return {"PW": embedding.look_up(P.T, places)}, {"places": places, "N": P.shape[1]}


@TAKES.backward
def backward(saved, d_PW):
    return {"P": embedding.scattered(d_PW, saved["places"], saved["N"]).T}
