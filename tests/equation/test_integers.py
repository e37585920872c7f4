"""Integers in equations: tokens, one_hot, argmax, choices by value, and sizes that are given by name."""

import numpy as np
import pytest

import refrnn
from refrnn.errors import SpecError, ValuesError
from refrnn.verify.verify import verify_spec

TOKENS = """
id: tokens
title: Tokens, their vectors, and a recursion over a size of its own
sizes: {T: steps, S: steps of its own, N: words, M: features}
symbols:
  w: {role: input, shape: [T], type: integer, below: N}
  P: {role: parameter, shape: [M, N]}
  q: {role: parameter, shape: [M]}
  s: {role: value, shape: [S, M]}
equations:
  - e[t] = P @ one_hot(w[t], N)
  - best[t] = argmax(e[t])
  - seen[t] = sum(1 if w[j] == w[t] else 0 for j in range(t + 1)) * e[t]
  - s[0] = q
  - s[i] = tanh(s[i-1]) + q
  - last = s[S - 1]
outputs: [e, best, seen, last]
"""


@pytest.fixture
def spec():
    return refrnn.load_text(TOKENS)


def test_tokens_are_drawn_below_their_size_and_have_no_gradient(spec):
    values = spec.draw(sizes={"N": 3, "T": 50})
    assert values["w"].dtype.kind == "i" and set(np.unique(values["w"])) == {0, 1, 2}
    assert spec.differentiated == ("P", "q")


def test_one_hot_takes_a_column_and_argmax_the_largest(spec):
    values = spec.draw(dtype="float64")
    run = spec.forward(values, backend="equation")
    rows = values["P"].T[values["w"]]
    assert np.array_equal(run.outputs["e"], rows)
    assert np.array_equal(run.outputs["best"], rows.argmax(axis=-1))


def test_equal_tokens_are_counted(spec):
    values = spec.draw(sizes={"T": 4}, batch=1, dtype="float64")
    values["w"] = np.array([[2], [1], [2], [2]])
    run = spec.forward(values, backend="equation")
    assert np.array_equal(run.outputs["seen"], run.outputs["e"] * np.array([1, 1, 2, 3])[:, None, None])


def test_a_size_that_no_array_shows_is_given_by_name(spec):
    assert spec.named_sizes == ("S",)
    values = spec.draw(sizes={"S": 3}, dtype="float64")
    assert values["S"] == 3
    q = values["q"]
    expected = np.tanh(np.tanh(q) + q) + q
    assert np.allclose(spec.forward(values, backend="equation").outputs["last"], expected, rtol=1e-15)


def test_all_its_gradients_and_mutants_are_verified(spec):
    report = verify_spec(spec, mutants=True)
    assert report.failures == []
    assert report.mutants["killed"] >= 40


def test_tokens_past_the_end_may_be_anything(spec):
    values = spec.draw(dtype="float64")
    values["w"][3:, 1] = -1
    run = spec.forward(values, backend="equation", lengths=[7, 3, 7])
    assert np.all(run.outputs["e"][3:, 1] == 0)
    with pytest.raises(ValuesError, match=r"w at \[3, 1\] is -1, outside 0 to N - 1"):
        spec.forward(values, backend="equation")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"S": 0}, "S is 0; it must be at least 1"),
        ({"S": 2.5}, "S must be an integer, not float"),
        ({"S": None}, "S is missing; no array shows this size, so give it as an integer"),
        ({"w": np.full((7, 3), 99)}, r"w at \[0, 0\] is 99, outside 0 to N - 1"),
        ({"w": np.zeros((7, 3))}, "w has dtype float64; it takes integers"),
    ],
)
def test_wrong_integers_are_refused(spec, change, words):
    with pytest.raises(ValuesError, match=words):
        spec.forward({**spec.draw(dtype="float64"), **change}, backend="equation")


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("type: integer, below: N", "below: N", "below is for integers from 0"),
        ("below: N", "below: N, low: 1", "below is for integers from 0"),
        ("below: N", "below: K", "K is not declared under sizes"),
        ("argmax(e[t])", "argmax(P)", r"argmax of \[M, N\]; it takes a vector"),
    ],
)
def test_wrong_declarations_are_refused(old, new, words):
    with pytest.raises(SpecError, match=words):
        refrnn.load_text(TOKENS.replace(old, new, 1))
