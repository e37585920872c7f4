"""Reservoir: fixed weights, leaky units, and a read-out of input and state."""

import math

import numpy as np
from differential import (
    assert_backends_agree,
    assert_chunks_join,
    assert_items_run_alone,
    assert_near,
    assert_same,
    each_backend,
    each_precision,
    given,
)

import refrnn
from refrnn.learning.reservoir import fixed_weights

spec = refrnn.load("reservoir")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """1/2 - 1/2 = 0: the first state is a half of the start, 1/4; the second one is 1/8 + tanh(1)/2."""
    values = given(dtype, x=[[[0.25]], [[0.625]]], h0=[[0.5]], W_in=[[2]], W=[[-1]], a=0.5, W_out=[[4, 8]])
    s = math.tanh(1)
    h = 0.125 + s / 2
    run = spec.forward(values, backend)
    assert_near(run.outputs["h"], [[[0.25]], [[h]]], ulp=2)
    assert_near(run.outputs["y"], [[[3]], [[2.5 + 8 * h]]], ulp=2)
    gradients = run.backward(given(dtype, y=[[[0]], [[1]]]))
    d = 4 * (1 - s**2)  # of the second tanh's argument
    of_first = 4 - d  # of h[0]: a half of 8, and -1 of d
    for name, expected in {"x": [[[of_first]], [[4 + 2 * d]]], "h0": [[0]], "W_out": [[0.625, h]]}.items():
        assert_near(gradients[name], expected, ulp=6)


@each_backend
@each_precision
def test_read_out_takes_the_input_first(backend, dtype):
    values = given(dtype, x=[[[0.25, 0.5]]], h0=[[0.5]], W_in=[[0, 0]], W=[[0]], a=0.5, W_out=[[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert_same(spec.forward(values, backend).outputs["y"], [[[0.25, 0.5, 0.25]]])


def test_fixed_weights_have_no_gradient():
    assert set(spec.differentiated) == {"x", "h0", "W_out"}


def test_drawn_weights_do_not_saturate_the_units():
    """Fixed matrices are drawn as learned ones are: smaller, the more numbers they add up."""
    values = spec.draw({"I": 30, "H": 60})
    assert 0.5 < np.abs(np.linalg.eigvals(values["W"])).max() < 1
    assert np.std(values["W_in"]) < 0.2


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype, ulp=2, a=0.25)
    assert_items_run_alone(spec, backend, dtype, a=0.25)


@each_backend
def test_start_is_forgotten_by_the_weights_of_the_library(backend):
    """The usual reservoir: 50 units, spectral radius 0.9, an input at every step."""
    W_in, W = fixed_weights(2, 50, seed=1)
    x = np.repeat(np.random.default_rng(2).standard_normal((300, 1, 2)), 2, axis=1)
    h0 = np.stack((np.zeros(50), np.ones(50)))
    h = spec.forward({"x": x, "h0": h0, "W_in": W_in, "W": W, "a": 0.2, "W_out": np.zeros((1, 52))}, backend).outputs["h"]
    assert np.abs(h[0, 0] - h[0, 1]).max() > 0.1
    assert np.abs(h[-1, 0] - h[-1, 1]).max() < 1e-9
