"""Projection of words to fewer dimensions: a look-up of columns. Lecture cmu-2017.

w (T, B) integers, P (M, N), lengths (B,) or None; PW (T, B, M).
"""

from ..families import embedding


def forward(w, P, lengths=None):
    places = embedding.places(w, lengths)
    return {"PW": embedding.look_up(P.T, places)}, {"places": places, "N": P.shape[1]}


def backward(saved, d_PW):
    return {"P": embedding.scattered(d_PW, saved["places"], saved["N"]).T}
