"""Generation of a text. Lectures cmu-2017 and eee511.

A temperature of 0 draws the likeliest word; end is -1 or a word's place. Gives h (T, B, H), P (T, B, N), w (T, B).
By hand: what its equations compile to takes 1.1 to 14.3 times as long.
"""

from ..families import drawing
from ..primitives.arguments import Arguments

TAKES = Arguments(
    "w0 (B) below N; h0 (B, H); u (T, B); W_xh (N, H); W_hh (H, H); W_hy (H, N); temperature (); end from -1; lengths of T"
)


@TAKES.forward
def forward(w0, h0, u, W_xh, W_hh, W_hy, temperature, end, lengths=None):
    h, P, w = drawing.forward(w0, h0, u, W_xh, W_hh, W_hy, temperature, end, lengths)
    return {"h": h, "P": P, "w": w}, {}


@TAKES.backward
def backward(saved, d_h, d_P, d_w):
    return {}
