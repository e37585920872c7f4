"""Jordan network, with "simple" or full learning. Lecture cmu-2020, Jordan 1986.

Gives m and y (T, B, O), h (T, B, H).
"""

import numpy as np

from ..engine.passes import run
from ..engine.recurrence import Product, Recurrence, Stage
from ..families import layers
from ..primitives.activations import SIGMOID, TANH
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); m0, y0 (B, O); mu (); W_xh (H, I); W_mh (H, O); b_h (H); W_hy (O, H); b_y (O); simple 0 to 1; "
    "lengths of T"
)


def trace(m_before, y_before, mu):
    return mu * m_before + y_before


def trace_back(d_m, mu):
    return mu * d_m, d_m


def _network(simple):
    return Recurrence(
        "jordan", "m h y",
        Stage("", (), trace, "m", trace_back, "d_m_before d_y_before"),
        layers.layer("h", TANH, "b_h", Product("x", "W_xh", "a"), Product("m", "W_mh", "a", stopped=simple)),
        layers.layer("y", SIGMOID, "b_y", Product("h", "W_hy", "z")),
    )  # fmt: skip


NETWORKS = _network(simple=False), _network(simple=True)


@TAKES.forward
def forward(x, m0, y0, mu, W_xh, W_mh, b_h, W_hy, b_y, simple, lengths=None):
    parameters = {"W_xh": W_xh, "W_mh": W_mh, "b_h": b_h, "W_hy": W_hy, "b_y": b_y}
    weights = {"mu": np.asarray(mu, x.dtype), **layers.one_gate(**parameters)}
    network = run(NETWORKS[simple], {"x": x}, {"m": m0, "y": y0}, weights, lengths)
    return network.outputs, {"parameters": parameters, **network.saved(context="m", m="m", h="h", y="y")}


@TAKES.backward
def backward(saved, d_m, d_h, d_y):
    d = saved["layer"].gradients({"m": d_m, "h": d_h, "y": d_y}, layers.one_gate, **saved["parameters"])
    return {"x": d["x"], "m0": d["m"], "y0": d["y"], **{name: d[name] for name in saved["parameters"]}}
