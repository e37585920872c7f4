"""Clipping by the norm of all gradients together. Lectures ds4440 and eee511, Pascanu, Mikolov and Bengio 2013.

Gives g_clipped (N,), G_clipped (M, K), length ().
By hand: threads share long arrays; what its equations compile to takes 0.5 to 1.2 times as long.
"""

from ..families import clipping
from ..primitives.arguments import Arguments

TAKES = Arguments("g (N); G (M, K); tau ()")


@TAKES.forward
def forward(g, G, tau):
    norm = clipping.norm(g, G)
    length = norm.rounded(g.dtype)
    factor = clipping.ratio(tau, norm) if length >= tau else (0.5, 1)
    outputs = {"g_clipped": clipping.scaled(g, *factor), "G_clipped": clipping.scaled(G, *factor), "length": length}
    return outputs, {"g": g, "G": G, "norm": norm, "factor": factor, "clipped": length >= tau}


@TAKES.backward
def backward(saved, d_g_clipped, d_G_clipped, d_length):
    g, G, norm, (fraction, power) = saved["g"], saved["G"], saved["norm"], saved["factor"]
    part = float(d_length)
    if saved["clipped"]:
        # A clipped gradient can only turn: what points along it is lost.
        part -= fraction * 2.0**power * clipping.along(norm, (g, G), (d_g_clipped, d_G_clipped))
    return {
        "g": clipping.turned(d_g_clipped, fraction, power, g, part, norm),
        "G": clipping.turned(d_G_clipped, fraction, power, G, part, norm),
    }
