"""Gated recurrent unit. The reset gate multiplies the product with the state (AFTER), or the state itself before it.

z keeps the old state; in OLAH, as in the lecture that simplifies the LSTM, it lets the new one in.
"""

from ..engine.recurrence import Product, Recurrence, Stage
from ..primitives.activations import sigmoid, tanh


def after_step(n, r, z, m, h_before):
    r, z = sigmoid(r), sigmoid(z)
    n = tanh(n + r * m)
    return n, r, z, z * h_before + (1 - z) * n


def after_back(d_h, n, r, z, m, h_before):
    d_n = d_h * (1 - z) * ((1 - n) * (1 + n))
    return d_n, d_n * m * (r * (1 - r)), d_h * (h_before - n) * (z * (1 - z)), d_n * r, d_h * z


def reset_step(r, z, h_before):
    r = sigmoid(r)
    return r, sigmoid(z), r * h_before


def reset_back(d_m, d_h_before, r, h_before):
    return d_m * h_before * (r * (1 - r)), d_h_before + d_m * r


def keeping_step(n, z, h_before):
    n = tanh(n)
    return n, z * h_before + (1 - z) * n


def keeping_back(d_h, n, z, h_before):
    return d_h * (1 - z) * ((1 - n) * (1 + n)), d_h * (h_before - n) * (z * (1 - z)), d_h * z


def renewing_step(n, z, h_before):
    n = tanh(n)
    return n, (1 - z) * h_before + z * n


def renewing_back(d_h, n, z, h_before):
    return d_h * z * ((1 - n) * (1 + n)), d_h * (n - h_before) * (z * (1 - z)), d_h * (1 - z)


def _before(name, step, back, biases):
    return Recurrence(
        name, "h",
        Stage(
            "r z", (Product("x", "W_in", "r z"), Product("h", "W", "r z", delay=1)),
            reset_step, "r z m", reset_back, "d_r d_h_before", {"b": "r z"} if biases else {},
        ),
        Stage(
            "n", (Product("x", "W_in_n", "n"), Product("m", "W_n", "n")),
            step, "n h", back, "d_n d_z d_h_before", {"b_n": "n"} if biases else {},
        ),
    )  # fmt: skip


AFTER = Recurrence(
    "gru-after", "h",
    Stage(
        "m r z n", (Product("x", "W_in", "r z n"), Product("h", "W", "m r z", delay=1)),
        after_step, "n r z h", after_back, "d_n d_r d_z d_m d_h_before", {"b": "r z n", "b_m": "m"},
    ),
)  # fmt: skip
BEFORE = _before("gru-before", keeping_step, keeping_back, biases=True)
OLAH = _before("gru-olah", renewing_step, renewing_back, biases=False)
