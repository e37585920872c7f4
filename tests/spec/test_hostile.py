"""Mutilated specs: whatever is done to the text of a spec, loading works or raises SpecError, soon and in one sentence."""

import random
import re

import numpy as np
import pytest

import refrnn
from ending import ending
from refrnn.errors import RefrnnError, SpecError
from refrnn.spec.library import specs_folder
from texts import changed

TEXTS = [path.read_text(encoding="utf-8") for path in sorted(specs_folder().glob("*/*.yaml"))]
VARIANTS = 1500
TOKENS = re.compile(r"\w+|\s+|.", re.DOTALL)
CHARACTERS = "[](){}:,=+-*/@.%<>!&|#'\"\\ \n\tx0T\x00\u00b2\u2028\U0001f600"
PIECES = (
    "T", "H", "t", "h", "x", "0", "1", "-1", "10**10", "99999999", "1e400", "null", "true", "[]", "{}", "[[]]", "W", "h0", "t+1", "t-1",
    "sum(", "prod(", "range(", "lambda:", "__import__('os')", ".T", ".real", "if", "else", "for j in range(9**9)", "**", "@", "not", "and",
    "zeros(T)", "identity(H)", "one_hot(t, H)", "stop(", "concat(", "norm(", "- ", ": ", "&a", "*a", "!!int", "\n", "\n  ", "role: value",
)  # fmt: skip


def characters(text, draw):
    place = draw.randrange(len(text))
    kind = draw.randrange(3)
    return text[:place] + ("" if kind == 0 else draw.choice(CHARACTERS)) + text[place + (kind != 1) :]


def lines(text, draw):
    rows = text.split("\n")
    one, other = draw.randrange(len(rows)), draw.randrange(len(rows))
    kind = draw.randrange(4)
    if kind == 0:
        del rows[one]
    elif kind == 1:
        rows.insert(one, rows[other])
    elif kind == 2:
        rows[one], rows[other] = rows[other], rows[one]
    else:
        rows[one] = " " * draw.randrange(9) + rows[one].lstrip()
    return "\n".join(rows)


def tokens(text, draw):
    parts = TOKENS.findall(text)
    one, other = draw.randrange(len(parts)), draw.randrange(len(parts))
    kind = draw.randrange(4)
    if kind == 0:
        parts[one] = parts[other]
    elif kind == 1:
        parts[one], parts[other] = parts[other], parts[one]
    elif kind == 2:
        parts[one] = draw.choice(PIECES)
    else:
        del parts[one]
    return "".join(parts)


def load(text):
    """The spec, or None where it is refused as it must be."""
    with ending(text):
        try:
            return refrnn.load_text(text, "spec.yaml")
        except SpecError as error:
            message = str(error)
            assert message.startswith("spec.yaml") and "\n" not in message and len(message) < 900, message
            return None


@pytest.mark.parametrize("mutilate", [characters, lines, tokens])
def test_mutilated_text(mutilate):
    draw = random.Random(20)
    for _ in range(VARIANTS // 3):
        text = draw.choice(TEXTS)
        for _ in range(draw.randint(1, 4)):
            text = mutilate(text, draw)
        load(text)


# ------------------------------------------------------------ equations made at random

LEAVES = ("x[t]", "x[t-1]", "x", "h[t-1]", "h[t]", "h0", "W", "U", "x[t, 0]", "h[t-1][1]", "x[t, 0:2]", "t", "T", "H", "0", "1", "2", "0.5", "1e9")
UNARY = ("tanh", "sigmoid", "relu", "elu", "softmax", "log_softmax", "exp", "log", "sqrt", "abs", "sum", "mean", "norm", "diag", "stop", "-", "+")
BINARY = ("+", "-", "*", "/", "@", "**", "//", "%")


def expression(draw, depth):
    """A random expression of the language, mostly one that means nothing."""
    if depth == 0 or draw.random() < 0.2:
        return draw.choice(LEAVES)
    part = [expression(draw, depth - 1) for _ in range(3)]
    kind = draw.randrange(10)
    if kind < 4:
        return f"({part[0]} {draw.choice(BINARY)} {part[1]})"
    if kind < 6:
        return f"{draw.choice(UNARY)}({part[0]})"
    if kind == 6:
        return f"{draw.choice(('min', 'max', 'concat', 'outer', 'norm'))}({part[0]}, {part[1]})"
    if kind == 7:
        return f"({part[0]} if {part[1]} {draw.choice(('<', '>=', '==', '!='))} {part[2]} else {part[1]})"
    if kind == 8:
        return f"{draw.choice(('sum', 'prod'))}({part[0]} * x[j, 0] for j in range({draw.choice(('T', 't', 't, T', '3', '1, H'))}))"
    return draw.choice((f"{part[0]}.T", f"zeros({part[0]})", f"identity({part[0]})", f"one_hot({part[0]}, H)", f"({part[0]})[{part[1]}]"))


@pytest.mark.filterwarnings("error")
def test_random_equations_load_or_are_refused_and_then_run():
    """What loads also runs and is differentiated, or refuses its values: nothing but RefrnnError ever comes out."""
    draw = random.Random(21)
    ran = 0
    for _ in range(1500):
        step = f"h[t] = 0 * (W @ x[t] + U @ h[t-1]) + {expression(draw, 3)}"
        spec = load(changed(("h[t] = tanh(W @ x[t] + U @ h[t-1])", f"'{step}'")))
        if spec is None:
            continue
        values = spec.draw(batch=2, seed=1, dtype="float64")
        try:
            run = spec.forward(values, "equation")
        except RefrnnError:
            continue
        gradients = run.backward({"h": np.ones_like(run.outputs["h"])})
        assert {name: array.shape for name, array in gradients.items()} == {name: np.shape(values[name]) for name in spec.differentiated}
        ran += 1
    assert ran > 100
