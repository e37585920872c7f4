"""Markov factorisation: counts of words after the last K words, by hand and against counting one place after the other."""

import math

import numpy as np
import pytest
from differential import assert_near, assert_same, each_backend, each_precision, given

import refrnn
from refrnn.errors import ValuesError
from refrnn.verify.cases import asked
from refrnn.verify.verify import verify_spec

spec = refrnn.load("markov-factorisation")


def test_backends_agree():
    """Words have no gradient, so that only what runs forward is compared."""
    report = verify_spec(spec)
    assert not report.failures, "\n".join(report.failures)
    assert report.backends == ("equation", "reference", "kernel")
    assert report.cases == len(asked(spec))
    assert 0 < report.worst["forward"]["ulp"] <= report.worst["forward"]["bound"] < np.inf
    assert len(report.claims) == len(spec.claims)
    assert not spec.differentiated


@each_backend
@each_precision
def test_counts_by_hand(backend, dtype):
    """In 0 1 0 1 1 the word 0 stands twice and 1 three times; 1 follows 0 twice, and after 1 come 0 and 1 once each."""
    values = {**given(dtype, alpha=[1, 1]), "x": np.array([[0], [1], [0]]), "c": np.array([0, 1, 0, 1, 1]), "K": 1}
    run = spec.forward(values, backend)
    assert_same(run.outputs["count"], [[[2, 3]], [[0, 2]], [[1, 1]]])
    assert_near(run.outputs["P"], [[[3 / 7, 4 / 7]], [[0.25, 0.75]], [[0.5, 0.5]]], ulp=1)
    assert_near(run.outputs["loss"], [[math.log(7 / 3)], [math.log(4 / 3)], [math.log(2)]], ulp=2)


@each_backend
@each_precision
def test_nearer_words_come_first_in_the_context(backend, dtype):
    """After 0 1 came 2, after 1 0 came 1."""
    values = {**given(dtype, alpha=[0.5, 0.5, 0.5]), "x": np.array([[0, 1], [1, 0], [2, 2]]), "c": np.array([1, 0, 1, 2]), "K": 2}
    assert_same(spec.forward(values, backend).outputs["count"][2], [[0, 0, 1], [0, 1, 0]])


@each_backend
@each_precision
def test_a_context_that_never_came_leaves_the_prior(backend, dtype):
    values = {**given(dtype, alpha=[1, 3]), "x": np.array([[1], [1], [0]]), "c": np.array([0, 1, 0]), "K": 2}
    run = spec.forward(values, backend)
    assert_same(run.outputs["count"][2], [[0, 0]])
    assert_same(run.outputs["P"][2], [[0.25, 0.75]])


@each_backend
@each_precision
def test_more_context_than_text(backend, dtype):
    """Before step K the context is all that there is; past the text's length there is nothing left to count."""
    values = {**given(dtype, alpha=[1, 1]), "x": np.array([[0], [1], [0], [1]]), "c": np.array([0, 1]), "K": 10**9}
    assert_same(spec.forward(values, backend).outputs["count"], [[[1, 1]], [[0, 1]], [[0, 0]], [[0, 0]]])


@each_backend
@each_precision
@pytest.mark.parametrize("K", (0, 1, 2, 3, 6))
def test_counts_of_a_long_text(backend, dtype, K):
    """Against a dictionary of contexts; every sequence has counts of its own, and none behind its end."""
    random = np.random.default_rng(K)
    text, x, lengths = random.integers(0, 3, 400), random.integers(0, 3, (9, 4)), np.array([9, 1, 6, 4])
    values = {**given(dtype, alpha=[0.5, 1, 2]), "x": x.copy(), "c": text, "K": K}
    for item, length in enumerate(lengths):
        values["x"][length:, item] = -1
    count = spec.forward(values, backend, lengths).outputs["count"]
    followers = {}
    for k in range(K + 1):
        for s in range(k, len(text)):
            followers.setdefault(tuple(text[s - k : s]), np.zeros(3))[text[s]] += 1
    for item, length in enumerate(lengths):
        for t in range(length):
            assert_same(count[t, item], followers.get(tuple(x[max(0, t - K) : t, item]), np.zeros(3)))
        assert not count[length:, item].any()


def test_words_outside_the_vocabulary_are_refused():
    values = spec.draw({"N": 3})
    for name in ("x", "c"):
        wrong = values[name].copy()
        wrong[0] = 3
        with pytest.raises(ValuesError, match=f"{name} at .* is 3"):
            spec.forward({**values, name: wrong})
