"""Constant error carousel: a state that only gates scale. Lecture cmu-2017, Hochreiter and Schmidhuber 1997.

Gives h (T, B, H), Div (B,).
"""

from ..families import carousel, divergence
from ..primitives.arguments import Arguments

TAKES = Arguments("sigma (T, B, H); h0, d (B, H); lengths of T")


@TAKES.forward
def forward(sigma, h0, d, lengths=None):
    h, last, state = carousel.forward(sigma, h0, lengths)
    return {"h": h, "Div": divergence.squared(last[None], d[None], None)[0]}, {"state": state, "ends": (last, d)}


@TAKES.backward
def backward(saved, d_h, d_Div):
    last, d = saved["ends"]
    d_last = divergence.squared_pulled_back(last[None], d[None], None, d_Div[None])[0]
    gradients = carousel.backward(saved["state"], d_h, d_last)
    return {"sigma": gradients["gate"], "h0": gradients["start"]}
