"""Bounds are measured on the case: honest rounding is within them, a change of a few bounds is not."""

import numpy as np
import pytest

import refrnn
from refrnn.verify.backends import compare
from refrnn.verify.cases import Case, cases
from refrnn.verify.truth import Truth


@pytest.fixture(scope="module")
def truth():
    spec = refrnn.load("gru-reset-before")
    return Truth(spec, cases(spec)[0])


def test_truth_has_an_error_of_zero(truth):
    for key, array in truth.quantities.items():
        assert truth.error(key, array)[0] == 0


def test_error_is_in_ulp_of_the_scale_and_names_the_place(truth):
    key = ("gradient", "d_W_hh")
    array = np.array(truth.quantities[key])
    scale = np.abs(array).max()
    array[2, 3] += 7 * np.finfo(np.float64).eps * scale
    error, place = truth.error(key, array)
    assert place == (2, 3)
    assert error == pytest.approx(7, rel=1e-3)


def test_the_scale_is_that_of_the_time_step(truth):
    key = ("forward", "h")
    array = np.array(truth.quantities[key])
    scale = np.abs(array[4]).max()
    array[4, 0, 0] += 11 * np.finfo(np.float64).eps * scale
    assert truth.error(key, array)[0] == pytest.approx(11, rel=1e-3)


def test_not_a_number_is_infinitely_wrong(truth):
    key = ("forward", "h")
    array = np.array(truth.quantities[key])
    array[0, 0, 0] = np.nan
    assert truth.error(key, array) == (float("inf"), (0, 0, 0))


@pytest.mark.parametrize("key", [("forward", "h"), ("forward", "r"), ("gradient", "d_x")])
def test_past_the_end_only_zero_is_right(key):
    """However small what leaks: the other sequences of the step give it no scale to hide behind."""
    spec = refrnn.load("gru-reset-before")
    case = next(case for case in cases(spec) if case.name == "ragged-float64")
    ragged = Truth(spec, case)
    array = np.array(ragged.quantities[key])
    shortest = int(np.argmin(ragged.lengths))
    assert np.all(array[1:, shortest] == 0) and ragged.judge({key: array})[0].ok
    array[-1, shortest, 0] = 1e-300
    assert ragged.error(key, array) == (float("inf"), (len(array) - 1, shortest, 0))
    assert not ragged.judge({key: array})[0].ok


def test_a_wrong_shape_is_infinitely_wrong(truth):
    worst = truth.judge({("forward", "h"): np.zeros((1, 1))})[0]
    assert not worst.ok and worst.ulp == float("inf")


@pytest.mark.parametrize("name", refrnn.ids())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_honest_rounding_is_within_the_bounds(name, dtype):
    """The equation in the case's own precision passes on draws that set no bound."""
    spec = refrnn.load(name)
    for seed in range(50, 54):
        judged, findings = compare(spec, Truth(spec, Case("fresh", dtype, seed=seed)), "equation")
        assert findings == []
        assert all(worst.ulp <= worst.bound for worst in judged)


def test_bounds_are_small_where_the_case_is_tame_and_grow_where_it_is_not():
    spec = refrnn.load("elman")
    tame, wild = (Truth(spec, Case("case", "float64", seed=7, stretch=stretch)) for stretch in (1.0, 8.0))
    assert max(tame.bounds.values()) < 100
    assert max(wild.bounds.values()) > max(tame.bounds.values())
