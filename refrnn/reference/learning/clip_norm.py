"""Clipping by the norm of all gradients together. Lectures ds4440 and eee511, Pascanu, Mikolov and Bengio 2013.

g (N,) and G (M, K), of one float type, length ().
"""

import numpy as np


def forward(g, G, tau):
    # Measured in units of the largest entry no square overflows, and none that matters underflows.
    largest = max(np.max(np.abs(g)), np.max(np.abs(G)))
    unit = largest if largest > 0 else largest + 1
    length_in_units = np.sqrt(np.sum((g / unit) ** 2) + np.sum((G / unit) ** 2))
    length = unit * length_in_units

    # The direction of the gradient; of no gradient at all it is taken as zero.
    g_direction = g / unit / max(length_in_units, 1)
    G_direction = G / unit / max(length_in_units, 1)

    g_clipped = tau * g_direction if length >= tau else g.copy()
    G_clipped = tau * G_direction if length >= tau else G.copy()
    saved = {"tau": tau, "length": length, "g_direction": g_direction, "G_direction": G_direction}
    return {"g_clipped": g_clipped, "G_clipped": G_clipped, "length": length}, saved


def backward(saved, d_g_clipped, d_G_clipped, d_length):
    tau, length = saved["tau"], saved["length"]
    g_direction, G_direction = saved["g_direction"], saved["G_direction"]

    d_g = d_length * g_direction
    d_G = d_length * G_direction
    if length < tau:
        return {"g": d_g + d_g_clipped, "G": d_G + d_G_clipped}

    # A clipped gradient can only turn: what points along it is lost.
    along = np.sum(g_direction * d_g_clipped) + np.sum(G_direction * d_G_clipped)
    d_g += tau / length * (d_g_clipped - along * g_direction)
    d_G += tau / length * (d_G_clipped - along * G_direction)
    return {"g": d_g, "G": d_G}
