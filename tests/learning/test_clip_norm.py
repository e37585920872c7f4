"""Clipping by the norm: the direction stays, and the length is at most tau, whatever the size of the numbers."""

import numpy as np
import pytest
from differential import assert_backends_agree, assert_near, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("clip-norm")


def test_backends_agree():
    assert_backends_agree(spec)


def of(dtype, number, tau):
    """3 and 4 times a number: their norm is 5 times it."""
    return given(dtype, g=[3 * number], G=[[4 * number]], tau=tau)


@each_backend
@each_precision
@pytest.mark.parametrize("tau, expected", [(10, (3, 4)), (5, (3, 4)), (2.5, (1.5, 2))])
def test_three_four_five(tau, expected, backend, dtype):
    outputs = spec.forward(of(dtype, 1, tau), backend).outputs
    # The reference takes 3/4 and 5/4 for units, which divide without a rest but not by each other.
    assert_near(outputs["g_clipped"], [expected[0]], ulp=1)
    assert_near(outputs["G_clipped"], [[expected[1]]], ulp=1)
    assert_same(outputs["length"], 5)


@each_backend
@pytest.mark.parametrize("dtype, number", [("float64", 1e300), ("float64", 2.0**700), ("float32", 3e37), ("float32", 2.0**100)])
def test_squares_do_not_overflow(dtype, number, backend):
    run = spec.forward(of(dtype, number, 10), backend)
    assert_near(run.outputs["length"], 5 * np.array(number, dtype), ulp=2)
    assert_near(run.outputs["g_clipped"], [6], ulp=2)
    assert_near(run.outputs["G_clipped"], [[8]], ulp=2)
    # The length learns in the direction of the gradient; of the clipped one only a turn is left, too small to be seen.
    gradients = run.backward(given(dtype, length=1, g_clipped=[4], G_clipped=[[-3]]))
    assert_near(gradients["g"], [0.6], ulp=2)
    assert_near(gradients["G"], [[0.8]], ulp=2)


@each_backend
@pytest.mark.parametrize("dtype, number", [("float64", 1e-300), ("float64", 2.0**-700), ("float32", 1e-37), ("float32", 2.0**-100)])
def test_squares_do_not_underflow(dtype, number, backend):
    values = of(dtype, number, 1)
    run = spec.forward(values, backend)
    assert_near(run.outputs["length"], 5 * np.array(number, dtype), ulp=2)
    assert_same(run.outputs["g_clipped"], values["g"])
    assert_same(run.outputs["G_clipped"], values["G"])
    gradients = run.backward(given(dtype, length=1))
    assert_near(gradients["g"], [0.6], ulp=2)
    assert_near(gradients["G"], [[0.8]], ulp=2)


@each_backend
@each_precision
def test_a_norm_beyond_all_numbers_is_clipped_too(backend, dtype):
    largest = np.finfo(dtype).max
    outputs = spec.forward(given(dtype, g=[largest, -largest], G=[[largest, largest]], tau=1), backend).outputs
    assert np.isinf(outputs["length"])
    assert_near(outputs["g_clipped"], [0.5, -0.5], ulp=1)
    assert_near(outputs["G_clipped"], [[0.5, 0.5]], ulp=1)


@each_backend
@each_precision
def test_nothing_has_no_direction(backend, dtype):
    values = given(dtype, g=[0, 0], G=[[0, 0, 0]], tau=1)
    run = spec.forward(values, backend)
    assert_same(run.outputs["length"], 0)
    assert_same(run.outputs["g_clipped"], values["g"])
    gradients = run.backward(given(dtype, length=1, g_clipped=[2, 3], G_clipped=[[4, 5, 6]]))
    assert_same(gradients["g"], [2, 3])
    assert_same(gradients["G"], [[4, 5, 6]])


@each_backend
@each_precision
def test_clipping_turns_and_never_stretches(backend, dtype):
    """(3, 4) brought to half its length: an error along it is lost, one across it is halved."""
    run = spec.forward(of(dtype, 1, 2.5), backend)
    along = run.backward(given(dtype, g_clipped=[3], G_clipped=[[4]]))
    across = run.backward(given(dtype, g_clipped=[4], G_clipped=[[-3]]))
    eps = np.finfo(dtype).eps
    # 3 - 3 and 4 - 4, each side rounded a few times.
    assert abs(along["g"][0]) <= 8 * eps and abs(along["G"][0, 0]) <= 8 * eps
    assert_near(across["g"], [2], ulp=4)
    assert_near(across["G"], [[-1.5]], ulp=4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad):
    with pytest.raises(refrnn.ValuesError, match="G at .1, 0. .*not a finite number"):
        spec.forward(given("float64", g=[1], G=[[1], [bad]], tau=1))
