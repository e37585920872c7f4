"""Long short-term memory whose gates each see their own memory cell. Lecture cmu-2017, Gers et al. 2002, Graves 2013.

Gives h and C (T, B, H).
"""

from ..engine.bound import Bound
from ..engine.passes import run
from ..families import lstm
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (T, B, I); h0, C0 (B, H); W_xf (H, I); W_hf (H, H); w_Cf, b_f (H); W_xi (H, I); W_hi (H, H); w_Ci, b_i (H); "
    "W_xC (H, I); W_hC (H, H); b_C (H); W_xo (H, I); W_ho (H, H); w_Co, b_o (H); lengths of T",
    keeps="x h0 C0",
)


def _weights(W_xf, W_hf, b_f, W_xi, W_hi, b_i, W_xC, W_hC, b_C, W_xo, W_ho, b_o):
    """The family's, but for the peepholes."""
    return {"W_in": (W_xi, W_xf, W_xo, W_xC), "W": (W_hi, W_hf, W_ho, W_hC), "b": (b_i, b_f, b_o, b_C)}


@TAKES.forward
def forward(
    x, h0, C0, W_xf, W_hf, w_Cf, b_f, W_xi, W_hi, w_Ci, b_i, W_xC, W_hC, b_C, W_xo, W_ho, w_Co, b_o, lengths=None
):  # fmt: skip
    parameters = {
        "W_xf": W_xf, "W_hf": W_hf, "b_f": b_f, "W_xi": W_xi, "W_hi": W_hi, "b_i": b_i,
        "W_xC": W_xC, "W_hC": W_hC, "b_C": b_C, "W_xo": W_xo, "W_ho": W_ho, "b_o": b_o,
    }  # fmt: skip
    weights = {**_weights(**parameters), "p_i": w_Ci, "p_f": w_Cf, "p_o": w_Co}
    layer = run(lstm.DIAGONAL, {"x": x}, {"h": h0, "c": C0}, weights, lengths)
    outputs = {"h": layer.outputs["h"], "C": layer.outputs["c"]}
    return outputs, {"parameters": parameters, **layer.saved(i="i", f="f", o="o", C_tilde="g", h="h", C="c")}


@TAKES.backward
def backward(saved, d_h, d_C):
    d = saved["layer"].gradients({"h": d_h, "c": d_C}, _weights, **saved["parameters"])
    gradients = {"x": d["x"], "h0": d["h"], "C0": d["c"], "w_Ci": d["p_i"], "w_Cf": d["p_f"], "w_Co": d["p_o"]}
    return {**gradients, **{name: d[name] for name in saved["parameters"]}}


def bind(w_Ci, w_Cf, w_Co, **matrices):
    """The unit with these weights, for passes that keep nothing and single steps."""
    weights = {**_weights(**matrices), "p_i": w_Ci, "p_f": w_Cf, "p_o": w_Co}
    return Bound(lstm.DIAGONAL, weights, {"c": "C"}, x="x", h="h0", c="C0")
