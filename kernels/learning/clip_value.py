"""Clipping every entry on its own. Lecture eee511, Mikolov 2012.

g (N,); c a number.
"""

from ..families import clipping


def forward(g, c):
    return {"g_clipped": clipping.bounded(g, c)}, {"g": g, "c": c}


def backward(saved, d_g_clipped):
    return {"g": clipping.bounded_pulled_back(saved["g"], saved["c"], d_g_clipped)}
