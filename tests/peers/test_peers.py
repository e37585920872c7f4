"""The peers are held against the equations as every other backend is; and what the bench times is the same computation."""

import numpy as np
import pytest

import refrnn
from refrnn.verify.backends import compare
from refrnn.verify.cases import cases
from refrnn.verify.properties import properties
from refrnn.verify.truth import Truth

IDS = ("elman", "lstm", "gru-reset-after", "gru-reset-before")
CASES = ("plain-float64", "plain-float32", "ragged-float64", "ragged-float32", "one-step-float64", "width-16-float32", "left-out-float64", "simple-low-float64", "simple-high-float64")
pytest.importorskip("torch", reason="PyTorch is an optional extra")


def truths(name, *wanted):
    spec = refrnn.load(name)
    return [Truth(spec, case) for case in cases(spec) if case.name in wanted]


@pytest.mark.parametrize("name", IDS)
def test_peer_computes_the_equation(name):
    for truth in truths(name, *CASES):
        judged, findings = compare(truth.spec, truth, "peer")
        assert not findings
        assert {worst.quantity for worst in judged} >= {*truth.spec.outputs, "d_x", "d_h0"}


@pytest.mark.parametrize("name", IDS)
def test_peer_is_a_backend_like_any_other(name):
    for truth in truths(name, "plain-float32", "ragged-float64"):
        assert not properties(truth.spec, truth, "peer")


@pytest.mark.parametrize("name", IDS)
def test_what_is_timed_is_what_is_verified(name):
    spec = refrnn.load(name)
    (truth,) = truths(name, "plain-float64")
    ready = spec.bindings["peer"].load().whole(**truth.checked.arrays, **truth.checked.integers)
    outputs = ready.start()
    upstream = {output: truth.upstream[output] for output in outputs}
    run = spec.forward(truth.values, "reference")
    expected = run.backward(upstream)
    for output, array in outputs.items():
        np.testing.assert_allclose(array, run.outputs[output], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ready.forward()[output].numpy(), array, rtol=1e-9, atol=1e-12)
    gradients = ready.pull_back(upstream)
    assert set(gradients) == set(spec.differentiated)
    for symbol, gradient in expected.items():
        np.testing.assert_allclose(gradients[symbol], gradient, rtol=1e-9, atol=1e-12)


def test_a_broken_exchange_of_weights_is_noticed(monkeypatch):
    module = refrnn.load("lstm").bindings["peer"].load()
    monkeypatch.setattr(module, "_reorder", lambda array, order: array)
    (truth,) = truths("lstm", "plain-float64")
    assert compare(truth.spec, truth, "peer")[1]
