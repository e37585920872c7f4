"""Loops are joined where the second one reads what the first one has just written, and where it reads nothing of it."""

import pytest

from refrnn.compiler.fuse import fused
from refrnn.compiler.names import Names


def loop(*writes, extent="H"):
    return [f"for k in range(0, {extent}, width):", f"    count = min(width, {extent} - k)", *(f"    keep({write}, count)" for write in writes)]


def joined(*loops):
    return fused([line for one in loops for line in one], Names({"a", "b", "c", "H"}, "B"))


def test_a_number_that_was_just_written_is_at_hand():
    found = joined(loop("exp(some(x, k, count)), a, n * H + k"), loop("some(a, n * H + k, count) + 1, b, k"))
    assert found == [*loop()[:2], "    a_k = exp(some(x, k, count))", "    keep(a_k, a, n * H + k, count)", "    keep(a_k + 1, b, k, count)"]


@pytest.mark.parametrize(
    "first, second",
    [
        (loop("some(x, k, count), a, k"), loop("some(a, k + 1, count), b, k")),
        (loop("some(x, k, count), a, k"), loop("every(a, k), b, k")),
        (loop("some(b, k + 1, count), a, k"), loop("some(x, k, count), b, k")),
        (loop("some(x, k, count), a, k"), loop("some(y, k, count), a, k")),
        (loop("some(x, k, count), a, k"), loop("some(a, k, count), b, k", extent="2*H")),
        (loop("some(x, k, count), a, k"), ["total = fill(0, like)"]),
    ],
)
def test_what_hangs_on_other_places_stays_apart(first, second):
    assert joined(first, second) == first + second
