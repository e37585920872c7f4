"""Encoder and decoder, from one sequence to another. Lectures krippahl and cmu-2017, Cho et al. 2014, Sutskever et al. 2014.

Gives v (B, E), y (T, B, O).
By hand: what its equations compile to takes 0.8 to 4.1 times as long.
"""

from ..families import gru, outputs, sequences
from ..primitives.activations import TANH
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "x (S, B, I); u (T, B, J); e0 (B, E); W_ez, W_er, W_e (E, E+I); V (H, E); W_z, W_r, W (H, H+J); W_y (O, H); b_y (O); "
    "lengths of S and T"
)


@TAKES.forward
def forward(x, u, e0, W_ez, W_er, W_e, V, W_z, W_r, W, W_y, b_y, lengths=None):
    read, written = ((lengths or {}).get(time) for time in ("S", "T"))
    e, encoder = gru.forward(x, e0, W_ez, W_er, W_e, read)
    v = sequences.last(e, read)
    start, bridge = outputs.forward(v[None], V.T, activation=TANH)
    h, decoder = gru.forward(u, start[0], W_z, W_r, W, written)
    y, output_layer = outputs.forward(h, W_y.T, b_y, written)
    saved = {"e": e, "z_e": encoder["z"], "r_e": encoder["r"], "e_tilde": encoder["h_tilde"], "read": read}
    saved |= {"h": h, "z": decoder["z"], "r": decoder["r"], "h_tilde": decoder["h_tilde"]}
    return {"v": v, "y": y}, {**saved, "layers": (encoder, bridge, decoder, output_layer)}


@TAKES.backward
def backward(saved, d_v, d_y):
    encoder, bridge, decoder, output_layer = saved["layers"]
    of_output = outputs.backward(output_layer, d_y)
    of_decoder = gru.backward(decoder, of_output["h"])
    of_bridge = outputs.backward(bridge, of_decoder["start"][None])
    d_e = sequences.last_pulled_back(d_v + of_bridge["h"][0], len(saved["e"]), saved["read"])
    of_encoder = gru.backward(encoder, d_e)
    return {
        "x": of_encoder["x"], "u": of_decoder["x"], "e0": of_encoder["start"], "W_ez": of_encoder["W_z"], "W_er": of_encoder["W_r"],
        "W_e": of_encoder["W"], "V": of_bridge["W"].T, "W_z": of_decoder["W_z"], "W_r": of_decoder["W_r"], "W": of_decoder["W"],
        "W_y": of_output["W"].T, "b_y": of_output["bias"],
    }  # fmt: skip
