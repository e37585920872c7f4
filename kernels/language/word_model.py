"""Recurrent language model over projected words. Lecture cmu-2017, Bengio et al. 2003, Mikolov 2012.

Gives h (T, B, H), W (T, B, N), Div (T, B), DIV (B,).
By hand: what its equations compile to takes 0.7 to 2.8 times as long.
"""

import numpy as np

from ..families import embedding, outputs, recurrent, softmax
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments("w, d (T, B) below N; h0 (B, H); P (M, N); A (H, M); R (H, H); a (H); U (N, H); b (N); lengths of T")


@TAKES.forward
def forward(w, d, h0, P, A, R, a, U, b, lengths=None):
    places, came = embedding.places(w, lengths), embedding.places(d, lengths)
    PW = embedding.look_up(P.T, places)
    h, layer = recurrent.forward(PW, h0, A.T, R.T, a, lengths)
    y, output_layer = outputs.forward(h, U.T, b, lengths)
    W, Div = softmax.forward(y, came)
    DIV = np.sum(Div, axis=0, dtype=np.float64).astype(Div.dtype)
    saved = {"PW": PW, "y": y, "layers": (layer, output_layer, W), "given": (places, came, P.shape[1], lengths)}
    return {"h": h, "W": W, "Div": Div, "DIV": DIV}, saved


@TAKES.backward
def backward(saved, d_h, d_W, d_Div, d_DIV):
    (layer, output_layer, W), (places, came, N, lengths) = saved["layers"], saved["given"]
    of_output = outputs.backward(output_layer, softmax.backward(W, came, d_W, d_Div + d_DIV))
    d = recurrent.backward(layer, cut(d_h, lengths) + of_output["h"])
    return {
        "h0": d["start"], "P": embedding.scattered(d["x"], places, N).T, "A": d["W_in"].T, "R": d["W"].T, "a": d["bias"],
        "U": of_output["W"].T, "b": of_output["bias"],
    }  # fmt: skip
