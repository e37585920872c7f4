"""Clipping by halving, as printed. Lecture ds4440.

g (N,) and G (M, K), of one float type.
"""

import numpy as np


def forward(g, G, tau):
    # Measured in units of the largest entry no square overflows, and none that matters underflows.
    largest = max(np.max(np.abs(g)), np.max(np.abs(G)))
    unit = largest if 0 < largest < np.inf else 1
    length = unit * np.sqrt(np.sum((g / unit) ** 2) + np.sum((G / unit) ** 2))
    g_clipped = g / 2 if length >= tau else g.copy()
    G_clipped = G / 2 if length >= tau else G.copy()
    return {"g_clipped": g_clipped, "G_clipped": G_clipped}, {"tau": tau, "length": length}


def backward(saved, d_g_clipped, d_G_clipped):
    if saved["length"] >= saved["tau"]:
        return {"g": d_g_clipped / 2, "G": d_G_clipped / 2}
    return {"g": d_g_clipped.copy(), "G": d_G_clipped.copy()}
