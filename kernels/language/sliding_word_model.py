"""Neural language model slid along a text. Lecture cmu-2017, Bengio et al. 2003.

Gives W (T, B, N), Div (T, B).
"""

import numpy as np

from ..families import delayed, embedding, outputs, pointwise, softmax
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments
from ..primitives.arrays import clear, cut, flat

TAKES = Arguments(
    "w (T, B) below N; w_start (B, L) below N; d (T, B) below N; P (M, N); A (L+1, H, M); a (H); U (N, H); b (N); "
    "lengths of T"
)


@TAKES.forward
def forward(w, w_start, d, P, A, a, U, b, lengths=None):
    places, came, before = embedding.places(w, lengths), embedding.places(d, lengths), embedding.places(w_start)
    PW, PW_start = (embedding.look_up(P.T, found) for found in (places, before))
    # The delays of the family start at the nearest word, A ends with it.
    h, taps = delayed.taps(PW, PW_start, A[::-1].swapaxes(1, 2), a, lengths)
    pointwise.apply(TANH, h)
    clear(h, lengths)
    y, output_layer = outputs.forward(h, U.T, b, lengths)
    W, Div = softmax.forward(y, came)
    saved = {"layers": (taps, output_layer, h, W), "given": (places, before, came, P.shape[1])}
    return {"W": W, "Div": Div}, saved | {"line": cut(w, lengths).astype(P.dtype), "h": h, "y": y}


@TAKES.backward
def backward(saved, d_W, d_Div):
    (taps, output_layer, h, W), (places, before, came, N) = saved["layers"], saved["given"]
    of_output = outputs.backward(output_layer, softmax.backward(W, came, d_W, d_Div))
    d = delayed.taps_backward(taps, pointwise.pulled_back(TANH, h, of_output["h"]))
    d_PW = np.concatenate((flat(d["start"]), flat(d["x"])))
    words = np.concatenate((before.ravel(), places.ravel()))
    return {
        "P": embedding.scattered(d_PW, words, N).T, "A": d["W"].swapaxes(1, 2)[::-1], "a": d["bias"],
        "U": of_output["W"].T, "b": of_output["bias"],
    }  # fmt: skip
