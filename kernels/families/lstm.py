"""Long short-term memory: PLAIN, with a vector of peepholes for each gate (DIAGONAL), or a matrix (FULL).

i and f see the cell before the step, o the cell after it.
"""

from ..engine.recurrence import Product, Recurrence, Stage
from ..primitives.activations import sigmoid, tanh


def step(i, f, o, g, c_before):
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), tanh(g)
    c = f * c_before + i * g
    return i, f, o, g, c, o * tanh(c)


def back(d_h, d_c, i, f, o, g, c, c_before):
    tanh_c = tanh(c)
    d_c = d_c + d_h * o * ((1 - tanh_c) * (1 + tanh_c))
    d_i = d_c * g * (i * (1 - i))
    d_f = d_c * c_before * (f * (1 - f))
    d_o = d_h * tanh_c * (o * (1 - o))
    d_g = d_c * i * ((1 - g) * (1 + g))
    return d_i, d_f, d_o, d_g, d_c * f


def diagonal_step(i, f, o, g, c_before, p_i, p_f, p_o):
    i, f, g = sigmoid(i + p_i * c_before), sigmoid(f + p_f * c_before), tanh(g)
    c = f * c_before + i * g
    o = sigmoid(o + p_o * c)
    return i, f, o, g, c, o * tanh(c)


def diagonal_back(d_h, d_c, i, f, o, g, c, c_before, p_i, p_f, p_o):
    tanh_c = tanh(c)
    d_o = d_h * tanh_c * (o * (1 - o))
    d_c = d_c + d_h * o * ((1 - tanh_c) * (1 + tanh_c)) + p_o * d_o
    d_i = d_c * g * (i * (1 - i))
    d_f = d_c * c_before * (f * (1 - f))
    d_g = d_c * i * ((1 - g) * (1 + g))
    return d_i, d_f, d_o, d_g, d_c * f + p_i * d_i + p_f * d_f, d_i * c_before, d_f * c_before, d_o * c


def cell_step(i, f, g, c_before):
    i, f, g = sigmoid(i), sigmoid(f), tanh(g)
    return i, f, g, f * c_before + i * g


def cell_back(d_c, i, f, g, c_before):
    return d_c * g * (i * (1 - i)), d_c * c_before * (f * (1 - f)), d_c * i * ((1 - g) * (1 + g)), d_c * f


def output_step(o, c):
    o = sigmoid(o)
    return o, o * tanh(c)


def output_back(d_h, o, c):
    tanh_c = tanh(c)
    return d_h * tanh_c * (o * (1 - o)), d_h * o * ((1 - tanh_c) * (1 + tanh_c))


_PRODUCTS = (Product("x", "W_in", "i f o g"), Product("h", "W", "i f o g", delay=1))
_ALL = {"b": "i f o g"}

PLAIN = Recurrence(
    "lstm", "h c", Stage("i f o g", _PRODUCTS, step, "i f o g c h", back, "d_i d_f d_o d_g d_c_before", _ALL)
)  # fmt: skip
DIAGONAL = Recurrence(
    "lstm-diagonal", "h c",
    Stage(
        "i f o g", _PRODUCTS, diagonal_step, "i f o g c h",
        diagonal_back, "d_i d_f d_o d_g d_c_before d_p_i d_p_f d_p_o", _ALL,
    ),
)  # fmt: skip
FULL = Recurrence(
    "lstm-full", "h c",
    Stage(
        "i f g",
        (Product("x", "W_in", "i f g"), Product("h", "W", "i f g", delay=1), Product("c", "P_if", "i f", delay=1)),
        cell_step, "i f g c", cell_back, "d_i d_f d_g d_c_before", {"b": "i f g"},
    ),
    Stage(
        "o", (Product("x", "W_in_o", "o"), Product("h", "W_o", "o", delay=1), Product("c", "P_o", "o")),
        output_step, "o h", output_back, "d_o d_c", {"b_o": "o"},
    ),
)  # fmt: skip
