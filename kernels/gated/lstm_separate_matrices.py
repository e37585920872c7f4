"""Long short-term memory with two matrices for each gate. Lecture krippahl, Hochreiter and Schmidhuber 1997, Gers et al. 2000.

Gives h and c (T, B, H).
"""

from ..engine.bound import Bound
from ..engine.passes import run
from ..families import lstm
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0, c0 (B, H); W_f (H, I); U_f (H, H); b_f (H); W_i (H, I); U_i (H, H); b_i (H); W_o (H, I); U_o (H, H); "
    "b_o (H); W_c (H, I); U_c (H, H); b_c (H); lengths of T",
    keeps="x h0 c0",
)


def _weights(W_f, U_f, b_f, W_i, U_i, b_i, W_o, U_o, b_o, W_c, U_c, b_c):
    """The family's."""
    return {"W_in": (W_i, W_f, W_o, W_c), "W": (U_i, U_f, U_o, U_c), "b": (b_i, b_f, b_o, b_c)}


@TAKES.forward
def forward(x, h0, c0, W_f, U_f, b_f, W_i, U_i, b_i, W_o, U_o, b_o, W_c, U_c, b_c, lengths=None):
    parameters = {
        "W_f": W_f, "U_f": U_f, "b_f": b_f, "W_i": W_i, "U_i": U_i, "b_i": b_i,
        "W_o": W_o, "U_o": U_o, "b_o": b_o, "W_c": W_c, "U_c": U_c, "b_c": b_c,
    }  # fmt: skip
    layer = run(lstm.PLAIN, {"x": x}, {"h": h0, "c": c0}, parameters, lengths, _weights)
    return layer.outputs, {"parameters": parameters, **layer.saved(i="i", f="f", o="o", c_hat="g", h="h", c="c")}


@TAKES.backward
def backward(saved, d_h, d_c):
    d = saved["layer"].gradients({"h": d_h, "c": d_c}, _weights, **saved["parameters"])
    return {"x": d["x"], "h0": d["h"], "c0": d["c"], **{name: d[name] for name in saved["parameters"]}}


def bind(**weights):
    """The unit with these weights, for passes that keep nothing and single steps."""
    return Bound(lstm.PLAIN, _weights(**weights), x="x", h="h0", c="c0")
