"""A text that is no Python is told in the words of the language, with the place of the slip and the mend."""

import keyword

import pytest

from refrnn.equation.parse import parse_equation
from refrnn.equation.slips import python_word, slip
from refrnn.errors import SpecError


@pytest.mark.parametrize("text, words", [
    ("h[t] = tanh(W x[t] + U @ h[t-1])", "nothing stands between W and x (column 15); write @ for a product of matrices, * for one of numbers"),
    ("h[t] = W @ x[t] + U h[t-1]", "nothing stands between U and h (column 21)"),
    ("h[t] = 2W @ x[t]", "nothing stands between 2 and W (column 9)"),
    ("h[t] = x[t] W", "nothing stands between ] and W (column 13)"),
    ("h[t] = 2 (W + U)", None),
    ("h[t] = lambda * x[t]", "lambda is a word of Python and can't name a symbol; choose another name, such as lamda"),
    ("is = x", "is is a word of Python"),
    ("h[t] = tanh(W @ x[t]", "the ( in column 12 is not closed; close it with )"),
    ("h[t] = tanh(W @ x[t]))", "the ) in column 22 closes nothing; delete it"),
    ("h[t] = tanh(W @ x[t)", "the [ in column 18 meets the ) in column 20; close it with ] before that"),
    ("h[t] = " + "(" * 300 + "1" + ")" * 300, "nested too deep; split it"),
    ("h[t] = W' @ x[t]", "the language has no ' (column 9); write .T for a transpose"),
    ("h_t = h_{t-1} x", "the language has no { (column 9); write ( ) or [ ]"),
    ("h[t] = a && b", "the language has no && (column 10); write and"),
    ("h[t] = a ? b : c", "write a if condition else b"),
    ("h[t] = a @@ b", "the language has no @@ (column 10); write @"),
    ("h[t] = 007 * a", "the number 007 begins with 0 (column 8); leave that out"),
    ("h[t] =", "nothing stands behind the = in column 6"),
    ("= x[t]", "nothing stands before the = in column 1"),
    ("h[t] = a + * b", "nothing stands behind the + in column 10"),
    ("h[t] = a + in", "nothing stands behind the + in column 10"),
    ("h[t] = a if not b else", "nothing stands behind the else in column 19"),
    ("h[t] = a if b > 0", "an if has no else; write a if condition else b"),
    ("h[t] = a else b", "an else has no if; write a if condition else b"),
    ("tanh(h[t]) = x[t]", "the left side must be a symbol, such as h or h[t]"),
    ("h[t] + 1 = x[t]", "the left side must be a symbol"),
    ("3 = x[t]", "the left side must be a symbol"),
])  # fmt: skip
def test_slip(text, words):
    if words is None:
        with pytest.raises(SpecError, match="calls something that is not a function"):
            parse_equation(text, "equation 1")
        return
    with pytest.raises(SpecError) as caught:
        parse_equation(text, "equation 1")
    assert words in str(caught.value) and str(caught.value).startswith("equation 1: ")


@pytest.mark.parametrize("text", ["W x[t]", "lambda", "(", "a b", "a +", "'", "a if", "for", "0x1g", "a $ b", "a = = b", "f(a for)", "[", "1if", "a.", "\\"])
def test_python_gives_no_advice(text):
    with pytest.raises(SpecError) as caught:
        parse_equation(f"h[t] = {text}", "equation 1")
    told = str(caught.value).lower()
    for words in ("invalid", "perhaps", "maybe", "literal", "forgot", "syntax", "parenthes", "eof", "octal"):
        assert words not in told, told


def test_a_slip_is_found_in_anything():
    assert slip("") == slip("h") == "the language has no such expression; write it as the other specs do"
    for word in keyword.kwlist:
        assert word in python_word(word)
