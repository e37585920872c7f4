"""Network with an explicit memory. Lecture cmu-2020.

Gives m (T, B, M), h (T, B, H), y (T, B, O).
"""

from ..engine.passes import run
from ..engine.recurrence import Product, Recurrence
from ..families import layers
from ..primitives.activations import SIGMOID, TANH
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); m0 (B, M); h0 (B, H); y0 (B, O); W_ym (M, O); W_hm (M, H); W_mm (M, M); b_m (M); W_xh (H, I); "
    "W_mh (H, M); b_h (H); W_hy (O, H); b_y (O); lengths of T"
)

NETWORK = Recurrence(
    "memory-network", "m h y",
    layers.layer(
        "m", TANH, "b_m",
        Product("y", "W_ym", "r", delay=1), Product("h", "W_hm", "r", delay=1), Product("m", "W_mm", "r", delay=1),
    ),
    layers.layer("h", TANH, "b_h", Product("x", "W_xh", "f"), Product("m", "W_mh", "f")),
    layers.layer("y", SIGMOID, "b_y", Product("h", "W_hy", "g")),
)  # fmt: skip


@TAKES.forward
def forward(x, m0, h0, y0, W_ym, W_hm, W_mm, b_m, W_xh, W_mh, b_h, W_hy, b_y, lengths=None):
    parameters = {
        "W_ym": W_ym, "W_hm": W_hm, "W_mm": W_mm, "b_m": b_m, "W_xh": W_xh, "W_mh": W_mh, "b_h": b_h, "W_hy": W_hy, "b_y": b_y,
    }  # fmt: skip
    network = run(NETWORK, {"x": x}, {"m": m0, "h": h0, "y": y0}, layers.one_gate(**parameters), lengths)
    return network.outputs, {"parameters": parameters, **network.saved(m="m", h="h", y="y")}


@TAKES.backward
def backward(saved, d_m, d_h, d_y):
    d = saved["layer"].gradients({"m": d_m, "h": d_h, "y": d_y}, layers.one_gate, **saved["parameters"])
    return {"x": d["x"], "m0": d["m"], "h0": d["h"], "y0": d["y"], **{name: d[name] for name in saved["parameters"]}}
