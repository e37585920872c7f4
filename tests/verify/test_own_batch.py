"""A batch that is one of the spec's own sizes: what mixes its sequences is found, and what they have in common by a name is meant."""

from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import refrnn
from refrnn.errors import ValuesError
from refrnn.verify.cases import cases
from refrnn.verify.properties import sequences_of_an_own_batch_are_alone
from refrnn.verify.truth import Truth
from refrnn.verify.verify import verify_spec

TEXT = """
id: own
title: Rows of a batch
sizes: {{T: steps, B: sequences, D: units}}
time: T
batch: B
symbols:
  x:  {{role: input, shape: {x}}}
  h0: {{role: start, shape: {h0}}}
  W:  {{role: parameter, shape: [D, D]}}
equations:
  - h[-1] = h0
  - h[t] = {h}
{more}
outputs: {outputs}
"""
ROWS = {"x": "[T, B, D]", "h0": "[B, D]", "h": "tanh(x[t] @ W + h[t-1])", "more": "", "outputs": "[h]"}
SPEC = refrnn.load("batched-rnn")
TRUTHS = {case.name: Truth(SPEC, case) for case in cases(SPEC) if case.name in ("plain-float64", "ragged-float64")}


def failures(level="quick", **parts):
    return verify_spec(refrnn.load_text(TEXT.format(**ROWS | parts)), ("equation",), level, language=False).failures


@pytest.mark.parametrize("parts", [
    {"h": "tanh(x[t] @ W + h[t-1] / B)"},
    {"h": "tanh(x[t] @ W + h[t-1] @ h[t-1].T @ h[t-1])"},
    {"h": "softmax(W @ x[t] + h[t-1])", "x": "[T, D, B]", "h0": "[D, B]"},
    {"h": "tanh(x[t] @ W + h[t-1]) / norm(h[t-1])"},
])  # fmt: skip
def test_an_equation_that_mixes_sequences(parts):
    assert failures(**parts)[0] == "equation: h is another one when the sequences of the batch B are given one by one"


@pytest.mark.parametrize("parts, level", [
    ({}, "quick"),
    ({"h": "tanh(x[t] @ W + h[t-1]) / s[t]", "more": "  - s[t] = 1 + norm(h[t-1])"}, "quick"),
    ({"more": "  - y[t] = sum(h[t] * h[t])", "outputs": "[y, h]"}, "full"),
])  # fmt: skip
def test_one_that_does_not_or_by_a_name_of_its_own(parts, level):
    assert failures(level, **parts) == []


def test_lengths_are_refused_where_there_is_such_a_name():
    spec = refrnn.load_text(TEXT.format(**ROWS | {"more": "  - y[t] = sum(h[t])", "outputs": "[y]"}))
    with pytest.raises(ValuesError, match="y is one for all sequences of the batch B, which can't be cut then; leave lengths out"):
        spec.forward(spec.draw({"T": 3, "B": 2, "D": 2}), lengths=[3, 2])


def otherwise(monkeypatch, backend, condition, way="forward"):
    """The backend gives the next number above, where what it is given is of such a kind."""
    right, module = SPEC.bindings[backend].load(), ModuleType("planted")

    def forward(x, **arguments):
        outputs, saved = right.forward(x=x, **arguments)
        off = condition(x)
        return ({"h": np.nextafter(outputs["h"], 2)} if off and way == "forward" else outputs), (saved, off)

    def backward(saved, d_h):
        gradients = right.backward(saved[0], d_h=d_h)
        return gradients | ({"h0": np.nextafter(gradients["h0"], 9)} if saved[1] and way == "backward" else {})

    module.forward, module.backward = forward, backward
    monkeypatch.setitem(SPEC.bindings, backend, SimpleNamespace(load=lambda: module, module="planted"))


def found(backend):
    return {name: sequences_of_an_own_batch_are_alone(SPEC, truth, backend) for name, truth in TRUTHS.items()}


@pytest.mark.parametrize("backend", ["equation", "reference", "kernel"])
def test_nothing_is_found_where_nothing_is_planted(backend):
    assert set(found(backend).values()) == {None}


@pytest.mark.parametrize("way, name", [("forward", "h"), ("backward", "d_h0")])
@pytest.mark.parametrize("condition, how", [
    (lambda x: x.shape[1] == 1, "one by one"),
    (lambda x: x.shape[1] > 1 and x[0, 0, 0] == last(), "in reverse order"),
])  # fmt: skip
def test_a_kernel_with_other_bits(condition, how, way, name, monkeypatch):
    otherwise(monkeypatch, "kernel", condition, way)
    assert found("kernel")["plain-float64"] == f"{name} is another one when the sequences of the batch B are given {how}"


def last():
    return TRUTHS["plain-float64"].checked.arrays["x"][0, -1, 0]


def test_a_reference_may_have_other_bits(monkeypatch):
    otherwise(monkeypatch, "reference", lambda x: x.shape[1] == 1)
    assert set(found("reference").values()) == {None}
