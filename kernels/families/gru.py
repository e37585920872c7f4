"""The gated recurrent unit of the lecture that simplifies the LSTM, as a layer of encoders and decoders: z lets the new state in."""

from ..engine.passes import run
from ..engine.recurrence import Product, Recurrence, Stage
from ..primitives.activations import sigmoid, tanh


def reset_step(r, z, h_before):
    r = sigmoid(r)
    return r, sigmoid(z), r * h_before


def reset_back(d_m, d_h_before, r, h_before):
    return d_m * h_before * (r * (1 - r)), d_h_before + d_m * r


def renewing_step(n, z, h_before):
    n = tanh(n)
    return n, (1 - z) * h_before + z * n


def renewing_back(d_h, n, z, h_before):
    return d_h * z * ((1 - n) * (1 + n)), d_h * (n - h_before) * (z * (1 - z)), d_h * (1 - z)


_UNIT = Recurrence(
    "gru", "h",
    Stage("r z", (Product("x", "W_in", "r z"), Product("h", "W", "r z", delay=1)), reset_step, "r z m", reset_back, "d_r d_h_before"),
    Stage("n", (Product("x", "W_in_n", "n"), Product("m", "W_n", "n")), renewing_step, "n h", renewing_back, "d_n d_z d_h_before"),
)  # fmt: skip


def _weights(W_z, W_r, W):
    """The recurrence's: the columns for the state, and those for the input."""
    H = len(W)
    return {
        "W": (W_r[:, :H], W_z[:, :H]), "W_n": (W[:, :H],),
        "W_in": (W_r[:, H:], W_z[:, H:]), "W_in_n": (W[:, H:],),
    }  # fmt: skip


def forward(x, start, W_z, W_r, W, lengths=None):
    """Run the layer.

    x (T, B, I), start (B, H), weights (H, H+I), lengths (B,) or None. Returns h (T, B, H) and what ``backward`` needs, a
    dict, in which r, z, h_tilde and h are functions that make these.
    """
    parameters = {"W_z": W_z, "W_r": W_r, "W": W}
    layer = run(_UNIT, {"x": x}, {"h": start}, parameters, lengths, _weights)
    h = layer.outputs["h"]
    return h, {"parameters": parameters, **layer.saved(r="r", z="z", h_tilde="n", h="h")}


def backward(saved, d_h):
    """The gradients, given d_h (T, B, H), as a dict: x, start and those of the weights."""
    d = saved["layer"].gradients({"h": d_h}, _weights, **saved["parameters"])
    return {"x": d["x"], "start": d["h"], **{name: d[name] for name in saved["parameters"]}}
