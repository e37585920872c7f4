"""NARX network with hidden layers. Lecture cmu-2017, Lin et al. 1996.

Feedback is 0 (predicted outputs), 1 (true values) or 2 (errors in prediction). Gives Y and fed (T, B, O).
By hand: what its equations compile to takes 0.9 to 5.0 times as long.
"""

import functools

import numpy as np

from ..engine.passes import run
from ..engine.recurrence import Product, Recurrence
from ..families import layers, narx, taps
from ..primitives.activations import IDENTITY, SIGMOID
from ..primitives.arguments import Arguments
from ..primitives.arrays import cut

TAKES = Arguments(
    "X (T, B, I); D (T, B, O); X_start (B, M, I); fed_start (B, N, O); W_x (M+1, H, I); W_y (N, H, O); b (H); V (L, H, H); "
    "b_h (L, H); W_o (O, H); b_o (O); feedback 0 to 2; lengths of T"
)


@functools.lru_cache
def _network(N, L, feedback):
    return Recurrence(
        "narx-hidden", "Y fed",
        layers.layer("h0", SIGMOID, "b", Product("window", "W_x", "a0"), *narx.delayed("W_y", "a0", N)),
        *(layers.layer(f"h{l + 1}", SIGMOID, f"b_h{l}", Product(f"h{l}", f"V{l}", f"a{l + 1}")) for l in range(L)),
        narx.output(IDENTITY, feedback, "b_o", Product(f"h{L}", "W_o", "y")),
    )  # fmt: skip


def _weights(W_x, W_y, b, V, b_h, W_o, b_o):
    """The family's."""
    hidden = {f"V{l}": (part,) for l, part in enumerate(V)} | {f"b_h{l}": (part,) for l, part in enumerate(b_h)}
    return {"W_x": (W_x,), **narx.by_delay("W_y", W_y), "b": (b,), **hidden, "W_o": (W_o,), "b_o": (b_o,)}


@TAKES.forward
def forward(X, D, X_start, fed_start, W_x, W_y, b, V, b_h, W_o, b_o, feedback, lengths=None):
    parameters = {"W_x": taps.matrix(W_x), "W_y": W_y, "b": b, "V": V, "b_h": b_h, "W_o": W_o, "b_o": b_o}
    given = {"window": taps.window(X, X_start, lengths)} | ({"D": D} if feedback else {})
    network = run(_network(len(W_y), len(V), feedback), given, {"fed": fed_start}, _weights(**parameters), lengths)
    saved = {"line": cut(X, lengths), "parameters": parameters, "M": X_start.shape[1]}
    saved["h"] = lambda: np.stack([network.row(f"h{l + 1}") for l in range(len(V))], axis=2)
    return network.outputs, {**saved, **network.saved(Y="Y", fed="fed", g="h0")}


@TAKES.backward
def backward(saved, d_Y, d_fed):
    d = saved["layer"].gradients({"Y": d_Y, "fed": d_fed}, _weights, **saved["parameters"])
    d_X, d_start = taps.window_pulled_back(d["window"], saved["M"])
    return {
        "X": d_X, "X_start": d_start, "fed_start": d["fed"], "W_x": taps.matrices(d["W_x"], saved["M"]),
        **{name: d[name] for name in ("W_y", "b", "V", "b_h", "W_o", "b_o")},
    }  # fmt: skip
