"""Where values are extreme, what is right is what the text gives in the precision of the case; elsewhere, and where it gives another number, nothing is."""

from dataclasses import replace

import numpy as np
import pytest

import refrnn
from refrnn.verify.cases import cases
from refrnn.verify.text import _said, excused
from refrnn.verify.truth import Truth

SPEC = refrnn.load_text("""
id: small
title: Small
sizes: {T: steps, H: units}
time: T
symbols:
  x: {role: input, shape: [T, H]}
  w: {role: parameter, shape: [H]}
equations:
  - y[t] = exp(w * x[t]) / exp(w * x[t]) + w * x[t]
outputs: [y]
""")


@pytest.fixture
def truth():
    return Truth(SPEC, replace(next(case for case in cases(SPEC) if case.name == "plain-float32"), extreme=True, stretch=2.0**6))


def as_text(truth):
    """What the text gives in float32: infinity by infinity, and the numbers beside it."""
    found = _said(SPEC, truth)
    assert found.keys() == truth.quantities.keys() and all(np.isnan(array).any() and not np.isnan(array).all() for array in found.values())
    return found


def test_what_the_text_gives_is_right_where_values_are_extreme(truth):
    found = as_text(truth)
    for key, array in excused(SPEC, truth, found).items():
        np.testing.assert_array_equal(array, truth.quantities[key].astype(np.float32))


def test_another_number_is_not(truth):
    found = {key: 3 * array for key, array in as_text(truth).items()}
    for key, array in excused(SPEC, truth, found).items():
        np.testing.assert_array_equal(array[~np.isnan(found[key])], found[key][~np.isnan(found[key])])


def test_nothing_is_excused_where_values_are_plain(truth):
    plain = Truth(SPEC, replace(truth.case, extreme=False, stretch=1.0))
    found = {("forward", "y"): SPEC.forward(plain.values, "equation").outputs["y"]}
    assert excused(SPEC, plain, found) is found


def test_a_shape_that_does_not_fit_is_left_as_it_is(truth):
    found = {("forward", "y"): np.zeros(3, np.float32)}
    assert excused(SPEC, truth, found)["forward", "y"] is found["forward", "y"]
