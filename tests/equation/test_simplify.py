"""What is built is written as a person would write it, and is worth what it was built from."""

import random

import numpy as np
import pytest
from programs import SIZES, draw, program, run, shape_of

from refrnn.equation.indices import ZERO, Known
from refrnn.equation.parse import parse_expression
from refrnn.equation.simplify import NOTHING, Builder, both, negated
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Read, Span, rebuilt, tree_of

ARRAYS = {"a": "H", "b": "H", "c": "H", "d": "", "U": "H, H", "V": "H, H", "W": "N, H", "x": "T, H", "e": "N"}
COMPILER = program(["y[t] = a"], ARRAYS, ["y"]).names
BUILDER = Builder({name: shape_of(text) for name, text in ARRAYS.items()}.__getitem__, Known({"t": (ZERO, Size.of("T"))}, {}))


def tree(text):
    return tree_of(parse_expression(text, "test"), COMPILER, frozenset({"t"}))


def rewritten(node):
    """An expression built anew from its leaves."""
    return BUILDER.built(rebuilt(node, rewritten))


def worth(text):
    """The value of an expression at t = 3."""
    made = program([f"y[t] = {tree(text)}"], ARRAYS, ["y"])
    return run(made, draw(made))[0]["y"][3]


@pytest.mark.parametrize("text, written", [
    ("a + 0", "a"), ("0 + a", "a"), ("a - 0", "a"), ("0 - a", "-a"), ("zeros(H) + a", "a"), ("zeros(H) + d", "zeros(H) + d"), ("d - zeros(H)", "zeros(H) + d"),
    ("a + -b", "a - b"), ("-a + b", "b - a"), ("a - -b", "a + b"), ("-(-a)", "a"), ("-zeros(H)", "zeros(H)"), ("- 2", "-2"),
    ("a * 1", "a"), ("1 * a", "a"), ("a * 0", "0"), ("zeros(H) * a", "0"), ("a * -b", "-(a * b)"), ("-a * -b", "a * b"), ("-a / b", "-(a / b)"),
    ("a / 1", "a"), ("0 / a", "0"), ("a / 2 * (2 * b)", "a * b"), ("2 * a * (3 * b)", "6 * (a * b)"), ("a / 2 * b", "a / 2 * b"), ("2 * a / 4", "2 * a / 4"), ("6 * a / 3", "2 * a"),
    ("U @ zeros(H)", "0"), ("identity(H) @ a", "a"), ("U @ identity(H)", "U"), ("diag(a) @ b", "a * b"), ("a @ diag(b)", "b * a"), ("diag(a) @ U", "diag(a) @ U"),
    ("-U @ a", "-(U @ a)"), ("U.T.T", "U"), ("diag(a).T", "diag(a)"), ("outer(a, b).T", "outer(b, a)"), ("(U @ V).T", "V.T @ U.T"), ("(-U).T", "-U.T"),
    ("identity(H).T", "identity(H)"), ("outer(zeros(H), a)", "0"), ("outer(-a, b)", "-outer(a, b)"), ("sum(d)", "d"), ("sum(-a)", "-sum(a)"), ("sum(zeros(H))", "0"),
    ("a**1", "a"), ("a**0", "1"), ("U**1", "U"), ("a if t > 2 else a", "a"), ("0 if t > 2 else a", "a if t <= 2 else 0"),
    ("(a if t < 9 else 0) if t > 2 else 0", "a if t > 2 and t < 9 else 0"), ("0 if a > 0 else b", "0 if a > 0 else b"),
    ("sum(-x[j] for j in range(T))", "-sum(x[j] for j in range(T))"), ("sum(0 * x[j] for j in range(T))", "0"),
    ("sum(a[j] * one_hot(j, H) for j in range(H))", "a"), ("sum((x[t, j] - a[j]) * one_hot(j, H) for j in range(H))", "x[t] - a"),
    ("sum((d * a[j]) * one_hot(j, H) for j in range(H))", "d * a"), ("sum(a[j] * one_hot(j, H) for j in range(2))", "sum(a[j] * one_hot(j, H) for j in range(2))"),
    ("sum(a[j] * one_hot(j, H) for j in range(1, H))", "sum(a[j] * one_hot(j, H) for j in range(1, H))"), ("sum(U[j, j] * one_hot(j, H) for j in range(H))", "sum(U[j, j] * one_hot(j, H) for j in range(H))"),
    ("sum(e[j] * one_hot(j, N) for j in range(N))", "e"),
])  # fmt: skip
def test_rewritten(text, written):
    found = rewritten(tree(text))
    assert str(found) == written
    np.testing.assert_allclose(np.broadcast_to(worth(str(found)), np.shape(worth(text))), worth(text), rtol=1e-15)


PARTS = {
    "a": ["[1]", "[1:3]", "[0:H]"], "a * d + b": ["[2]", "[1:3]"], "-a": ["[0:2]"], "tanh(a) * b": ["[1:4]"], "U @ a": ["[1]", "[1:3]"], "a @ U": ["[1]", "[2:4]"],
    "U @ V": ["[1]", "[1:3]", "[1, 2]", "[0:2, 1:3]", "[0:H, 2]"], "U.T": ["[1]", "[1:3]", "[0:H, 1]", "[1, 2:4]", "[1:3, 0:2]"], "outer(a, e)": ["[1]", "[1:3]", "[1, 2]", "[0:H, 1]", "[1:2, 3:5]"],
    "concat(a, b, e)": ["[1]", "[H]", "[0:H]", "[H:2*H]", "[H:2*H+N]", "[1:3]", "[3:8]", "[2*H+1:2*H+2]"], "zeros(H)": ["[1]", "[0:2]"], "a if t > 2 else b": ["[1]", "[1:3]"],
    "a if a > b else b": ["[1]", "[1:3]"], "a if a > 0 or not b > 0 else d": ["[1]"], "sum(x[j] * a for j in range(t))": ["[2]", "[1:2]"], "a**2": ["[1]", "[0:2]"],
    "U**2": ["[1]", "[0:2, 1]"], "softmax(a)": ["[1]", "[0:2]"], "x[t]": ["[1]", "[1:2]"], "x[0:3]": ["[1]", "[1:2]", "[1, 2]"], "(a + b)[1:4]": ["[1]", "[1:2]"], "U * V": ["[1]", "[0:H, 1]"], "U - d": ["[2, 1:3]"],
}  # fmt: skip


@pytest.mark.parametrize("base, place", [(base, place) for base, places in PARTS.items() for place in places])
def test_parts(base, place):
    places = tree(f"(a + b){place}").places
    found = BUILDER.part(tree(base), places)
    np.testing.assert_allclose(np.broadcast_to(worth(str(found)), np.shape(worth(f"({base}){place}"))), worth(f"({base}){place}"), rtol=1e-15)


@pytest.mark.parametrize("base, place, written", [
    ("U @ a", "[1:3]", "U[1:3] @ a"), ("U.T @ a", "[1:3]", "U[0:H, 1:3].T @ a"), ("U.T @ a", "[1]", "U[0:H, 1] @ a"), ("concat(a, e)", "[H:H+N]", "e"),
    ("concat(a, e)", "[H:H+1]", "e[0:1]"), ("concat(a, b, e)", "[0:2*H]", "concat(a, b)"), ("a * d", "[t]", "a[t] * d"), ("outer(a, b)", "[2]", "a[2] * b"), ("x[1:T]", "[t]", "x[t+1]"),
])  # fmt: skip
def test_parts_as_they_are_written(base, place, written):
    assert str(BUILDER.part(tree(base), tree(f"(a + b){place}").places)) == written


@pytest.mark.parametrize("terms, written", [
    (["-a", "b"], "b - a"), (["a * b", "-(a * c)", "d * c"], "a * (b - c) + d * c"), ([], "0"), (["-a", "-b"], "-a - b"), (["a * b", "a * c", "a * b"], "a * (b + c + b)"),
    (["a * -b", "a * -c"], "a * (-b - c)"), (["tanh(a) * b", "tanh(a) * c"], "tanh(a) * b + tanh(a) * c"),
])  # fmt: skip
def test_sums(terms, written):
    found = BUILDER.summed([rewritten(tree(term)) for term in terms])
    assert str(found) == written
    if terms:
        np.testing.assert_allclose(worth(str(found)), worth(" + ".join(f"({term})" for term in terms)), rtol=1e-14)


def test_conditions():
    assert str(negated(tree("a if t > 2 else b").condition)) == "t <= 2" and str(negated(tree("a if a > 2 else b").condition)) == "not a > 2"
    assert str(negated(negated(tree("a if a > 2 else b").condition))) == "a > 2"
    assert str(both([tree("a if t > 2 and t < 9 else b").condition, tree("a if t == 4 else b").condition])) == "t > 2 and t < 9 and t == 4"


def test_templates_are_filled():
    filled = BUILDER.filled(tree("a * (1 - b**2)"), {"a": NOTHING, "b": Read("x")})
    assert filled == NOTHING
    assert str(BUILDER.filled(tree("a * b"), {"a": tree("-d"), "b": tree("c + a")})) == "-(d * (c + a))"


def test_what_is_rewritten_at_random_is_worth_the_same():
    chance = random.Random(11)

    def some(depth):
        if depth == 0:
            return chance.choice(["a", "b", "c", "zeros(H)", "x[t]", "0", "1", "2", "d"])
        form = chance.choice(["({} + {})", "({} - {})", "({} * {})", "-{}", "({} if t > 2 else {})", "({} / 2)"])
        return form.format(*(some(depth - 1) for _ in range(form.count("{}"))))

    for _ in range(200):
        text = f"a + {some(4)}"
        np.testing.assert_allclose(np.broadcast_to(worth(str(rewritten(tree(text)))), (SIZES["H"],)), worth(text), rtol=1e-13, atol=1e-15)


def test_spans_that_take_all_are_left_out():
    whole = Span(ZERO, Size.of("H"))
    assert BUILDER.part(tree("U"), (whole, whole)) == tree("U") and str(BUILDER.part(tree("U"), (Size.of(1), whole))) == "U[1]"
