"""Sizes at which a spec has no meaning, such as T = 2 for the shape [T-2]: never drawn, never a case, refused where they are given."""

import numpy as np
import pytest

import refrnn
from refrnn.errors import SpecError, ValuesError
from refrnn.spec.domain import empty_shape, enlarged, trials
from refrnn.verify.cases import cases
from texts import CELL, changed, refusal

LATER = changed(
    ("symbols:\n", "symbols:\n  z: {role: input, shape: [T-2, H]}\n  y: {role: value, shape: [T-2, H]}\n"),
    ("shape: [H, H]}", "shape: [H-1, H]}"),
    ("U @ h[t-1])", "concat(U @ h[t-1], x[t, 0:1]))\n  - y[s] = h[s+2] * z[s]"),
    ("[h]\n", "[h, y]\n"),
)


@pytest.fixture(scope="module")
def spec():
    return refrnn.load_text(LATER, "later")


def test_the_smallest_sizes(spec):
    assert enlarged(spec, {"T": 1, "I": 1, "H": 1}) == {"T": 3, "I": 1, "H": 2}
    assert enlarged(spec, {"T": 9, "I": 1, "H": 4}) == {"T": 9, "I": 1, "H": 4}
    assert enlarged(spec, {"T": 1, "I": 1, "H": 1}, fixed=["T"]) == {"T": 1, "I": 1, "H": 1}
    assert empty_shape(spec, {"T": 2, "I": 1, "H": 2})[0] == "z" and empty_shape(spec, {"T": 3, "I": 1, "H": 2}) is None
    assert spec.small_sizes(1, least=1) == {"T": 3, "I": 1, "H": 2}


def test_every_case_can_be_drawn_and_run(spec):
    shortest = set()
    for case in cases(spec, "quick"):
        values, lengths = case.draw(spec)
        found = spec.forward(values, "equation", lengths)
        assert len(found.outputs["y"].shape) == 3 and (case.special or np.isfinite(found.outputs["y"]).all())
        if case.ragged:
            shortest.add(min(lengths))
    assert shortest == {3}


def test_refused_where_they_are_given(spec):
    assert spec.has_least_lengths and not refrnn.load("elman").has_least_lengths
    with pytest.raises(ValuesError, match=r"z, which is \[T-2, H\], would have the shape \[0, 5\]; choose larger sizes"):
        spec.draw({"T": 2})
    values = spec.draw(batch=2)
    with pytest.raises(ValuesError, match=r"\[0, 5\] for sequence 1, whose length is 2; choose larger sizes"):
        spec.forward(values, "equation", lengths=[7, 2])
    assert spec.forward(values, "equation", lengths=[7, 3]).outputs["y"][1:, 1].any() == False  # noqa: E712


def test_an_output_has_an_entry():
    spec = refrnn.load_text(changed(("[h]\n", "[h, y]\n"), ("h[t-1])", "h[t-1])\n  - y = x[1:T]")), "tail")
    values = spec.draw(batch=2)
    assert spec.forward(values, "equation").outputs["y"].shape == (2, 6, 4)
    with pytest.raises(ValuesError, match=r"y, which is \[T-1, I\], would have the shape \[0, 4\]"):
        spec.forward({**values, "x": values["x"][:1]}, "equation")


@pytest.mark.parametrize("sizes, words", [
    ("{T: 5, I: -5}", "I is -5; a size is at least 1"),
    ("{T: 5, I: 0}", "I is 0; a size is at least 1"),
    ("{T: 2}", "z, which is [T-2, H], would have the shape [0, 5]; choose larger sizes"),
    ("{H: 99999999999999}", "choose smaller sizes"),
    ("{H: true}", "must be an integer"),
])  # fmt: skip
def test_cases_of_a_spec_are_tried_when_it_is_loaded(sizes, words):
    assert words in refusal(LATER + f"cases: [{{name: own, sizes: {sizes}}}]\n")


def test_shapes_that_no_sizes_make_positive():
    text = changed(("symbols:\n", "symbols:\n  z: {role: input, shape: [1-T]}\n"), ("h[t-1])", "h[t-1]) + sum(z)"))
    assert "the shape [1-T] of z is not positive, however large the sizes are; mend it" in refusal(text)


def test_trials_go_every_way():
    """Any two sizes in both orders, one step, one unit; each constant at both ends, and at all its few values."""
    constants = "  k: {role: constant, type: integer, shape: [], low: 0, high: 2}\n  n: {role: constant, type: integer, shape: [], low: 1}\n"
    spec = refrnn.load_text(changed(("symbols:\n", "symbols:\n" + constants), ("U @ h[t-1])", "U @ h[t-1]) * k * n")), "constants")
    tried = list(trials(spec))
    for one in spec.sizes:
        assert any(sizes[one] == 1 for sizes, _ in tried)
        assert all(any(sizes[one] < sizes[other] for sizes, _ in tried) for other in spec.sizes if other != one)
    assert {values["k"] for _, values in tried} == {0, 1, 2} and {1, 5} <= {values["n"] for _, values in tried}
    assert {(0, 1), (2, 5), (2, 1), (0, 5)} <= {(values["k"], values["n"]) for _, values in tried}


@pytest.mark.parametrize("step, words", [
    ("h[t] = U @ h[t-1] + W @ x[t] + (x[t+1, 0] if k == 1 else 0)", "x[t + 1, 0] reaches beyond the places 0 to T-1 of x"),
    ("h[t] = U @ h[t-1] + W @ x[t] + x[t, k]", "x[t, k] reaches beyond the places 0 to I-1 of x"),
    ("h[t] = U @ h[t-1] + W @ x[t] + sum(x[j, 0] for j in range(k + 1))", "x[j, 0] reaches beyond the places 0 to T-1 of x"),
    ("h[t] = U @ h[t-1] + W @ x[t] + k * h0[t]", "is wrong at t = H: h0[t] reaches beyond the places 0 to H-1 of h0"),
])  # fmt: skip
def test_places_beyond_the_ends_at_other_sizes_and_constants(step, words):
    constant = "  k: {role: constant, type: integer, shape: [], low: 0, high: 2}\n"
    assert words in refusal(CELL.replace("symbols:\n", "symbols:\n" + constant).replace("h[t] = tanh(W @ x[t] + U @ h[t-1])", step))
