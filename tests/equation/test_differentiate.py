"""Numerical derivatives: which programs a complex step differentiates, both ways against known derivatives, stop()."""

import random

import numpy as np
import pytest

from programs import SIZES, draw, mismatch, program, run
from refrnn.equation.differentiate import along_one, central_difference, complex_step, is_analytic
from refrnn.errors import SpecError

EPS = float(np.finfo(np.longdouble).eps)


@pytest.mark.parametrize("text, analytic", [
    ("tanh(a) * sigmoid(a) + softmax(a)", True),
    ("norm(a) + log_softmax(a)**2", True),
    ("a if t > 2 else b", True),
    ("a if K == 1 else b", True),
    ("a if a > 0 else b", False),
    ("a if t > 2 and c[t] == 0 else b", False),
    ("relu(a)", False), ("abs(a)", False), ("elu(a)", False), ("max(a, b)", False), ("a * stop(a)", False),
])  # fmt: skip
def test_what_is_analytic(text, analytic):
    lines = ["c[t] = a[0]", f"y[t] = {text}"]
    assert is_analytic(program(lines, {"a": "H", "b": "H", "K": ""}, ["y"], integers={"K"})) is analytic


@pytest.mark.parametrize("derivative, allowed", [(complex_step, 10 * EPS), (central_difference, 1e-10)])
def test_known_derivatives(derivative, allowed):
    chosen = program(["y = s", "s = exp(a) * a**3 / (1 + a**2)"], {"a": "H"}, ["y"])
    a = np.linspace(-2, 2, 5, dtype=np.longdouble)
    one = np.ones(5, np.longdouble)
    exact = np.exp(a) * (a**3 / (1 + a**2) + (3 * a**2 * (1 + a**2) - 2 * a**4) / (1 + a**2) ** 2)
    np.testing.assert_allclose(along_one(derivative, chosen, {"a": a}, SIZES, {}, {"a": one})["y"], exact, rtol=allowed, atol=allowed)


def test_stop_is_held_still():
    """d/da of a * stop(a) is stop(a); of what only passes through stop, zero."""
    chosen = program(["y = a * stop(a**2)", "z = stop(a)"], {"a": "H"}, ["y", "z"])
    arrays = draw(chosen)
    along = {"a": np.ones(5, np.longdouble)}
    moved = along_one(central_difference, chosen, arrays, SIZES, {}, along)
    np.testing.assert_allclose(moved["y"], arrays["a"] ** 2, rtol=1e-9)
    assert (moved["z"] == 0).all()
    outputs, backward = run(chosen, arrays)
    np.testing.assert_array_equal(backward({"y": along["a"], "z": along["a"]})["a"], arrays["a"] ** 2)


def test_stop_in_a_recurrence():
    lines = ["h[-1] = h0", "carried[t] = stop(h[t-1]) if t % 3 == 0 and t > 0 else h[t-1]", "h[t] = tanh(U @ carried[t] + x[t])"]
    chosen = program(lines, {"h0": "H", "U": "H, H", "x": "T, H"}, ["h"])
    assert mismatch(chosen, draw(chosen)) < 1e-9


def test_arrays_that_are_not_moved_stay():
    chosen = program(["y = a * b"], {"a": "H", "b": "H"}, ["y"])
    arrays = draw(chosen)
    before = {name: array.copy() for name, array in arrays.items()}
    for derivative in (complex_step, central_difference):
        moved = along_one(derivative, chosen, arrays, SIZES, {}, {"b": np.ones(5, np.longdouble)})
        np.testing.assert_allclose(moved["y"], arrays["a"], rtol=1e-9)
    assert all(np.array_equal(before[name], arrays[name]) for name in arrays)


def test_integer_arrays_choose_and_are_not_moved():
    chosen = program(["y[t] = one_hot(k[t], H) * a"], {"k": "T", "a": ""}, ["y"])
    arrays = {"k": np.array([0, 1, 4, 2, 2, 0, 3]), "a": np.longdouble(2)}
    for derivative in (complex_step, central_difference):
        np.testing.assert_allclose(along_one(derivative, chosen, arrays, SIZES, {}, {"a": np.longdouble(1)})["y"], np.eye(5)[arrays["k"]], rtol=1e-9)


# ------------------------------------------------------------ equations made at random

LEAVES = ("x[t]", "h[t-1]", "h0", "U @ h[t-1]", "U.T @ x[t]", "x[t, 0]", "h[t-1][1]", "concat(x[t, 0:2], h0[2:H])", "t", "0.7", "U[t % H]")
UNARY = ("tanh", "sigmoid", "softmax", "log_softmax", "relu", "elu", "abs", "sum", "mean", "norm", "stop", "-", "U @ ")
BINARY = ("{} + {}", "{} - {}", "{} * {}", "{} / (2 + norm({}))", "min({}, {})", "max({}, {})", "norm({}, {}) * h0", "sum(outer({}, {}))")


def expression(choose, depth):
    if depth == 0 or choose.random() < 0.15:
        return choose.choice(LEAVES)
    one, other = expression(choose, depth - 1), expression(choose, depth - 1)
    kind = choose.randrange(6)
    if kind < 3:
        return f"({choose.choice(BINARY).format(one, other)})"
    if kind < 5:
        return f"{choose.choice(UNARY)}({one})"
    if choose.random() < 0.5:
        return f"({one} if {other} > 0.1 else {choose.choice(LEAVES)})"
    return f"sum(({one}) * U[j, 0] + x[j, 1] for j in range(t, min(t + 2, T)))"


def test_adjoints_of_random_recurrences():
    """Reverse mode against numerical derivatives for some hundred recurrences that nobody thought of."""
    choose, tried = random.Random(5), {True: 0, False: 0}
    while sum(tried.values()) < 300:
        lines = ["h[-1] = h0", f"h[t] = 0.3 * tanh(U @ h[t-1] + x[t]) + tanh({expression(choose, 3)})"]
        try:
            chosen = program(lines, {"h0": "H", "U": "H, H", "x": "T, H"}, ["h"])
            chosen.check(SIZES)
        except SpecError:
            continue
        analytic = is_analytic(chosen)
        assert mismatch(chosen, draw(chosen, seed=sum(tried.values()))) < (1e4 * EPS if analytic else 1e-7), lines[1]
        tried[analytic] += 1
    assert min(tried.values()) > 50
