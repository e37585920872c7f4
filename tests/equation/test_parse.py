"""Text to tree: what is an equation, what is refused; loading a spec with wrong equations is tested in spec/test_build.py."""

import ast

import pytest

from refrnn.equation.parse import DEEPEST, LONGEST, Equation, equation_of, parse_equation, parse_expression
from refrnn.errors import SpecError


@pytest.mark.parametrize("text, name, subscripts", [
    ("y = x", "y", []),
    ("h[t] = tanh(x[t])", "h", ["t"]),
    ("h[t, i] = x[t, i] * 2", "h", ["t", "i"]),
    ("h[-1] = h0", "h", ["-1"]),
    ("h[T] = h0", "h", ["T"]),
    ("h[tau+1] = h[tau]", "h", ["tau + 1"]),
    ("h[(t, k)] = x", "h", ["t", "k"]),
    ("  y = (x +\n      z)  ", "y", []),
    ("y = x # as printed", "y", []),
    ("y = sum(a[i] * b[j] for i in range(I) for j in range(i, J)) if t % 2 == 0 and not k > 1 else -x.T @ z[0:H] ** 2", "y", []),
])  # fmt: skip
def test_read(text, name, subscripts):
    equation = parse_equation(text, "here")
    assert (equation.name, [ast.unparse(node) for node in equation.subscripts]) == (name, subscripts)
    assert str(equation) == text.strip()


@pytest.mark.parametrize("text", [None, 5, 2.5, True, [], ["h = x"], {"h": "x"}, b"h = x"])
def test_not_text(text):
    for parse in (parse_equation, parse_expression):
        with pytest.raises(SpecError, match="^here: an equation is text, not "):
            parse(text, "here")


@pytest.mark.parametrize("text", [
    "", "   ", "\n", "h", "h =", "= x", "h == x", "h := x", "h: int = x", "h = x = y", "(h) = x; y = z", "h += x", "del h", "def f(): pass",
    "h = x\ny = z", "h = x if y", "h = x for", "h = (", "h = )", "h = 'open", "h = 0x", "h = 1__0", "h = 08", "h = x\\", "h = x $ y", "h = x ? y : z",
    "h = x!", "h = \x00", "h = \x0c\x1b", "h = \u00b2", "h\u2080 = x", "h = \U0001f600", "h = x \u2212 y", "for x in y: h = x", "*h = x", "h, = x",
    "[h] = x", "h[t] : x", "match h:\n case 1: h = x", "h = print(x)", "h = h.__init__.__globals__", "h = open('f')", "h = exec('1')",
    "h = x @= y", "h = (yield)", "h = x if y else", "h = not", "h = 1_0j", "h = tanh(x)(y)", "h = tanh[x](y)", "h = sum(x for x in range(3) for y in z)",
    "h = sum(x async for x in range(3))", "h = sum((x for x in range(3)), 1)", "h = sum(x for x in range())", "h = sum(x for x in range(n=3))",
    "h = sum(x for x in range(*n))", "h = sum(x for x[0] in range(3))", "h = range(3)", "h = range", "h = sum", "h = add(x, y)",
])  # fmt: skip
def test_no_equation(text):
    with pytest.raises(SpecError) as caught:
        parse_equation(text, "here")
    assert str(caught.value).startswith("here: ") and "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["h = x", "", "x y", "x; y", "import os", "(x := y)"])
def test_no_expression(text):
    with pytest.raises(SpecError, match="^here: "):
        parse_expression(text, "here")


def test_lengths_and_depths_up_to_the_limit():
    assert parse_equation("y = " + "+".join(["x"] * 30), "here")
    assert parse_equation("y = " + "-" * (DEEPEST - 3) + "x", "here")
    with pytest.raises(SpecError, match="deeper than 40 levels"):
        parse_equation("y = " + "-" * (DEEPEST + 3) + "x", "here")
    with pytest.raises(SpecError, match="more than 2000"):
        parse_equation("y = " + "x" * LONGEST, "here")


@pytest.mark.parametrize("opening, closing", [("(", ")"), ("-", ""), ("not ", ""), ("[", "]"), ("{", "}"), ("tanh(", ")"), ("lambda: ", ""), ("", "**x"), ("", "[0]"), ("", ".T"), ("", "()"), ("x if x > 0 else ", ""), ("f'{", "}'")])  # fmt: skip
def test_nested_a_thousand_deep(opening, closing):
    for depth in (250, 400, 1000):
        with pytest.raises(SpecError):
            parse_expression(opening * depth + "x" + closing * depth, "here")


def test_an_equation_from_trees():
    equation = equation_of(ast.Name("y", ast.Store()), ast.parse("x + 1", mode="eval").body, "here")
    assert isinstance(equation, Equation) and str(equation) == "y = x + 1" and equation.place == "here"


def test_errors_quote_at_most_sixty_characters():
    assert parse_equation("y = " + "x + " * 30 + "x", "here").shown().endswith("...'")


@pytest.mark.filterwarnings("error")
def test_python_has_nothing_to_warn_of():
    for text in ("y = 1if t > 0 else 2", "y = '\\d'", "y = x is 1", "y = (1, 2)[0](3)", "y = x[1]()"):
        with pytest.raises(SpecError):
            parse_equation(text, "here")
