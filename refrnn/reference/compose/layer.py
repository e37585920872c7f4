"""A feed-forward layer, the same at every step: x (T, I), y (T, O), of one float type."""

import numpy as np


def sigmoid(z):
    e = np.exp(-np.abs(z))  # never overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


# The activation, and its way back from its result y.
ACTIVATIONS = {
    "": (lambda a: a, lambda y, d_y: d_y),
    "relu": (lambda a: np.where(a > 0, a, np.zeros_like(a)), lambda y, d_y: np.where(y > 0, d_y, np.zeros_like(d_y))),
    "sigmoid": (sigmoid, lambda y, d_y: d_y * y * (1 - y)),
    "softmax": (softmax, lambda y, d_y: y * (d_y - np.dot(d_y, y))),
    "tanh": (np.tanh, lambda y, d_y: d_y * (1 - y**2)),
}


class Layer:
    """The layer with one of the ``ACTIVATIONS``."""

    def __init__(self, activation):
        self.activate, self.pull_back = ACTIVATIONS[activation]

    def forward(self, x, W, b):
        y = np.empty((len(x), len(W)), dtype=x.dtype)
        for t in range(len(x)):
            y[t] = self.activate(W @ x[t] + b)
        return {"y": y}, {"x": x, "W": W, "y": y}

    def backward(self, saved, d_y):
        x, W, y = saved["x"], saved["W"], saved["y"]
        d_x, d_W, d_b = np.empty_like(x), np.zeros_like(W), np.zeros_like(W[:, 0])
        for t in range(len(x)):
            d_a = self.pull_back(y[t], d_y[t])
            d_W += np.outer(d_a, x[t])
            d_b += d_a
            d_x[t] = W.T @ d_a
        return {"x": d_x, "W": d_W, "b": d_b}
