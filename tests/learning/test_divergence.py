"""Divergences: two local ones, summed over all steps, over the marked ones, or taken at the last."""

import math

import numpy as np
from differential import (
    assert_backends_agree,
    assert_items_run_alone,
    assert_near,
    assert_same,
    each_backend,
    each_precision,
    given,
)

import refrnn

spec = refrnn.load("divergence")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_squared_by_hand(backend, dtype):
    """Two sequences of 3 and 2 steps: last means each one's own last."""
    nan = np.nan
    values = given(
        dtype, Y=[[[1, 2], [1, 1]], [[0, 4], [3, 0]], [[2, 2], [nan, nan]]], D=[[[0, 0], [1, 0]], [[0, 1], [1, 0]], [[1, 1], [nan, nan]]],
        P=np.full((3, 2, 2), 0.5), m=[[1, 0], [0, 1], [1, nan]],
    )  # fmt: skip
    run = spec.forward(values, backend, lengths=[3, 2])
    assert_same(run.outputs["squared"], [[2.5, 0.5], [4.5, 2], [1, 0]])
    assert_same(run.outputs["DIV_squared"], [8, 2.5])
    assert_same(run.outputs["DIV_squared_last"], [1, 2])
    assert_same(run.outputs["DIV_squared_masked"], [3.5, 2])
    # 1 for every step, 2 more for the last and 4 more for the marked ones.
    upstream = given(dtype, DIV_squared=[1, 1], DIV_squared_last=[2, 2], DIV_squared_masked=[4, 4])
    assert_same(run.backward(upstream)["Y"], [[[5, 10], [0, 1]], [[0, 3], [14, 0]], [[7, 7], [0, 0]]])


@each_backend
@each_precision
def test_entropy_by_hand(backend, dtype):
    """Of four equal outputs each is 1/4, of two 1/2; the gradient is softmax minus one-hot, times what the step weighs."""
    values = given(
        dtype, Y=[[[3, 3, 3, 3]], [[1, 1, -999, -999]]], D=np.zeros((2, 1, 4)), P=[[[0, 1, 0, 0]], [[1, 0, 0, 0]]], m=[[1], [0]],
    )  # fmt: skip
    run = spec.forward(values, backend)
    four, two = math.log(4), math.log(2)  # what lies 1000 below counts as nothing
    assert_near(run.outputs["entropy"], [[four], [two]], ulp=2)
    for name, expected in (("DIV_entropy", four + two), ("DIV_entropy_masked", four), ("DIV_entropy_last", two)):
        assert_near(run.outputs[name], [expected], ulp=2)
    # exp and log of the reference round: a quarter may be off by an ulp of 1.
    gradient = run.backward(given(dtype, DIV_entropy=[1], DIV_entropy_masked=[2], DIV_entropy_last=[4]))["Y"]
    assert_near(gradient, [[[0.75, -2.25, 0.75, 0.75]], [[-2.5, 2.5, 0, 0]]], ulp=2)


@each_backend
@each_precision
def test_entropy_is_that_of_differences(backend, dtype):
    """Outputs of any size: what is added to all of them changes nothing, and what is far below counts as nothing."""
    Y = [[[1, 2, -4, 0.5]], [[1000, 0, -1000, 0]], [[3e30, 0, 0, 0]]]
    values = given(dtype, Y=Y, D=np.zeros((3, 1, 4)), P=[[[0, 0, 1, 0]], [[0, 1, 0, 0]], [[1, 0, 0, 0]]], m=np.ones((3, 1)))
    run = spec.forward(values, backend)
    assert_same(run.outputs["entropy"][1:], [[1000], [0]])
    gradient = run.backward({"DIV_entropy": np.ones(1, dtype)})["Y"]
    assert_same(gradient[1:], [[[1, -1, 0, 0]], [[0, 0, 0, 0]]])
    shifted = spec.forward({**values, "Y": values["Y"] + np.array([64, 8192, 0], dtype)[:, None, None]}, backend)
    assert_same(shifted.outputs["entropy"], run.outputs["entropy"])


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
