"""Cells written from papers load, and are not found wrong; a part of them here, all in cells_campaign."""

import pytest
from verify.cells_campaign import CELLS, names, verified

import refrnn

# What once was a false alarm, and what is unlike all else in the library.
CHOSEN = (
    "binary-hopfield", "causal-self-attention", "ctc", "dot-attention", "elman-counter", "garch", "layer-norm-rnn", "multiplicative-rnn", "stack-rnn", "viterbi",
)  # fmt: skip


def test_there_are_enough():
    assert len(names()) >= 40 and set(CHOSEN) <= set(names())


@pytest.mark.parametrize("name", names())
def test_loads(name):
    spec = refrnn.load(str(CELLS / f"{name}.yaml"))
    assert spec.id == name and "(" in spec.title  # whose paper it is


@pytest.mark.parametrize("name", CHOSEN)
def test_holds_and_no_mutant_lives(name):
    report = verified(name)
    assert report.failures == []
    assert report.mutants["killed"] > 20
