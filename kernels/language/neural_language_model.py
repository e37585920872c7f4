"""Neural language model. Lecture cmu-2017, Bengio et al. 2003.

Gives W (B, N), Div (B,).
By hand: what its equations compile to takes 0.4 to 1.8 times as long.
"""

from ..families import embedding, outputs, softmax
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments

TAKES = Arguments("w (B, K) below N; d (B) below N; P (M, N); A (K, H, M); a (H); U (N, H); b (N)")


@TAKES.forward
def forward(w, d, P, A, a, U, b):
    (B, K), (_, H, M) = w.shape, A.shape
    places, came = embedding.places(w), embedding.places(d)
    PW = embedding.look_up(P.T, places)
    # The words' projections side by side, and A as one matrix (K M, H) in the same order.
    h, hidden = outputs.forward(PW.reshape(1, B, K * M), A.transpose(0, 2, 1).reshape(K * M, H), a, activation=TANH)
    y, output = outputs.forward(h, U.T, b)
    W, Div = softmax.forward(y[0], came)
    return {"W": W, "Div": Div}, {"PW": PW, "h": h[0], "y": y[0], "layers": (hidden, output, W, places, came, P, A)}


@TAKES.backward
def backward(saved, d_W, d_Div):
    hidden, output, W, places, came, P, A = saved["layers"]
    K, H, M = A.shape
    of_output = outputs.backward(output, softmax.backward(W, came, d_W, d_Div)[None])
    of_hidden = outputs.backward(hidden, of_output["h"])
    d_P = embedding.scattered(of_hidden["h"].reshape(*places.shape, M), places, P.shape[1]).T
    d_A = of_hidden["W"].reshape(K, M, H).transpose(0, 2, 1)
    return {"P": d_P, "A": d_A, "a": of_hidden["bias"], "U": of_output["W"].T, "b": of_output["bias"]}
