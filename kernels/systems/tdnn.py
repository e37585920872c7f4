"""Time-delay neural network. Lectures cmu-2020 and cmu-2017, Waibel et al. 1989.

Gives Y (T, B, O).
"""

from ..families import delayed, pointwise
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments
from ..primitives.arrays import clear, cut

TAKES = Arguments("X (T, B, I); X_start (B, N, I); W (N+1, O, I); b (O); lengths of T")


@TAKES.forward
def forward(X, X_start, W, b, lengths=None):
    Y, taps = delayed.taps(X, X_start, W.swapaxes(1, 2), b, lengths)
    pointwise.apply(TANH, Y)
    clear(Y, lengths)
    return {"Y": Y}, {"line": cut(X, lengths), "taps": taps, "all_Y": Y, "lengths": lengths}


@TAKES.backward
def backward(saved, d_Y):
    d_u = pointwise.pulled_back(TANH, saved["all_Y"], cut(d_Y, saved["lengths"]))
    d = delayed.taps_backward(saved["taps"], d_u)
    return {"X": d["x"], "X_start": d["start"], "W": d["W"].swapaxes(1, 2), "b": d["bias"]}
