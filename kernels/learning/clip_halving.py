"""Clipping by halving, as printed. Lecture ds4440.

Gives g_clipped (N,), G_clipped (M, K).
By hand: threads share long arrays; what its equations compile to takes 0.5 to 1.1 times as long.
"""

from ..families import clipping
from ..primitives.arguments import Arguments

TAKES = Arguments("g (N); G (M, K); tau ()")


@TAKES.forward
def forward(g, G, tau):
    halved = clipping.norm(g, G).rounded(g.dtype) >= tau
    factor = (0.5, 0) if halved else (0.5, 1)
    return {"g_clipped": clipping.scaled(g, *factor), "G_clipped": clipping.scaled(G, *factor)}, {"factor": factor}


@TAKES.backward
def backward(saved, d_g_clipped, d_G_clipped):
    factor = saved["factor"]
    return {"g": clipping.scaled(d_g_clipped, *factor), "G": clipping.scaled(d_G_clipped, *factor)}
