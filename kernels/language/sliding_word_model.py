"""Neural language model slid along a text. Lecture cmu-2017, Bengio et al. 2003.

Gives W (T, B, N), Div (T, B).
By hand: what its equations compile to takes 0.6 to 32.6 times as long.
"""

import numpy as np

from ..families import embedding, outputs, softmax, taps
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut, flat

TAKES = Arguments(
    "w (T, B) below N; w_start (B, L) below N; d (T, B) below N; P (M, N); A (L+1, H, M); a (H); U (N, H); b (N); "
    "lengths of T"
)


@TAKES.forward
def forward(w, w_start, d, P, A, a, U, b, lengths=None):
    places, came, before = embedding.places(w, lengths), embedding.places(d, lengths), embedding.places(w_start)
    PW, PW_start = (embedding.look_up(P.T, found) for found in (places, before))
    # A window starts at the nearest word, A ends with it.
    h, hidden = outputs.forward(taps.window(PW, PW_start, lengths), taps.matrix(A[::-1]).T, a, lengths, TANH)
    y, output_layer = outputs.forward(h, U.T, b, lengths)
    W, Div = softmax.forward(y, came)
    saved = {"layers": (hidden, output_layer, W), "given": (places, before, came, P.shape[1])}
    return {"W": W, "Div": Div}, saved | {"line": cut(w, lengths).astype(P.dtype), "h": h, "y": y}


@TAKES.backward
def backward(saved, d_W, d_Div):
    (hidden, output_layer, W), (places, before, came, N) = saved["layers"], saved["given"]
    of_output = outputs.backward(output_layer, softmax.backward(W, came, d_W, d_Div))
    d = outputs.backward(hidden, of_output["h"])
    d_x, d_start = taps.window_pulled_back(d["h"], before.shape[1])
    d_PW = np.concatenate((flat(d_start), flat(d_x)))
    words = np.concatenate((before.ravel(), places.ravel()))
    return {
        "P": embedding.scattered(d_PW, words, N).T, "A": taps.matrices(d["W"].T, before.shape[1])[::-1], "a": d["bias"],
        "U": of_output["W"].T, "b": of_output["bias"],
    }  # fmt: skip
