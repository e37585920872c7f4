"""Scalar recursion: one unit, three activations."""

import math

import numpy as np
from differential import (
    assert_backends_agree,
    assert_chunks_join,
    assert_items_run_alone,
    assert_near,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    given,
)

import refrnn

spec = refrnn.load("scalar-recursion")
SIGMOID, TANH, RELU = 0, 1, 2


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_each_activation_by_hand(backend, dtype):
    """2 * 1/4 - 3 * 1/2 = -1, and 2 * 1/4 + 3 * 1/2 = 2."""
    values = given(dtype, x=[[-0.5, 0.5]], h0=[0.25, 0.25], w=2, c=3)
    values = {name: np.asarray(value, dtype) for name, value in values.items()}
    expected = {SIGMOID: lambda z: 1 / (1 + math.exp(-z)), TANH: math.tanh, RELU: lambda z: max(z, 0)}
    slopes = {SIGMOID: lambda h: h * (1 - h), TANH: lambda h: 1 - h * h, RELU: lambda h: float(h > 0)}
    for f, activation in expected.items():
        run = spec.forward({**values, "f": f}, backend)
        h = [activation(-1.0), activation(2.0)]
        assert_near(run.outputs["h"], [h], ulp=3)
        gradients = run.backward({"h": np.ones((1, 2), dtype)})
        slope = [slopes[f](one) for one in h]
        assert_near(gradients["x"], [[3 * one for one in slope]], ulp=16)
        assert_near(gradients["h0"], [2 * one for one in slope], ulp=16)
        assert_near(gradients["w"], 0.25 * sum(slope), ulp=16)
        assert_near(gradients["c"], 0.5 * (slope[1] - slope[0]), ulp=16)


@each_backend
@each_precision
def test_relu_doubles_or_is_silent(backend, dtype):
    """From 1 it is 2, 4, 8, ...; from -1 it is zero, and no error reaches its start."""
    values = given(dtype, x=np.zeros((6, 2)), h0=[1, -1])
    values = {**values, "w": np.asarray(2, dtype), "c": np.asarray(1, dtype), "f": RELU}
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], [[2.0**t, 0] for t in range(1, 7)])
    upstream = np.zeros((6, 2), dtype)
    upstream[-1] = 1
    assert_same(run.backward({"h": upstream})["h0"], [64, 0])


@each_backend
@each_precision
def test_saturated_ones_pass_no_error(backend, dtype):
    """At 1 the slope of a sigmoid or a tanh is exactly 0."""
    for f in (SIGMOID, TANH):
        values = {**spec.draw({"T": 3}, seed=1, dtype=dtype), "f": f, "c": np.asarray(1, dtype)}
        run = spec.forward({**values, "x": np.full((3, 3), 1000, dtype)}, backend)
        assert_same(run.outputs["h"], np.ones((3, 3)))
        for gradient in run.backward(draw_upstream(run)).values():
            assert not gradient.any()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    for f in (SIGMOID, TANH, RELU):
        assert_chunks_join(spec, backend, dtype, f=f)
        assert_items_run_alone(spec, backend, dtype, f=f)
