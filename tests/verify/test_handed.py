"""What the library hands on, takes and draws is what was given and promised; what is not is found."""

from dataclasses import replace

import numpy as np
import pytest
from unit import unit

import refrnn
from refrnn.errors import ValuesError
from refrnn.verify import handed, verify
from refrnn.verify.cases import cases
from refrnn.verify.truth import Truth

PAIR = refrnn.load("encoder-decoder")


def truth_of(spec, name="ragged-float64"):
    return Truth(spec, next(case for case in cases(spec) if case.name == name))


def test_all_holds_as_it_is():
    for spec in (unit(), PAIR, refrnn.load("divergence"), refrnn.load("word-model")):
        truth = truth_of(spec)
        assert truth.changed == [] and handed.promises(spec, truth) == []


def test_lengths_and_arrays_are_those_that_were_given(monkeypatch):
    truth = truth_of(unit())
    sorted_lengths = replace(truth.checked, lengths={"T": np.sort(truth.lengths)})
    assert handed.handed_on(unit(), truth.values, truth.lengths, sorted_lengths) == ["the lengths of T are not those that were given"]
    rounded = replace(truth.checked, arrays=truth.checked.arrays | {"x": truth.checked.arrays["x"] + 1})
    assert handed.handed_on(unit(), truth.values, truth.lengths, rounded) == ["x is not what was given"]
    assert handed.handed_on(unit(), truth.values, None, truth.checked) == ["lengths are there that were not given"]
    monkeypatch.setattr("refrnn.verify.truth.check_values", lambda *given: sorted_lengths)
    assert truth_of(unit()).failures == ["the lengths of T are not those that were given, in case ragged-float64"]


def test_padding_that_is_refused(monkeypatch):
    def refuses(spec, values, lengths):
        if np.isnan(values["x"]).any():
            raise ValuesError("NaN")

    truth = truth_of(unit())
    monkeypatch.setattr(handed, "check_values", refuses)
    assert handed.promises(unit(), truth) == ["what lies past an end is refused (NaN)"]


def test_a_time_that_is_not_named(monkeypatch):
    def shortens(spec, values, lengths, right=handed.check_values):
        checked = right(spec, values, lengths)
        return checked if len(lengths) == 2 else replace(checked, lengths=dict.fromkeys(checked.lengths, np.minimum(*checked.lengths.values())))

    truth = truth_of(PAIR)
    monkeypatch.setattr(handed, "check_values", shortens)
    assert "T is not whole where lengths are given of S alone" in handed.promises(PAIR, truth)


@pytest.mark.parametrize("name, wrong", [("m", np.zeros_like), ("m", np.ones_like), ("P", np.negative), ("P", lambda array: 2 * array), ("Y", np.zeros_like), ("Y", np.ones_like), ("Y", lambda array: array / 1000)])
def test_draws_that_are_not_as_promised(name, wrong):
    spec = refrnn.load("divergence")
    truth, right = truth_of(spec), spec.draw
    spec.draw = lambda *sizes, **chosen: (lambda values: values | {name: wrong(values[name])})(right(*sizes, **chosen))
    try:
        assert handed.promises(spec, truth) == [f"draw gives {name} other numbers than it promises"]
    finally:
        del spec.draw


def test_numbers_stay_within_their_ends():
    spec = refrnn.load("constant-error-carousel")
    truth, right = truth_of(spec), spec.draw
    spec.draw = lambda *sizes, **chosen: (lambda values: values | {"sigma": 1 + values["sigma"]})(right(*sizes, **chosen))
    try:
        assert handed.promises(spec, truth) == ["draw gives sigma other numbers than it promises"]
    finally:
        del spec.draw


def test_what_is_broken_is_a_failure_of_the_library(monkeypatch):
    monkeypatch.setattr(verify, "promises", lambda spec, truth: ["nothing is kept"])
    assert verify.verify_spec(unit(), ["kernel"]).failures == ["library: nothing is kept"]
