"""A plain recurrent layer of either direction, side by side."""

import numpy as np

from . import recurrent
from .sequences import reverse


def forward(x, h_f0, h_binf, W_f, U_f, b_f, W_b, U_b, b_b, lengths=None):
    """Run both, each as :func:`recurrent.forward` does.

    x (T, B, I), starts (B, H) and (B, K), W (units, I), U (units, units), b (units,). Returns h (T, B, H + K) and what
    ``backward`` needs, a dict, in which h_f and h_b are the halves.
    """
    h_f, onward = recurrent.forward(x, h_f0, W_f.T, U_f.T, b_f, lengths)
    turned, back = recurrent.forward(reverse(x, lengths), h_binf, W_b.T, U_b.T, b_b, lengths)
    h_b = reverse(turned, lengths)
    return np.concatenate((h_f, h_b), axis=2), {"h_f": h_f, "h_b": h_b, "layers": (onward, back), "lengths": lengths}


def backward(saved, d_h):
    """The gradients of all that is handed in, by name, given d_h (T, B, H + K)."""
    (onward, back), H, lengths = saved["layers"], saved["h_f"].shape[2], saved["lengths"]
    f, b = recurrent.backward(onward, d_h[..., :H]), recurrent.backward(back, reverse(d_h[..., H:], lengths))
    return {
        "x": f["x"] + reverse(b["x"], lengths), "h_f0": f["start"], "h_binf": b["start"], "W_f": f["W_in"].T, "U_f": f["W"].T,
        "b_f": f["bias"], "W_b": b["W_in"].T, "U_b": b["W"].T, "b_b": b["bias"],
    }  # fmt: skip
