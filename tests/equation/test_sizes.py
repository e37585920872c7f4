"""Sizes as polynomials: sums and products of names, equal when they are the same polynomial."""

import pickle

import pytest

from refrnn.equation.sizes import Size, read_size, show_shape
from refrnn.errors import SpecError

KNOWN = {"H", "I", "T"}


@pytest.mark.parametrize("text, shown, number", [
    ("H", "H", 5), ("4*H", "4*H", 20), ("H*4", "4*H", 20), ("H+I", "H+I", 8), ("I+H", "H+I", 8), ("H+H", "2*H", 10),
    ("H-1", "H-1", 4), ("2*(H+I)-H", "H+2*I", 11), ("H*I", "H*I", 15), ("(H+1)*(H-1)", "H*H-1", 24), ("3", "3", 3), (" H ", "H", 5),
    ("H-H+2", "2", 2), ("T+1", "T+1", 8),
])  # fmt: skip
def test_read(text, shown, number):
    size = read_size(text, KNOWN, "here")
    assert (str(size), size.number({"H": 5, "I": 3, "T": 7})) == (shown, number)


@pytest.mark.parametrize("text", [
    "", "Q", "H/2", "H//2", "H**2", "-H", "0", "-1", "1.5", "True", "None", "f(H)", "H I", "H[0]", "1000000", "H\n+", "'H'", "H if H else I",
    "(" * 200, "H" * 61, "\u212f", "H\x00", [], {}, None, 2.5, True,
])  # fmt: skip
def test_refused(text):
    with pytest.raises(SpecError) as caught:
        read_size(text, KNOWN, "here")
    assert str(caught.value).startswith("here: the size ") and len(str(caught.value)) < 250


def test_equality():
    assert Size.of("H") + 1 == Size.of(1) + Size.of("H") and hash(Size.of("H") + 1) == hash(Size.of(1) + "H")
    assert Size.of("H") != Size.of("I") and Size.of("H") != "H" and Size.of(3) == 3
    assert Size.of("H") * 2 - "H" == Size.of("H") and Size.of("H") * 2 != Size.of("H")
    assert (Size.of("H") * "I").names() == {"H", "I"}
    assert Size.of("H") - "H" == 0 and Size.of("H") + "I" - "I" == Size.of("H") and Size.of("H") * 0 == Size.of(0)


def test_show_shape():
    assert show_shape((Size.of("H"), Size.of("I") * 2)) == "[H, 2*I]" and show_shape(()) == "[]"


def test_a_copy_in_another_process_hashes_names_itself():
    size = Size.of("H") * 2 + 1
    assert {size: 1}[pickle.loads(pickle.dumps(size))] == 1 and pickle.loads(pickle.dumps(size))._hash is None and size._hash is not None
