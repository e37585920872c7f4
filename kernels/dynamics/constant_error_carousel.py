"""Constant error carousel: a state that only gates scale. Lecture cmu-2017, Hochreiter and Schmidhuber 1997.

Gives h (T, B, H), Div (B,).
"""

from ..engine.passes import run
from ..engine.recurrence import Recurrence, Stage
from ..families import divergence, sequences
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments("sigma (T, B, H); h0, d (B, H); lengths of T")


def step(sigma, h_before):
    return h_before * sigma


def back(d_h, sigma, h_before):
    return d_h * h_before, d_h * sigma


CAROUSEL = Recurrence("constant-error-carousel", "h", Stage("", (), step, "h", back, "d_sigma d_h_before"))


@TAKES.forward
def forward(sigma, h0, d, lengths=None):
    state = run(CAROUSEL, {"sigma": sigma}, {"h": h0}, {}, lengths)
    last = sequences.last(state.outputs["h"], lengths)
    Div = divergence.squared(last[None], d[None], None)[0]
    return {"h": state.outputs["h"], "Div": Div}, {"ends": (last, d), "lengths": lengths, **state.saved(h="h")}


@TAKES.backward
def backward(saved, d_h, d_Div):
    (last, d), lengths = saved["ends"], saved["lengths"]
    d_last = divergence.squared_pulled_back(last[None], d[None], None, d_Div[None])[0]
    gradients = saved["layer"].backward({"h": cut(d_h, lengths) + sequences.last_pulled_back(d_last, len(d_h), lengths)}, {})
    return {"sigma": gradients["sigma"], "h0": gradients["h"]}
