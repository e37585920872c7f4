"""Specs of many equations: loading each takes the same work, whatever order they stand in."""

import sys

import pytest

import refrnn
from refrnn.errors import SpecError

MANY = 60


def chained(first, last, equation):
    return [equation.format(number, number - 1) for number in range(first, last + 1)]


def forward(many):
    return [*chained(1, many, "a{} = a{} + 1"), f"y = a{many}"]


def backward(many):
    return forward(many)[::-1]


def unary(many):
    return [*chained(1, many, "a{} = tanh(a{})")[::-1], f"y = a{many}"]


def beside_each_other(many):
    """Many that read the start, added up from the last to the first."""
    sums = chained(1, many, "s{1} = s{0} + a{0}")
    return [*sums, f"s{many} = a0", *chained(1, many, "a{} = a0 + {}"), "y = s0"]


def recurrent(many):
    """Each state begins with the same start and reads the layer below, which stands behind it."""
    layers = [[f"h{number}[-1] = a0", f"h{number}[t] = tanh(h{number - 1}[t] + h{number}[t-1])"] for number in range(many, 0, -1)]
    return [*(line for layer in layers for line in layer), "h0[t] = x[t]", f"y = h{many}"]


def at_places(many):
    return ["h[0] = a0", *chained(1, many, "h[{}] = h[{}] + 1"), f"y = h[{many}]"]


def text(equations):
    unread = [] if any("x[t]" in equation for equation in equations) else ["y2[t] = x[t]"]
    outputs = "y, y2" if unread else "y"
    symbols = "  a0: {role: start, shape: [H]}\n  x: {role: input, shape: [T, H]}\n"
    lines = "".join(f"  - {equation}\n" for equation in [*equations, *unread])
    return f"id: many\ntitle: Many equations\nsizes: {{T: steps, H: units}}\nsymbols:\n{symbols}equations:\n{lines}outputs: [{outputs}]\n"


def calls(equations):
    """How many functions are called, of Python and of C, while they are loaded and asked what is batched and what is carried on."""
    written, counted = text(equations), [0]

    def count(frame, event, argument):
        counted[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        spec = refrnn.load_text(written)
        assert "y" in spec.batched and len(spec.carried) <= 1
    finally:
        sys.setprofile(None)
    return counted[0]


@pytest.mark.parametrize("family", [forward, backward, unary, beside_each_other, recurrent, at_places], ids=lambda family: family.__name__)
def test_each_equation_more_takes_the_same_work(family):
    calls(family(3))  # what is done once
    few, more, most = (calls(family(count * MANY)) for count in (1, 2, 3))
    assert 0 < most - more < 1.1 * (more - few)


def test_of_many_equations_too_the_one_that_is_wrong_is_named():
    equations = at_places(40)
    with pytest.raises(SpecError, match="equation 42: h has the same left side in two equations; delete one"):
        refrnn.load_text(text([*equations[:-1], "h[7] = a0", equations[-1]]))
    with pytest.raises(SpecError, match=r"'h\[3\+4\] = a0' and 'h\[7\] = h\[6\] \+ 1' both define h\[7\]; delete one"):
        refrnn.load_text(text([*equations[:-1], "h[3+4] = a0", equations[-1]]))
    with pytest.raises(SpecError, match=r"y = h\[41\]' needs h\[41\]"):
        refrnn.load_text(text([*equations[:-1], "y = h[41]"]))
