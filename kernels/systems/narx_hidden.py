"""NARX network with hidden layers. Lecture cmu-2017, Lin et al. 1996.

Feedback is 0 (predicted outputs), 1 (true values) or 2 (errors in prediction). Gives Y and fed (T, B, O).
"""

import numpy as np

from ..families import delayed, layered
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut
from .narx import SHARES

TAKES = Arguments(
    "X (T, B, I); D (T, B, O); X_start (B, M, I); fed_start (B, N, O); W_x (M+1, H, I); W_y (N, H, O); b (H); V (L, H, H); "
    "b_h (L, H); W_o (O, H); b_o (O); feedback 0 to 2; lengths of T"
)


@TAKES.forward
def forward(X, D, X_start, fed_start, W_x, W_y, b, V, b_h, W_o, b_o, feedback, lengths=None):
    u, taps = delayed.taps(X, X_start, W_x.swapaxes(1, 2), b, lengths)
    given = None if feedback == 0 else D
    Y, fed, layers, loop = layered.forward(
        u, fed_start, W_y.swapaxes(1, 2), V.swapaxes(1, 2), b_h, W_o.T, b_o, lengths, given=given, share=SHARES[feedback]
    )
    saved = {"line": cut(X, lengths), "g": layers[0], "h": np.moveaxis(layers[1:], 0, 2), "taps": taps, "loop": loop}
    return {"Y": Y, "fed": fed}, saved


@TAKES.backward
def backward(saved, d_Y, d_fed):
    of_loop = layered.backward(saved["loop"], d_Y, d_fed)
    d = delayed.taps_backward(saved["taps"], of_loop["u"])
    return {
        "X": d["x"], "X_start": d["start"], "fed_start": of_loop["start"], "W_x": d["W"].swapaxes(1, 2),
        "W_y": of_loop["W"].swapaxes(1, 2), "b": d["bias"], "V": of_loop["V"].swapaxes(1, 2), "b_h": of_loop["bias"],
        "W_o": of_loop["W_o"].T, "b_o": of_loop["bias_o"],
    }  # fmt: skip
