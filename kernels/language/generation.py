"""Generation of a text. Lectures cmu-2017 and eee511.

w0 (B,) integers, h0 (B, H), u (T, B), W_xh (N, H), W_hh (H, H), W_hy (H, N), temperature 0 or above, end -1 or a place,
lengths (B,) or None; h (T, B, H), P (T, B, N), w (T, B).
"""

from ..families import drawing


def forward(w0, h0, u, W_xh, W_hh, W_hy, temperature, end, lengths=None):
    h, P, w = drawing.forward(w0, h0, u, W_xh, W_hh, W_hy, temperature, end, lengths)
    return {"h": h, "P": P, "w": w}, {}


def backward(saved, d_h, d_P, d_w):
    return {}
