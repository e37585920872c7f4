"""A deep network whose gradient the singular values of its weights bound. Lecture cmu-2017.

X and d (B, H), W (N, H, H), activation 0 to 3; f (B, N, H), f_1 to f_N; Div (B,).
"""

from ..families import divergence, feedforward
from ..primitives.activations import ELU, RELU, SIGMOID, TANH

CODES = (ELU, RELU, SIGMOID, TANH)


def forward(X, W, d, activation):
    layers, stack = feedforward.forward(X, W, CODES[activation])
    Div = divergence.squared(layers[-1:], d[None], None)[0]
    return {"f": layers.swapaxes(0, 1), "Div": Div}, {"stack": stack, "ends": (layers[-1:], d[None])}


def backward(saved, d_f, d_Div):
    d_layers = d_f.swapaxes(0, 1).copy()
    d_layers[-1:] += divergence.squared_pulled_back(*saved["ends"], None, d_Div[None])
    gradients = feedforward.backward(saved["stack"], d_layers)
    return {"X": gradients["x"], "W": gradients["W"]}
