"""Shapes hold at all sizes: each branch is looked at, sizes are compared as symbols, and what is empty keeps its shape."""

import numpy as np
import pytest

from programs import SIZES, draw, mismatch, program, run, values
from refrnn.errors import SpecError
from refrnn.equation.sizes import Opaque, ShapeError, Size

ARRAYS = {"x": "T, I", "W": "H, I", "U": "H, H", "h0": "H", "a": "H", "c": ""}
STATE = ["h[-1] = h0", "h[t] = tanh(W @ x[t] + U @ h[t-1])"]


def shapes(*lines, integers=(), declared=None, arrays=ARRAYS):
    chosen = program([*STATE, *lines], arrays, ["h"], integers, declared)
    return {name: "[" + ", ".join(map(str, shape)) + "]" for name, shape in chosen.element_shapes.items()}


@pytest.mark.parametrize("line, shape", [
    ("y[t] = W.T @ h[t]", "[I]"),
    ("y = h", "[T, H]"),
    ("y = h[1:T]", "[T-1, H]"),
    ("y[t] = sum(x[0:t, 0]) * a", "[H]"),
    ("y[t] = concat(x[t], h[t])[1:H]", "[H-1]"),
    ("y = zeros(T // 2) + zeros(T//2)", "[(T // 2)]"),
    ("y[t] = sum(U**(t-j) @ a for j in range(t))", "[H]"),
    # a single number beside an array is one for each of its entries, whichever branch is taken
    ("y[t] = a if t > 3 else 0", "[H]"),
    ("y[t] = 1 if t == 9 else 2 if t < 5 else U", "[H, H]"),
    ("y[t] = sum(x[t-j] if j <= t else 0 for j in range(3))", "[I]"),
    # the same condition has the same truth, however it is written
    ("y[t] = (U if t < 5 else a) * (U if 5 > t else a) * (a if t >= 5 else U) * (U if not t >= 5 else a) * (a if not 5 > t else U)", None),
    ("y[t] = norm((U if t < 5 else a) * (a if t >= 5 else U))", "[]"),
    ("y[t] = norm((U if t == K else a) * (a if t != K else U))", "[]"),
    ("y[t] = norm((U if t <= K else a) * (a if t > K else U))", "[]"),
])  # fmt: skip
def test_shape(line, shape):
    if shape is None:
        with pytest.raises(SpecError, match=r"gives the shape \[H, H\] or the shape \[H\], as its conditions turn out"):
            shapes(line, integers={"K"})
    else:
        assert shapes(line, integers={"K"})["y"] == shape


@pytest.mark.parametrize("line, words", [
    ("y[t] = sum(U @ a) if t < 1000 else sum(x[t] + a)", r"does not fit: the sum of \[I\] and \[H\]"),
    ("y[t] = sum(U @ a) if not (t >= 1000 and t > 5) else sum(x[t] + a)", r"the sum of \[I\] and \[H\]"),
    ("y[t] = sum(U @ a) if c > 1000 else sum(x[t] + a)", r"the sum of \[I\] and \[H\]"),
    ("y[t] = sum(U @ a) if K < 1000 else sum(x[t] + a)", r"the sum of \[I\] and \[H\]"),
    ("y[t] = a if K < 1000 else x[t]", r"gives the shape \[H\] or the shape \[I\], as its conditions turn out; make its branches agree"),
    ("y[t] = sum(norm(a * (a if j < 9 else x[t])) for j in range(H))", r"of \[H\] and \[I\]"),
    ("y[t] = sum((a if j < 9 else x[t]) for j in range(H))", r"as the shape \[H\] or as the shape \[I\], as conditions turn out"),
    ("y[t] = norm((U if t < 5 else a) * (a if t > 5 else U))", r"of"),
    ("y[t] = (U if t < 5 else a) @ (U if t <= 5 else a)", r"gives the shape \[H, H\] or the shape \[H\], as its conditions turn out"),
    ("u[k] = c\n", r"the index k of u has no range"),
    ("y = h @ U + x @ U", r"the product \[T, I\] @ \[H, H\]"),
    ("y = x * h", r"the element-wise product of \[T, I\] and \[T, H\]"),
    ("u[s] = c * s\n; v[t] = c * t\n; y = u * v", r"the element-wise product of \[S\] and \[T\]"),
    ("y[t] = x[t, 0:t]", r"gives \[t\], which changes with t; the shape of a symbol is made of sizes alone"),
    ("y = zeros(K)", r"gives \[K\], which changes with K"),
    ("y = zeros(K // 2)", r"gives \[\(K // 2\)\], which changes with K"),
    ("y[t] = sum(x[t, 0:j] for j in range(I))", r"the terms of a sum have the shape \[j\], which changes with j"),
    ("y = zeros(T // 2) + zeros(T * 2 // 4)", r"the sum of \[\(T // 2\)\] and \[\(T \* 2 // 4\)\]"),
    ("y[0] = c; y[t] = y[t-1] * a", r"'y\[0\] = c' gives a single number, but .* gives the shape \[H\]; make them agree, such as zeros\(H\)"),
    ("y[t] = y[t] + 0", r"the shape of y can't be told; declare y under symbols"),
    ("y[t] = zeros(2 - 3)", r"zeros\(-1\) has a size below 0"),
    ("y[t] = sum(x[t, 3:1])", r"x\[t, 3:1\] ends before it begins"),
    ("y = sum(zeros(" + "*".join(["(T + S + L + I + H + N)"] * 9) + "))", "more than 1,000 products; make it shorter"),
])  # fmt: skip
def test_refused(line, words):
    with pytest.raises(SpecError, match=words) as caught:
        shapes(*line.replace("\n", "").split(";"), integers={"K"})
    assert str(caught.value).startswith("equation ")


def test_many_independent_conditions():
    terms = " + ".join(f"norm(U if t < {number} else a)" for number in range(9))
    with pytest.raises(SpecError, match="too many conditions whose branches differ in shape; split it"):
        shapes(f"y[t] = {terms}")
    assert shapes("y[t] = " + terms.replace("U", "h[t]"))["y"] == "[]"


def test_a_declared_shape_helps_where_nothing_else_tells():
    assert shapes("y[t] = y[t] + 0", declared={"y": "T, H"})["y"] == "[H]"


def test_an_empty_sum_is_zeros_and_an_empty_product_ones_in_the_shape_of_their_terms():
    lines = ["y[t] = U @ sum(W @ x[j] for j in range(t))", "z[t] = U @ prod(W @ x[j] for j in range(t))"]
    chosen = program(lines, ARRAYS, ["y", "z"])
    arrays = draw(chosen)
    outputs, _ = run(chosen, arrays)
    np.testing.assert_array_equal(outputs["y"][0], 0 * arrays["a"])
    np.testing.assert_allclose(outputs["z"][0].astype(float), arrays["U"].sum(1).astype(float), rtol=1e-14)
    np.testing.assert_allclose(outputs["z"][1].astype(float), (arrays["U"] @ arrays["W"] @ arrays["x"][0]).astype(float), rtol=1e-14)
    assert mismatch(chosen, arrays) < 1e-15


def test_a_single_number_in_a_branch_is_one_for_each_entry():
    lines = ["y[t] = U @ (c * 2 if t == 2 else W @ x[t])"]
    chosen = program(lines, ARRAYS, ["y"])
    arrays = draw(chosen)
    outputs, _ = run(chosen, arrays)
    np.testing.assert_allclose(outputs["y"][2].astype(float), (arrays["U"].sum(1) * arrays["c"] * 2).astype(float), rtol=1e-14)
    assert mismatch(chosen, arrays) < 1e-15
    (y,) = values(["y = sum(0 if j < 9 else a for j in range(3))"], ["y"], a=np.ones(5))
    assert y.tolist() == [0] * 5


def test_opaque_sizes_are_computed():
    half = Size.of(Opaque("(T // 2)", {"T"}, lambda sizes: sizes["T"] // 2))
    assert (half * 3 + 1).number({"T": 7}) == 10 and half.names() == {"T"} and str(half - 1) == "(T // 2)-1"
    assert half == Size.of(Opaque("(T // 2)", {"T"}, None)) and half != Size.of("T")


def test_polynomials_are_bounded():
    many = Size({(f"n{number}",): 1 for number in range(40)})
    with pytest.raises(ShapeError, match="more than 1,000 products"):
        many * many * many


def test_an_offset_on_the_left_does_not_choose_another_range():
    """Only a start, which reads nothing but arrays and stands beside a recurrence, takes the range of its array."""
    arrays = {**ARRAYS, "P": "L, H"}
    chosen = program(["h[0] = h0", "h[t+1] = tanh(P[t] + U @ h[t])"], arrays, ["h"])
    with pytest.raises(SpecError, match=r"at t = L: P\[t\] reaches beyond the places 0 to L-1 of P"):
        chosen.check(SIZES)
    chosen = program(["h[0] = h0", "h[t+1] = tanh(P[t])"], arrays, ["h"])
    assert str(chosen.definitions["h"].equations[-1][1][0].size) == "T"
    with pytest.raises(SpecError, match="the index m of h would run over L in P and over T in x; use one letter for each size"):
        program(["h[0] = h0", "h[m+1] = tanh(P[m] + W @ x[m])"], arrays, ["h"])
    chosen = program(["h[d-L] = P[d]", "h[t] = h[t-L] + W @ x[t]"], arrays, ["h"])
    chosen.check(SIZES)


def test_check_sizes_do_not_show():
    for line in ("y[t] = h[t+1]", "y[t] = x[t+S]", "y[t] = x[t, T]", "y[t] = h[t-S]", "y[t] = x[t-S]", "y[t] = sum(x[t, 0:T])", "y[t] = y[T-1-t]"):
        told = set()
        for sizes in ({"T": 4, "I": 2, "H": 3, "S": 4, "L": 2, "N": 2}, {"T": 23, "I": 17, "H": 19, "S": 29, "L": 2, "N": 2}):
            with pytest.raises(SpecError) as caught:
                program([*STATE, line], ARRAYS, ["h", "y"]).check(sizes)
            told.add(str(caught.value))
        assert len(told) == 1, told
