"""Divergences of a sequence. Lecture cmu-2020.

Gives squared and entropy (T, B), every DIV (B,).
By hand: what its equations compile to takes 1.8 to 130.6 times as long.
"""

import numpy as np

from ..families import divergence
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut, whole

TAKES = Arguments("Y, D, P (T, B, O); m (T, B); lengths of T")


@TAKES.forward
def forward(Y, D, P, m, lengths=None):
    T, B, _ = Y.shape
    m, last = cut(m, lengths), whole(lengths, T, B) - 1
    squared, entropy = divergence.squared(Y, D, lengths), divergence.entropy(Y, P, lengths)
    outputs = {"squared": squared, "entropy": entropy}
    for name, step in (("squared", squared), ("entropy", entropy)):
        outputs[f"DIV_{name}"] = _total(step)
        outputs[f"DIV_{name}_last"] = step[last, np.arange(B)]
        outputs[f"DIV_{name}_masked"] = _total(step * m)
    return outputs, {"given": (Y, D, P, m, last, lengths)}


@TAKES.backward
def backward(
    saved, d_squared, d_entropy, d_DIV_squared, d_DIV_entropy, d_DIV_squared_last, d_DIV_entropy_last, d_DIV_squared_masked,
    d_DIV_entropy_masked,
):  # fmt: skip
    Y, D, P, m, last, lengths = saved["given"]
    d_squared = _weight(d_squared, d_DIV_squared, d_DIV_squared_last, d_DIV_squared_masked, m, last, lengths)
    d_entropy = _weight(d_entropy, d_DIV_entropy, d_DIV_entropy_last, d_DIV_entropy_masked, m, last, lengths)
    d_Y = divergence.squared_pulled_back(Y, D, lengths, d_squared)
    d_Y += divergence.entropy_pulled_back(Y, P, lengths, d_entropy)
    return {"Y": d_Y}


def _total(step):
    return np.sum(step, axis=0, dtype=np.float64).astype(step.dtype)


def _weight(d_step, d_total, d_last, d_masked, m, last, lengths):
    """What each step's divergence (T, B) weighs in all that was asked for."""
    weight = cut(d_step, lengths) + d_total + m * d_masked
    weight[last, np.arange(len(last))] += d_last
    return weight
