"""The tree of an expression: what is written alike is equal, what is written comes back, shapes are those of the language."""

import pytest
from programs import program

import refrnn
from refrnn.equation.evaluate import Pattern
from refrnn.equation.parse import parse_expression
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Index, Read, Span, Total, children, is_on_indices, names_of, rebuilt, shape_of, tree_of, walk
from refrnn.spec.library import rows

KNOWN = program(["y[t] = a"], {"a": "H", "b": "H", "U": "H, H", "x": "T, H", "K": ""}, ["y"], integers={"K"}).names


def tree(text, letters=("t",)):
    return tree_of(parse_expression(text, "test"), KNOWN, frozenset(letters))


@pytest.mark.parametrize("id", rows())
def test_every_equation_comes_back(id):
    spec = refrnn.load(id)
    names = spec.program.names
    for equation in spec.equations:
        letters = frozenset(pattern.letter for pattern in spec.program.patterns_of(equation) if isinstance(pattern, Pattern))
        read = tree_of(equation.value, names, letters)
        assert tree_of(parse_expression(str(read), "written"), names, letters) == read
        assert shape_of(read, spec.full_shape) in (spec.element_shapes[equation.name], ())


@pytest.mark.parametrize("text, written", [
    ("a + (b - a)", "a + (b - a)"), ("(a + b) - a", "a + b - a"), ("a * (b * a)", "a * (b * a)"), ("(a * b) / a", "a * b / a"),
    ("-(a * b)", "-(a * b)"), ("-a * b", "-a * b"), ("(-a)**2", "(-a)**2"), ("-a**2", "-a**2"), ("(a + b) @ U", "(a + b) @ U"),
    ("(U @ U).T @ a", "(U @ U).T @ a"), ("U.T**2", "U.T**2"), ("U**(t - K) @ a", "U**(t-K) @ a"), ("a**0.5", "a**0.5"), ("a**-1", "a**(-1)"),
    ("(a if t > 0 else b) + a", "(a if t > 0 else b) + a"), ("a if t > 0 and not t == 3 else b", "a if t > 0 and not t == 3 else b"),
    ("a if (t > 0 or t < 3) and K > 1 else b", "a if (t > 0 or t < 3) and K > 1 else b"), ("x[t + 1 - 1]", "x[t]"), ("x[2 * t - t, 0:H]", "x[t, 0:H]"),
    ("(a + b)[1:3]", "(a + b)[1:3]"), ("sum(x[j] for j in range(t))", "sum(x[j] for j in range(t))"),
    ("sum(x[j, i] for j in range(1, t) for i in range(j))", "sum(x[j, i] for j in range(1, t) for i in range(j))"),
    ("prod(x[j] + a for j in range(T // 2))", "prod(x[j] + a for j in range((T // 2)))"), ("zeros(H) + one_hot(t, H)", "zeros(H) + one_hot(t, H)"),
    ("1 - 0.5 * (t - 1)", "1 - 0.5 * (t-1)"), ("x[min(t + 1, T - 1)]", "x[min(t + 1, T - 1)]"), ("+a", "a"), ("norm(a, b)", "norm(a, b)"),
])  # fmt: skip
def test_how_it_is_written(text, written):
    read = tree(text)
    assert str(read) == written and tree(written) == read


def test_equal_and_not_equal():
    assert tree("x[t] + a") == tree("x[t+0] + a") and hash(tree("x[t] + a")) == hash(tree("x[t+0] + a"))
    assert tree("a + b") != tree("b + a") and tree("x[t]") != tree("x[t+1]") and tree("sum(a)") != tree("mean(a)")
    with pytest.raises(AttributeError):
        tree("a").name = "b"


def test_its_parts():
    read = tree("sum(x[j] * a for j in range(t)) if t > 0 else b")
    assert [str(child) for child in children(read)] == ["t > 0", "sum(x[j] * a for j in range(t))", "b"]
    assert {node.name for node in walk(read) if isinstance(node, Read)} == {"x", "a", "b"}
    assert names_of(read) == {"t"} and names_of(read.yes.body) == {"j"}
    assert is_on_indices(read.condition) and not is_on_indices(tree("a if a > 0 else b").condition)
    assert not is_on_indices(tree("a if t > 0.5 else b").condition)


def test_rebuilt():
    read = tree("x[t, 0:t] * (t + 1)")
    moved = rebuilt(read, lambda node: rebuilt(node, lambda one: one, lambda size: size + Size.of(1)), lambda size: size)
    assert str(moved) == "x[t+1, 1:t+1] * (t+2)"
    assert rebuilt(read, lambda node: node) is read


def test_indices_are_polynomials():
    assert tree("x[K * 2 - K]") == Read("x", (Size.of("K"),)) and tree("t - t") == Index(Size.of(0))
    assert tree("a[0:H - 1]") == Read("a", (Span(Size.of(0), Size.of("H") - Size.of(1)),))
    assert isinstance(tree("sum(a for i in range(2) for j in range(3))").body, Total)
