"""Batched NumPy is held against the equations and the kernels: a race against a wrong opponent proves nothing."""

from dataclasses import replace

import numpy as np
import pytest

import refrnn
from refrnn.backends.layer import Layer
from refrnn.bench import batched
from refrnn.errors import ValuesError
from refrnn.verify.backends import compare
from refrnn.verify.cases import cases
from refrnn.verify.properties import properties
from refrnn.verify.truth import Truth
from unit import gives_what_came_before

IDS = ("elman", "unfolding", "lstm", "gru-reset-before", "gru-reset-after")
CASES = ("plain-float64", "plain-float32", "one-step-float64", "still-float32", "width-16-float32", "left-out-float64", "simple-low-float64", "simple-high-float64")


@pytest.mark.parametrize("name", IDS)
def test_computes_the_equation(name):
    spec = refrnn.load(name)
    for case in cases(spec):
        if case.name in CASES:
            truth = Truth(spec, replace(case, ragged=False))
            assert not compare(spec, truth, batched.find(spec))[1]
            # Where a property hands in lengths, they are refused.
            assert not [finding for finding in properties(spec, truth, batched.find(spec)) if "runs whole sequences only" not in finding.text]


@pytest.mark.parametrize("name", ["elman", "lstm"])
def test_a_layer_that_gives_what_came_before_is_found(name, monkeypatch):
    spec = refrnn.load(name)
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "plain-float32"))
    monkeypatch.setattr(Layer, "forward", gives_what_came_before())
    assert compare(spec, truth, batched.find(spec))[1] == []
    (text,) = [finding.text for finding in properties(spec, truth, batched.find(spec)) if "runs whole sequences only" not in finding.text]
    assert text == "h written into out is not that of an earlier call in case plain-float32"


@pytest.mark.parametrize("name", IDS)
def test_equals_the_kernel(name):
    spec = refrnn.load(name)
    values = spec.draw({"T": 12, "H": 20, "I": 9}, batch=7, seed=3, dtype="float64")
    ours, theirs = (spec.forward(values, backend) for backend in (batched.find(spec), "kernel"))
    upstream = {output: np.ones_like(array) for output, array in ours.outputs.items()}
    expected = {**theirs.outputs, **theirs.backward(upstream)}
    for symbol, array in {**ours.outputs, **ours.backward(upstream)}.items():
        np.testing.assert_allclose(array, expected[symbol], rtol=1e-10, atol=1e-12)


def test_unequal_lengths_are_refused():
    spec = refrnn.load("lstm")
    with pytest.raises(ValuesError, match="whole sequences"):
        spec.forward(spec.draw({"T": 3}, batch=2), batched.find(spec), lengths=[3, 1])


def test_a_spec_without_it_has_none():
    assert batched.find(refrnn.load("two-layer-rnn")) is None
