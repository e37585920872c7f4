"""The adjoint equations of programs: what they give is the gradient, and how they are written."""

import numpy as np
import pytest
from adjoints import apart, made_of
from gradients import tried
from programs import SIZES, draw, program, run, shape_of

from refrnn.equation.functions import FUNCTIONS
from refrnn.errors import SpecError

ELMAN = ["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + W @ x[t])"]
ARRAYS = {"h0": "H", "U": "H, H", "W": "H, I", "x": "T, I"}


def test_no_function_lacks_a_way_back():
    """Its adjoint has a text for each argument, at any ranks, where it is no method."""
    for name, function in FUNCTIONS.items():
        every = function.adjoint.values() if isinstance(function.adjoint, dict) else () if callable(function.adjoint) else [function.adjoint]
        wanted = 0 if function.sized < 0 else function.arguments - function.sized if function.arguments else 1
        assert {len(texts) for texts in every} <= {wanted}, name


VECTORS = {"a": "H", "b": "H", "d": "", "U": "H, H", "V": "H, H", "e": "N", "x": "T, H", "R": "1, H", "s": "1"}


@pytest.mark.parametrize("text", [
    "a + b", "a - b", "a * b", "a / (b + 9)", "-a", "a + d", "d * a", "a - d * b", "a / (d + 7)", "U @ a", "a @ U", "a @ b * a", "U @ V @ a", "U.T @ a", "(U + V).T @ a", "(U * d).T @ (V - d) @ a",
    "sigmoid(a)", "tanh(a * b)", "relu(a)", "elu(a)", "softmax(a)", "log_softmax(a + b)", "exp(a)", "log(a * a + 1)", "sqrt(a * a + 1)", "abs(a)", "min(a, b)", "max(a, d)", "max(tanh(a), b * b)",
    "sigmoid(U) @ a", "tanh(U) @ a", "(relu(U) + elu(V)) @ a", "(exp(U) * abs(V)) @ b", "log(U * U + 1) @ a", "sqrt(U * U + 1) @ a", "min(U, V) @ a", "max(U, d) @ a", "(U / (V * V + 1)) @ a",
    "norm(a) * a", "norm(a, b, U) * a", "sum(a) * b", "sum(U) * b", "mean(a) * b", "mean(U * V) * a", "sum(d) * a", "diag(a) @ b", "diag(a) @ U @ b", "(U @ diag(a * b) @ V) @ a", "outer(a, b) @ a", "outer(a, e) @ e * b",
    "concat(a, e)[0:H]", "concat(a, e)[N:N+H] * a", "concat(a * d, tanh(e))[1:H+1]", "a**2", "a**3 * b", "(a * a + 1)**0.5", "(a * a + 1)**-1", "a**T", "U**3 @ a", "U**T @ a", "U**0 @ a", "(U**2).T @ a",
    "(U @ V)[1] * a", "(U * V)[0:H, 2]", "softmax(U)[1] * a", "(softmax(U) * V) @ a", "(log_softmax(U) * V) @ b", "stop(a) * b", "a * argmax(b)", "one_hot(1, H) * a", "zeros(H) + a", "identity(H) @ a",
    "a if T > 3 else b", "a if T < 3 else b", "a if d > 0 else b", "a if a > b else b * d", "sqrt(a) if a > 0 else 0 * b", "d if a > 0 else a", "a if d > 100 else U @ b", "(U if d > 0 else V) @ a", "a if a > 0 and b > 0 else b", "a if a > 0 or not b > 0 else b",
    "sum(a * j for j in range(T))", "sum(x[j] * b for j in range(T))", "sum(tanh(a * j + b) for j in range(3))", "prod(x[j] + b for j in range(T))", "prod(a + j for j in range(3)) * b", "sum(sum(x[i] * x[j] for i in range(j)) for j in range(T))",
    "sum(x[i] * x[j] * a for j in range(T) for i in range(j, T))", "prod(sum(x[j] * i for i in range(3)) for j in range(2, T))", "sum(a[i] * U[i] for i in range(H))", "sum(U[i, j] * a[j] for i in range(H) for j in range(H)) * b", "sum(a[i] for i in range(0)) * b",
    "(x.T @ x) @ a", "x[0] * x[T-1] * x[1]", "x[0:3].T @ x[1:4] @ a", "x[1:T, 2] @ x[0:T-1, 1] * a", "U[1, 2] * a", "U[1] * U[0:H, 2]", "U[0:H, 1:H] @ a[1:H]", "U[2, 1:3] @ a[0:2] * b", "U[1:3, 2] @ a[0:2] * b", "a[1:3] @ b[0:2] * a[3] * b",
    "a + R[0]", "(U * R) @ a", "(R + U)[1] * b", "a * s", "s * d * a", "(R * d) @ a * b",
])  # fmt: skip
def test_expressions(text):
    assert apart([f"y = {text}"], VECTORS, ["y"]) < 1e-17


INDEXED = {
    "a delay": (["h[d-L] = h_start[d]", "h[t] = tanh(U @ h[t-L] + V @ h[t-1] + W @ x[t])"], {"h_start": "L, H", "U": "H, H", "V": "H, H", "W": "H, I", "x": "T, I"}, ["h"]),
    "backward in time": (["h[T] = h0", "h[t] = tanh(U @ h[t+1] + W @ x[t])"], ARRAYS, ["h"]),
    "a start within": (["p[0] = tanh(h0)", "p[t] = U @ p[t-1] + W @ x[t]"], ARRAYS, ["p"]),
    "an end within": (["p[T-1] = tanh(h0)", "p[t] = U @ p[t+1] + W @ x[t]"], ARRAYS, ["p"]),
    "one place within": (["h[-1] = h0", "h[2] = U @ h0 + h[1]", "h[t] = tanh(U @ h[t-1] + W @ x[t])"], ARRAYS, ["h"]),
    "an offset on the left": (["h[0] = h0", "h[t+1] = tanh(U @ h[t] + W @ x[t])"], ARRAYS, ["h"]),
    "states read by others": ([*ELMAN, "y[t] = h[t] * h[t-1]", "z = sum(y[t] * x[t, 0] for t in range(T))"], ARRAYS, ["z"]),
    "the last state": ([*ELMAN, "y = h[T-1] * h[0]"], ARRAYS, ["y", "h"]),
    "all states": ([*ELMAN, "e = softmax(h @ v)", "y = e @ h"], {**ARRAYS, "v": "H"}, ["y"]),
    "some states": ([*ELMAN, "y = v @ h[1:T] + h[T-1]"], {**ARRAYS, "v": "T-1"}, ["y"]),
    "a grid": (["g[i, -1] = a[i]", "g[-1, j] = b[j]", "g[i, j] = tanh(u * g[i-1, j] + v * g[i, j-1] * x[i, j])"], {"a": "H", "b": "N", "u": "", "v": "", "x": "H, N"}, ["g"], {"g": "H, N"}),
    "rows of a grid": (["g[-1, j] = b[j]", "g[i, j] = tanh(u[j] * g[i-1, j])", "y[i] = g[i-1] @ w * w", "z = g[T-1] * w"], {"b": "H", "u": "H", "w": "H"}, ["y", "z"], {"g": "T, H", "y": "T, H"}),
    "attention": (["s[t, j] = x[t] @ U @ x[j] if j <= t else 0", "y[t] = sum(exp(s[t, j]) * x[j] for j in range(t + 1)) / sum(exp(s[t, j]) for j in range(t + 1))"], {"x": "T, H", "U": "H, H"}, ["y"], {"s": "T, T"}),
    "a matrix as a state": (["M[-1] = M0", "M[t] = M[t-1] * g + outer(x[t], x[t]) - outer(M[t-1] @ x[t], x[t])", "y[t] = M[t] @ x[t]"], {"M0": "H, H", "x": "T, H", "g": ""}, ["y"]),
    "every other step": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + W @ x[t]) if t % 2 == 0 else h[t-1]"], ARRAYS, ["h"]),
    "a half of the time": (["h[-1] = h0", "h[t] = tanh(U @ h[t // 2 - 1] + W @ x[t])"], ARRAYS, ["h"]),
    "twice the time": (["y[t] = x[2 * t] * x[t]"], {"x": "2*T, H"}, ["y"]),
    "a window": (["y[t] = sum(w[j] * x[t - j] for j in range(min(t + 1, L)))"], {"w": "L", "x": "T, H"}, ["y"]),
    "a window by conditions": (["y[t] = sum((w[j] * x[t - j] if t >= j else 0 * x[0]) for j in range(L))"], {"w": "L", "x": "T, H"}, ["y"]),
    "one place alone": ([*ELMAN, "y[t] = h[t] if t == 3 else 0 * h0"], ARRAYS, ["y"]),
    "not one place": ([*ELMAN, "y[t] = h[t] if t != 3 else 0 * h0"], ARRAYS, ["y"]),
    "or": ([*ELMAN, "y[t] = h[t] if t < 2 or t > 4 else 0 * h0"], ARRAYS, ["y"]),
    "what nothing reads": ([*ELMAN, "y[t] = x[t]"], ARRAYS, ["y", "h"]),
    "stopped": (["h[-1] = h0", "h[t] = tanh(U @ stop(h[t-1]) + W @ x[t])"], ARRAYS, ["h"]),
    "decided by a state": (["h[-1] = h0", "q[t] = relu(h[t-1] - 0.1)", "h[t] = tanh(U @ h[t-1] + W @ x[t]) if q[t] > 0 else h[t-1] * 0.5"], ARRAYS, ["h"]),
    "a sum that ends with the letter": (["y[t] = sum(U**(t - k) @ W @ x[k] for k in range(t + 1))"], {"U": "H, H", "W": "H, I", "x": "T, I"}, ["y"]),
    "elements of a vector": ([*ELMAN, "y[t] = sum(h[t, i] * h[t, H - 1 - i] * c[i] for i in range(H))"], {**ARRAYS, "c": "H"}, ["y"]),
    "parts of a vector": ([*ELMAN, "y[t] = h[t, 0:2] @ h[t, 2:4] * h[t, 1] * h[t, 3:5]"], ARRAYS, ["y"]),
    "words of letters": (["k[t] = x[t] @ W.T", "t_k[j] = k[j] * k[T - 1 - j]", "g_y = sum(t_k[j] * d_k for j in range(T))", "y = g_y * d_k"], {"x": "T, I", "W": "H, I", "d_k": "H"}, ["y"], {"t_k": "T, H"}),
}  # fmt: skip


@pytest.mark.parametrize("name", INDEXED)
@pytest.mark.parametrize("sizes", [SIZES, {**SIZES, "T": 5, "L": 1}, {**SIZES, "T": 6, "L": 5, "H": 5, "N": 5}], ids=["usual", "short", "long"])
def test_indices(name, sizes):
    lines, arrays, outputs, *declared = INDEXED[name]
    declared = declared[0] if declared else None
    assert apart(lines, arrays, outputs, sizes, declared=declared) < 1e-16


@pytest.mark.parametrize("constants", [{"K": 1}, {"K": 3}, {"K": 9}])
def test_integer_constants(constants):
    lines = ["h[d-N] = h_start[d]", "h[t] = tanh(U @ h[t-N] + W @ x[t] * K) if t % K == 0 or t > 4 else W @ x[t]"]
    arrays = {"h_start": "N, H", "U": "H, H", "W": "H, I", "x": "T, I", "K": ""}
    assert apart(lines, arrays, ["h"], constants=constants, integers={"K"}) < 1e-17


def test_branches_that_are_not_taken_pass_no_nan():
    """Of sqrt below zero, of log and of a quotient: their slopes are NaN or infinite, and nothing flows."""
    lines = ["y[t] = sqrt(x[t]) if x[t] > 0 else 0", "z[t] = U @ (log(x[t]) / x[t] if x[t] > 0 else x[t])"]
    assert apart(lines, {"x": "T, H", "U": "H, H"}, ["y", "z"]) < 1e-17


def test_a_power_of_zero_that_is_one_has_no_slope():
    """At t = 0, where 0 times its power of -1 would be no number."""
    zero = {"change": lambda given: {**given, "x": given["x"] * 0}}
    assert apart(["y[t] = x[t]**t * b"], {"x": "T, H", "b": "H"}, ["y"], **zero) == 0
    assert apart(["y[t] = x[t]**(2 * t - 4) * b"], {"x": "T, H", "b": "H"}, ["y"]) < 1e-17
    _, found = made_of(["y[t] = x[t]**(t + 1) * b"], {"x": "T, H", "b": "H"}, ["y"])
    assert "d_x[t] = d_y[t] * b * ((t+1) * x[t]**t)" in found.equations


def test_zero_has_a_norm_without_a_slope():
    assert apart(["y = norm(a) * b"], {"a": "H", "b": "H"}, ["y"], change=lambda given: {**given, "a": given["a"] * 0}) == 0


@pytest.mark.parametrize("lines, arrays, outputs, declared, written", [
    (ELMAN, ARRAYS, ["h"], None, [
        "d_h[T-1] = g_h[T-1]", "d_h[t] = g_h[t] + U.T @ delta_h[t+1]", "delta_h[t] = d_h[t] * (1 - h[t]**2)", "d_h0 = U.T @ delta_h[0]",
        "h_before[t] = h[t-1] if t > 0 else h0", "d_U = sum(outer(delta_h[t], h_before[t]) for t in range(T))",
        "d_W = sum(outer(delta_h[t], x[t]) for t in range(T))", "d_x[t] = W.T @ delta_h[t]",
    ]),
    (["h[T] = h0", "h[t] = sigmoid(h[t+1]) * x[t]"], {"h0": "H", "x": "T, H"}, ["h"], None, [
        "d_h[0] = g_h[0]", "d_h[t] = g_h[t] + d_h[t-1] * x[t-1] * sigmoid(h[t]) * (1 - sigmoid(h[t]))",
        "d_h0 = d_h[T-1] * x[T-1] * sigmoid(h0) * (1 - sigmoid(h0))", "h_before[t] = h[t+1] if t < T-1 else h0", "d_x[t] = d_h[t] * sigmoid(h_before[t])",
    ]),
    (["y = sum(sum(x[t]) for t in range(T)) / 2 * 2"], {"x": "T, H", "b": "H"}, ["y"], None, ["d_y = g_y", "d_x[t] = zeros(H) + d_y", "d_b = zeros(H)"]),
    (["a[t] = U @ x[t]", "y[t] = concat(a[t, 0:H] * a[t, H:2*H], a[t, 2*H:3*H])"], {"U": "3*H, H", "x": "T, H"}, ["y"], None, [
        "d_y[t] = g_y[t]", "d_a[t] = concat(d_y[t, 0:H] * a[t, H:2*H], d_y[t, 0:H] * a[t, 0:H], d_y[t, H:2*H])",
        "d_U = sum(outer(d_a[t], x[t]) for t in range(T))", "d_x[t] = U.T @ d_a[t]",
    ]),
    (["p[0] = tanh(p0)", "p[t] = p[t-1] * x[t]"], {"p0": "H", "x": "T, H"}, ["p"], None, [
        "d_p[T-1] = g_p[T-1]", "d_p[t] = g_p[t] + d_p[t+1] * x[t+1]", "d_p0 = d_p[0] * (1 - p[0]**2)", "d_x[0] = zeros(H)", "d_x[t] = d_p[t] * p[t-1]",
    ]),
    (["y[t] = exp(x[t] if t >= 0 else b) * 2"], {"x": "T, H", "b": "H"}, ["y"], None, ["d_y[t] = g_y[t]", "d_x[t] = 2 * (d_y[t] * exp(x[t]))", "d_b = zeros(H)"]),
    (["d_a[t] = x[t] * x[t]", "a[t] = d_a[t]"], {"x": "T, H"}, ["a"], None, ["d_a_2[t] = g_a[t]", "d_d_a[t] = d_a_2[t]", "d_x[t] = d_d_a[t] * (x[t] + x[t])"]),
])  # fmt: skip
def test_as_a_person_would_print_it(lines, arrays, outputs, declared, written):
    _, found = made_of(lines, arrays, outputs, declared=declared)
    assert sorted(found.equations) == sorted(written)


def test_what_is_told_of_it():
    _, found = made_of([*ELMAN, "y[t] = h[t] @ h[t]"], ARRAYS, ["y"])
    assert found.values == ["h"] and found.upstream == {"y": "g_y"} and found.gradients == {name: f"d_{name}" for name in ARRAYS}
    assert found.shapes["d_U"] == shape_of("H, H") and found.shapes["h_before"] == shape_of("T, H") and found.shapes["delta_h"] == shape_of("T, H")
    assert found.of["d_h"] == "h" and found.means.keys() == found.shapes.keys()


def test_what_has_no_equations():
    with pytest.raises(SpecError, match="h is defined at single places only"):
        made_of(["h[0] = h0 * h0", "h[1] = h[0] * h[0]", "y = tanh(h[1]) * h[1]"], {"h0": "H"}, ["y"])


@pytest.mark.parametrize("seed", range(120))
def test_random_programs(seed):
    """Their adjoint equations, and of every sixth the adjoint equations of these."""
    assert not tried(seed, again=seed % 6 == 0)


def test_random_programs_are_programs():
    assert sum(tried(seed) == "" for seed in range(40)) > 30


def test_run_backward_gives_what_the_tape_gives():
    """The harness of these tests itself: a wrong upstream gradient is seen."""
    made = program(ELMAN, ARRAYS, ["h"])
    outputs, backward = run(made, draw(made))
    right, wrong = (backward({"h": np.ones_like(outputs["h"]) * factor})["U"] for factor in (1, 2))
    assert np.abs(right - wrong).max() > 1e-3
