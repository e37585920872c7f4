"""A forked process that waits, dies, raises or answers otherwise is found."""

import os

import pytest
from unit import Backend, unit

import refrnn
from refrnn.kernels.primitives import fork
from refrnn.verify.cases import cases
from refrnn.verify.properties import forks
from refrnn.verify.truth import Truth


@pytest.fixture(autouse=True)
def _anew(monkeypatch):
    monkeypatch.setattr(forks, "_held", set())
    monkeypatch.setattr(forks, "PATIENCE", 3)


def said(spec):
    truth = Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64"))
    return forks.children_answer_alike(spec, truth, "kernel")


def in_a_child(does):
    """The unit's kernel, which does something else in another process."""
    parent = os.getpid()

    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        return (outputs if os.getpid() == parent else does(outputs)), saved

    return unit(kernel=Backend(forward))


def test_it_holds():
    spec = refrnn.load("lstm")
    assert said(spec) is None and forks._held == {"gated"}
    assert said(unit()) is None


def test_each_group_is_asked_once(monkeypatch):
    assert said(refrnn.load("lstm")) is None
    monkeypatch.setattr(forks, "_of_child", lambda ask: b"0")
    assert said(refrnn.load("gru-minimal")) is None
    assert said(refrnn.load("elman")) == "a process that is forked gives other bits"


@pytest.mark.parametrize("renewals", range(2))
def test_a_lock_that_is_not_made_anew(renewals, monkeypatch):
    monkeypatch.setattr(fork._Process, "renewals", fork._Process.renewals[renewals:][:1])
    assert said(refrnn.load("lstm")) in ("a process that is forked waits for ever", None)
    monkeypatch.setattr(fork._Process, "renewals", [])
    assert said(refrnn.load("elman")) == "a process that is forked waits for ever"


def test_one_that_gives_other_bits():
    assert said(in_a_child(lambda outputs: {name: 2 * array for name, array in outputs.items()})) == "a process that is forked gives other bits"


def test_one_that_raises():
    assert said(in_a_child(lambda outputs: outputs["none"])) == "a process that is forked raises"


def test_one_that_dies():
    assert said(in_a_child(lambda outputs: os._exit(1))) == "a process that is forked dies"


def test_one_that_dies_later():
    calls = []
    assert said(in_a_child(lambda outputs: outputs if calls.append(1) or len(calls) < 3 else os._exit(1))) == "a process that is forked dies"
