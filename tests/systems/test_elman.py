"""Elman network: contexts copied, and for "simple" learning taken for constants."""

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
    zeroed,
)

import refrnn

spec = refrnn.load("elman")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """2 * 1/4 - 1/2 = 0, so that the first state is 0 with slope 1; the second one is tanh(1)."""
    values = given(dtype, x=[[[0.25]], [[0.5]]], h0=[[0.5]], W_xh=[[2]], W_hh=[[-1]], W_hy=[[3]])
    upstream = given(dtype, y=[[[0]], [[1]]])
    tanh_1 = math.tanh(1)
    d_a = 3 * (1 - tanh_1**2)
    full = {"x": [[[-2 * d_a]], [[2 * d_a]]], "h0": [[d_a]], "W_xh": [[d_a / 4]], "W_hh": [[-d_a / 2]], "W_hy": [[tanh_1]]}
    simple = {"x": [[[0]], [[2 * d_a]]], "h0": [[0]], "W_xh": [[d_a / 2]], "W_hh": [[0]], "W_hy": [[tanh_1]]}
    for choice, expected in ((0, full), (1, simple)):
        run = spec.forward({**values, "simple": choice}, backend)
        assert_near(run.outputs["h"], [[[0]], [[tanh_1]]], ulp=2)
        assert_near(run.outputs["y"], [[[0]], [[3 * tanh_1]]], ulp=2)
        for name, gradient in run.backward(upstream).items():
            # 1 - tanh(1)^2 = 0.42 comes of numbers near 1, whose rounding weighs more in it.
            assert_near(gradient, expected[name], ulp=6)


@each_backend
@each_precision
def test_weights_lead_from_row_to_column(backend, dtype):
    """A 1 at [0, 1] carries unit 0 of the state to unit 1, and nothing else anywhere."""
    values = given(dtype, x=[[[0, 0]]], h0=[[0.5, 0.25]], W_xh=[[0, 0], [0, 0]], W_hh=[[0, 1], [0, 0]], W_hy=[[1, 0, 0], [0, 0, 1]])
    run = spec.forward({**values, "simple": 0}, backend)
    assert_near(run.outputs["h"], [[[0, math.tanh(0.5)]]], ulp=2)
    assert_same(run.outputs["y"][..., 2], run.outputs["h"][..., 1])
    assert_same(run.outputs["y"][..., :2], [[[0, 0]]])


@each_backend
@each_precision
def test_without_recurrent_weights_each_step_stands_alone(backend, dtype):
    """Then T steps are a batch of T sequences of one step, bit for bit, and no error reaches the start."""
    values = zeroed({**spec.draw({"T": 5}, batch=1, seed=1, dtype=dtype), "simple": 0}, "W_hh")
    apart = {**values, "x": values["x"].swapaxes(0, 1), "h0": np.repeat(values["h0"], 5, axis=0)}
    run, steps = spec.forward(values, backend), spec.forward(apart, backend)
    upstream = draw_upstream(run)
    gradients = run.backward(upstream)
    of_steps = steps.backward({name: array.swapaxes(0, 1) for name, array in upstream.items()})
    for name in spec.outputs:
        assert_same(run.outputs[name].swapaxes(0, 1), steps.outputs[name])
    assert_same(gradients["x"].swapaxes(0, 1), of_steps["x"])
    assert_same(gradients["h0"], np.zeros((1, 5)))


@each_backend
@each_precision
def test_simple_learning_reaches_no_past(backend, dtype):
    """The outputs are those of full learning; the error of the last step stays there."""
    values = {**spec.draw({"T": 6}, seed=2, dtype=dtype), "simple": 1}
    run, full = spec.forward(values, backend), spec.forward({**values, "simple": 0}, backend)
    upstream = draw_upstream(run)
    for name in spec.outputs:
        assert_same(run.outputs[name], full.outputs[name])
        upstream[name][:-1] = 0
    gradients = run.backward(upstream)
    assert not gradients["h0"].any()
    assert not gradients["x"][:-1].any()
    assert gradients["x"][-1].all()
    assert full.backward(upstream)["h0"].all()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    for simple in (0, 1):
        assert_chunks_join(spec, backend, dtype, simple=simple)
        assert_items_run_alone(spec, backend, dtype, simple=simple)
