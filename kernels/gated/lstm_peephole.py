"""Long short-term memory whose gates see the memory. Lecture cmu-2017, Gers, Schraudolph and Schmidhuber 2002.

Gives h and C (T, B, H).
"""

from ..engine.bound import Bound
from ..engine.passes import run
from ..families import lstm
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0, C0 (B, H); W_xf (H, I); W_hf, W_Cf (H, H); b_f (H); W_xi (H, I); W_hi, W_Ci (H, H); b_i (H); "
    "W_xC (H, I); W_hC (H, H); b_C (H); W_xo (H, I); W_ho, W_Co (H, H); b_o (H); lengths of T",
    keeps="x h0 C0",
)


def _weights(W_xf, W_hf, W_Cf, b_f, W_xi, W_hi, W_Ci, b_i, W_xC, W_hC, b_C, W_xo, W_ho, W_Co, b_o):
    """The family's."""
    return {
        "W_in": (W_xi, W_xf, W_xC), "W": (W_hi, W_hf, W_hC), "P_if": (W_Ci, W_Cf), "b": (b_i, b_f, b_C),
        "W_in_o": (W_xo,), "W_o": (W_ho,), "P_o": (W_Co,), "b_o": (b_o,),
    }  # fmt: skip


@TAKES.forward
def forward(
    x, h0, C0, W_xf, W_hf, W_Cf, b_f, W_xi, W_hi, W_Ci, b_i, W_xC, W_hC, b_C, W_xo, W_ho, W_Co, b_o, lengths=None
):  # fmt: skip
    parameters = {
        "W_xf": W_xf, "W_hf": W_hf, "W_Cf": W_Cf, "b_f": b_f, "W_xi": W_xi, "W_hi": W_hi, "W_Ci": W_Ci, "b_i": b_i,
        "W_xC": W_xC, "W_hC": W_hC, "b_C": b_C, "W_xo": W_xo, "W_ho": W_ho, "W_Co": W_Co, "b_o": b_o,
    }  # fmt: skip
    layer = run(lstm.FULL, {"x": x}, {"h": h0, "c": C0}, parameters, lengths, _weights)
    outputs = {"h": layer.outputs["h"], "C": layer.outputs["c"]}
    return outputs, {"parameters": parameters, **layer.saved(i="i", f="f", o="o", C_tilde="g", h="h", C="c")}


@TAKES.backward
def backward(saved, d_h, d_C):
    d = saved["layer"].gradients({"h": d_h, "c": d_C}, _weights, **saved["parameters"])
    return {"x": d["x"], "h0": d["h"], "C0": d["c"], **{name: d[name] for name in saved["parameters"]}}


def bind(**weights):
    """The unit with these weights, for passes that keep nothing and single steps."""
    return Bound(lstm.FULL, _weights(**weights), {"c": "C"}, x="x", h="h0", c="C0")
