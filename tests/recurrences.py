"""A naive twin of the engine: the same stages, one sequence and one step after the other, in plain NumPy.

Its numbers may be complex: where one argument has a tiny imaginary part, that of the outputs is the slope along it.
"""

import types

import numpy as np

from refrnn.kernels.engine.recurrence import Product, Recurrence, Stage
from refrnn.kernels.primitives.activations import sigmoid, tanh

PLAIN = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh}
TINY = 1e-30


def plain(function):
    """A step in which the names of activations mean NumPy's."""
    return types.FunctionType(function.__code__, {**function.__globals__, **PLAIN}, closure=function.__closure__)


def forward(recurrence, given, starts, weights, lengths=None, keep=None):
    """Every row and every gate, (T, B, H) by name, zero past the ends.

    keep (T, B): where it is 0, what products read from before that step is cut from what it depends on.
    """
    T, B = next(iter(given.values())).shape[:2]
    found = {}
    for b in range(B):
        history = {name: [*(start[b] if start.ndim == 3 else start[b : b + 1])] for name, start in starts.items()}
        for t in range(T if lengths is None else lengths[b]):
            now = {name: array[t, b] for name, array in given.items()} | weights
            now |= {f"{name}_before": steps[-1] for name, steps in history.items()}
            now |= {f"{name}_before_{back}": step for name, steps in history.items() for back, step in enumerate(reversed(steps), 1)}
            for stage in recurrence.stages:
                now |= sums(stage, now, history, weights, keep is None or keep[t, b])
                results = plain(stage.step)(*(now[name] for name in stage.takes))
                now.update(zip(stage.gives.split(), results if isinstance(results, tuple) else (results,), strict=True))
            for name in (*recurrence.rows, *recurrence.gates):
                history.setdefault(name, []).append(now[name])
                found.setdefault(name, np.zeros((T, B, len(now[name])), np.result_type(now[name], float)))
                if np.iscomplexobj(now[name]) and not np.iscomplexobj(found[name]):
                    found[name] = found[name].astype(complex)
                found[name][t, b] = now[name]
    return found


def sums(stage, now, history, weights, kept):
    """The gates of a stage before its step."""
    found = dict.fromkeys(stage.names, 0)
    for name, gates in stage.biases.items():
        for gate, bias in zip(gates.split(), weights[name], strict=True):
            found[gate] = found[gate] + bias
    for product in stage.products:
        operand = history[product.operand][-product.delay] if product.delay else now[product.operand]
        if product.stopped or product.delay and not kept:
            operand = np.real(operand)
        for gate, matrix in zip(product.gates.split(), weights[product.matrix], strict=True):
            found[gate] = found[gate] + matrix @ operand
    return found


def slope(recurrence, arguments, upstream, group, name, direction, lengths=None, keep=None):
    """How fast the sum of upstream times outputs grows along ``direction``, in which ``arguments[group][name]`` moves."""
    moved = dict(arguments[group])
    if isinstance(moved[name], tuple):
        moved[name] = tuple(part + 1j * TINY * way for part, way in zip(moved[name], direction, strict=True))
    else:
        moved[name] = moved[name] + 1j * TINY * direction
    found = forward(recurrence, **{**arguments, group: moved}, lengths=lengths, keep=keep)
    return sum(np.sum(np.imag(found[row]) * error) for row, error in upstream.items()) / TINY


# ------------------------------------------------------------ small recurrences

def one_step(s):
    return tanh(s)


def one_back(d_h, h):
    return d_h * ((1 - h) * (1 + h))


ONE = Recurrence(
    "one", "h",
    Stage("s", (Product("x", "W_in", "s"), Product("h", "W", "s", delay=1)), one_step, "h", one_back, "d_s", {"b": "s"}),
)  # fmt: skip


def delayed_step(s):
    s = tanh(s)
    return s, s


def delayed_back(d_h, d_copy, h):
    return (d_h + d_copy) * ((1 - h) * (1 + h))


# Two inputs, of which one has two matrices; a matrix that two delays share; a gap between delays; no bias.
DELAYED = Recurrence(
    "delayed", "h copy",
    Stage(
        "s",
        (Product("x", "W_x", "s"), Product("u", "W_u", "s"), Product("x", "V_x", "s"),
         Product("h", "W", "s", delay=1), Product("h", "W", "s", delay=3), Product("copy", "V", "s", delay=2)),
        delayed_step, "h copy", delayed_back, "d_s",
    ),
)  # fmt: skip


def first_step(i, f, z, u, c_before, p, a):
    i, f, z = sigmoid(i + p * c_before), sigmoid(f + u), sigmoid(z)
    c = f * c_before + a * i
    return i, f, z, c, i * c


def first_back(d_c, d_m, i, f, c, c_before, p, a):
    d_c = d_c + d_m * i
    d_i = (d_c * a + d_m * c) * (i * (1 - i))
    d_f = d_c * c_before * (f * (1 - f))
    return d_i, d_f, d_f, d_c * f + p * d_i, d_i * c_before, d_c * i


def second_step(n, q, z, c, h_before):
    n = tanh(n + z * q)
    return n, n * c + z * h_before


def second_back(d_h, n, q, z, c, h_before):
    d_n = d_h * c * ((1 - n) * (1 + n))
    return d_n, d_n * z, (d_n * q + d_h * h_before) * (z * (1 - z)), d_h * n, d_h * z


# A step that takes an input, a vector and a number; an operand of the same step; errors of an earlier stage's gate and
# row, and of rows one step before; a bias of gates that no product has together.
TWO = Recurrence(
    "two", "h c",
    Stage(
        "i f z", (Product("x", "W_in", "i f"), Product("h", "W", "f z", delay=1), Product("c", "P", "i", delay=1)),
        first_step, "i f z c m", first_back, "d_i d_f d_u d_c_before d_p d_a", {"b": "i f z"},
    ),
    Stage(
        "n q", (Product("m", "W_n", "n"), Product("h", "W_q", "q", delay=1), Product("x", "W_x", "n q")),
        second_step, "n h", second_back, "d_n d_q d_z d_c d_h_before", {"b_n": "n", "b_q": "q"},
    ),
)  # fmt: skip


def narrow_step(y):
    return y


def narrow_back(d_r):
    return d_r


# Rows of two widths.
NARROW = Recurrence(
    "narrow", "r",
    Stage("s", (Product("x", "W_in", "s"), Product("r", "W", "s", delay=1)), one_step, "h", one_back, "d_s", {"b": "s"}),
    Stage("y", (Product("h", "P", "y"),), narrow_step, "r", narrow_back, "d_y"),
)  # fmt: skip


def taps_step(u, h_before, h_before_3, k_before_2, a):
    h = a * h_before - 0.5 * h_before_3 + u
    return h, h * k_before_2


def taps_back(d_h, d_k, d_k_before_2, h, h_before, k_before_2, a):
    d_h = d_h + d_k * k_before_2
    return d_h, a * d_h, -0.5 * d_h, d_k_before_2 + d_k * h, d_h * h_before


def gated_step(s, k):
    s = tanh(s)
    return s, s * k


def gated_back(d_r, s, k):
    return d_r * k * ((1 - s) * (1 + s)), d_r * s


# A stage without gates; rows read by steps further back, one also by a product; two stages that send errors there; a step
# whose arguments have other names.
TAPS = Recurrence(
    "taps", "h r",
    Stage("", (), taps_step, "h k", taps_back, "d_u d_h_before d_h_before_3 d_k_before_2 d_a"),
    Stage(
        "s", (Product("h", "W", "s", delay=2),), gated_step, "s r", gated_back, "d_s d_k_before_2",
        arguments="s k_before_2", back_arguments="d_r s k_before_2",
    ),
)  # fmt: skip


def trace_step(h_before, m_before_2):
    return 0.5 * m_before_2 + h_before


def trace_back(d_m):
    return d_m, 0.5 * d_m


# An operand that gets no errors through one product; a row that only steps read.
STOPPED = Recurrence(
    "stopped", "h m",
    Stage("", (), trace_step, "m", trace_back, "d_h_before d_m_before_2"),
    Stage(
        "s", (Product("x", "W_in", "s"), Product("h", "W", "s", delay=1), Product("m", "P", "s", stopped=True)),
        one_step, "h", one_back, "d_s",
    ),
)  # fmt: skip

ALL = {"one": ONE, "two": TWO, "delayed": DELAYED, "narrow": NARROW, "taps": TAPS, "stopped": STOPPED}


def drawn(name, T, B, I, H, dtype=np.float64, seed=0):  # noqa: E741
    """Given, starts, weights for the recurrence of this name."""
    random = np.random.default_rng(seed)

    def draw(*shape):
        return random.uniform(-1, 1, shape).astype(dtype)

    def gates(count, *shape):
        return tuple(draw(*shape) for _ in range(count))

    x = draw(T, B, I)
    if name == "one":
        given, starts = {"x": x}, {"h": draw(B, H)}
        weights = {"W_in": gates(1, H, I), "W": gates(1, H, H), "b": gates(1, H)}
    elif name == "two":
        given, starts = {"x": x, "u": draw(T, B, H)}, {"h": draw(B, H), "c": draw(B, H)}
        weights = {
            "W_in": gates(2, H, I), "W": gates(2, H, H), "P": gates(1, H, H), "p": draw(H), "a": draw(), "b": gates(3, H),
            "W_n": gates(1, H, H), "W_q": gates(1, H, H), "W_x": gates(2, H, I), "b_n": gates(1, H), "b_q": gates(1, H),
        }  # fmt: skip
    elif name == "delayed":
        given, starts = {"x": x, "u": draw(T, B, 2)}, {"h": draw(B, 3, H), "copy": draw(B, 2, H)}
        weights = {"W_x": gates(1, H, I), "V_x": gates(1, H, I), "W_u": gates(1, H, 2), "W": gates(1, H, H), "V": gates(1, H, H)}
    elif name == "taps":
        given, starts = {"u": draw(T, B, H)}, {"h": draw(B, 3, H), "k": draw(B, 2, H)}
        weights = {"W": gates(1, H, H), "a": draw()}
    elif name == "stopped":
        given, starts = {"x": x}, {"h": draw(B, H), "m": draw(B, 2, H)}
        weights = {"W_in": gates(1, H, I), "W": gates(1, H, H), "P": gates(1, H, H)}
    else:
        given, starts, N = {"x": x}, {"r": draw(B, H // 2 + 1)}, H // 2 + 1
        weights = {"W_in": gates(1, H, I), "W": gates(1, H, N), "b": gates(1, H), "P": gates(1, N, H)}
    return {"given": given, "starts": starts, "weights": weights}


def upstream(recurrence, arguments, seed=1):
    """An error for each output."""
    random = np.random.default_rng(seed)
    some = next(iter(arguments["given"].values()))
    (T, B), dtype = some.shape[:2], some.dtype
    widths = {"r": arguments["weights"]["P"][0].shape[0]} if recurrence is NARROW else {}
    H = next(iter(arguments["starts"].values())).shape[-1]
    return {row: random.uniform(-1, 1, (T, B, widths.get(row, H))).astype(dtype) for row in recurrence.outputs}


def like(weights):
    """Arrays for the gradients of matrices and biases, full of what must not stay."""
    return {name: tuple(np.full_like(part, np.nan) for part in parts) for name, parts in weights.items() if isinstance(parts, tuple)}
