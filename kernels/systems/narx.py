"""NARX network with input and output delays. Lectures cmu-2020 and cmu-2017, Lin et al. 1996.

Feedback is 0 (predicted outputs), 1 (true values) or 2 (errors in prediction). Gives Y and fed (T, B, O).
By hand: what its equations compile to takes 0.9 to 9.5 times as long.
"""

import functools

from ..engine.passes import run
from ..engine.recurrence import Product, Recurrence
from ..families import narx, taps
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments(
    "X (T, B, I); D (T, B, O); X_start (B, M, I); fed_start (B, N, O); W_x (M+1, O, I); W_y (N, O, O); b (O); "
    "feedback 0 to 2; lengths of T"
)


@functools.lru_cache
def _network(N, feedback):
    return Recurrence(
        "narx", "Y fed", narx.output(TANH, feedback, "b", Product("window", "W_x", "a"), *narx.delayed("W_y", "a", N))
    )


def _weights(W_x, W_y, b):
    """The family's."""
    return {"W_x": (W_x,), **narx.by_delay("W_y", W_y), "b": (b,)}


@TAKES.forward
def forward(X, D, X_start, fed_start, W_x, W_y, b, feedback, lengths=None):
    parameters = {"W_x": taps.matrix(W_x), "W_y": W_y, "b": b}
    given = {"window": taps.window(X, X_start, lengths)} | ({"D": D} if feedback else {})
    network = run(_network(len(W_y), feedback), given, {"fed": fed_start}, _weights(**parameters), lengths)
    saved = {"line": cut(X, lengths), "parameters": parameters, "M": X_start.shape[1]}
    return network.outputs, {**saved, **network.saved(Y="Y", fed="fed")}


@TAKES.backward
def backward(saved, d_Y, d_fed):
    d = saved["layer"].gradients({"Y": d_Y, "fed": d_fed}, _weights, **saved["parameters"])
    d_X, d_start = taps.window_pulled_back(d["window"], saved["M"])
    return {
        "X": d_X, "X_start": d_start, "fed_start": d["fed"], "W_x": taps.matrices(d["W_x"], saved["M"]), "W_y": d["W_y"],
        "b": d["b"],
    }  # fmt: skip
