"""What an expression needs before it can be computed, and how much work it may ask for."""

import ast

import pytest

from refrnn.equation.compile import Compiler, EquationError, Reads, Work
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Names, tree_of

NAMES = Names({"T", "H"}, {"K"}, {"x": (Size.of("T"), Size.of("H"))}, {"h": 1, "y": 2, "s": 0})
INDICES = {"T": 7, "H": 3, "K": 2, "t": 4}


def needs(text, indices=INDICES, most=1000):
    compiled = Compiler(NAMES, None).compile(tree_of(ast.parse(text, mode="eval").body, NAMES, frozenset(indices) - {"T", "H", "K"}))
    reads = Reads(Work(most))
    if compiled.needs is not None:
        compiled.needs(dict(indices), reads)
    return reads.found


@pytest.mark.parametrize("text, elements", [
    ("x[t] + 1", []),
    ("h[t-1] + h[t] * s", [("h", (3,)), ("h", (4,)), ("s", ())]),
    ("y[t, K] + y[H, 0]", [("y", (4, 2)), ("y", (3, 0))]),
    ("tanh(h[t // K][0:2]).T", [("h", (2,))]),
    ("sum(h[j] * y[j, k] for j in range(2) for k in range(j, 2))", [("h", (0,)), ("y", (0, 0)), ("h", (0,)), ("y", (0, 1)), ("h", (1,)), ("y", (1, 1))]),
    ("h[0] if t == 4 else h[1]", [("h", (0,))]),
    ("h[0] if not t == 4 or K > 5 else x[0]", []),
    ("h[0] if s > 0 else h[1]", [("s", ()), ("h", (0,)), ("h", (1,))]),
    ("h[min(t, H)] + h[max(1, t - 9, 2)]", [("h", (3,)), ("h", (2,))]),
    ("h[-1]", [("h", (-1,))]),
    ("prod(x[j] for j in range(3))", []),
])  # fmt: skip
def test_needs(text, elements):
    assert needs(text) == elements


@pytest.mark.parametrize("text, words", [
    ("q", "q is neither declared nor defined"), ("h[q]", "q is neither declared nor defined"), ("h[x]", "x is not an index"),
    ("h[t / 2]", "not an index"), ("h[0.5]", "not an index"), ("t[0]", "takes no subscript"), ("T[0]", "takes no subscript"),
    ("h[t % 0]", "divides by zero"), ("h[min(t)]", "needs two indices"), ("x[t] % 2", "work on indices only"), ("x[t]**s", "must be a number or an index"),
    ("sum(h[0] for t in range(3))", "also another name"), ("sum(h[0] for s in range(3))", "also another name"), ("tanh(s, s)", "takes 1 argument, not 2"),
    ("h[999999999999999 * 999999999999999]", "larger than"), ("sum(h[j] for j in range(1001))", "more than 1,000 steps"),
    ("sum(h[0] for i in range(99) for j in range(99))", "more than 1,000 steps"),
])  # fmt: skip
def test_refused(text, words):
    with pytest.raises(EquationError) as caught:
        needs(text)
    assert words in str(caught.value)
