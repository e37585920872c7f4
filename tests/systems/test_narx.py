"""NARX network: three kinds of past to feed back, and any number of delays."""

import math

import numpy as np
import pytest
from delays import assert_delayed_chunks_join, assert_state_follows_lengths
from differential import (
    assert_added_near,
    assert_backends_agree,
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

spec = refrnn.load("narx")
PREDICTED, TRUE, ERRORS = 0, 1, 2
each_feedback = pytest.mark.parametrize("feedback", (PREDICTED, TRUE, ERRORS))


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """The first prediction is 2 * 1/4 - 1/2 = 0 with slope 1; then 1/2 is added to what is fed back: 0, 1/4 or 1/4 - 0."""
    values = given(
        dtype, X=[[[0.25]], [[0.25]]], D=[[[0.25]], [[1]]], X_start=[[[0]]], fed_start=[[[-0.5]]],
        W_x=[[[2]], [[0]]], W_y=[[[1]]], b=[0],
    )  # fmt: skip
    for feedback, first_fed in ((PREDICTED, 0), (TRUE, 0.25), (ERRORS, 0.25)):
        run = spec.forward({**values, "feedback": feedback}, backend)
        second = math.tanh(0.5 + first_fed)
        assert_near(run.outputs["Y"], [[[0]], [[second]]], ulp=2)
        last_fed = (second, 1, 1 - second)[feedback]
        assert_near(run.outputs["fed"], [[[first_fed]], [[last_fed]]], ulp=3)
        slope = 1 - second**2
        back = (slope, 0, -slope)[feedback]  # of the second output by the first prediction
        gradients = run.backward({"Y": np.array([[[0]], [[1]]], dtype)})
        assert_near(gradients["X"], [[[2 * back]], [[2 * slope]]], ulp=6)
        assert_near(gradients["fed_start"], [[[back]]], ulp=6)
        assert_near(gradients["W_y"], [[[first_fed * slope - 0.5 * back]]], ulp=6)
        assert_near(gradients["b"], [back + slope], ulp=6)


@each_backend
@each_precision
def test_one_delay_is_a_recurrent_network(backend, dtype):
    """Y_t = f(X_t, Y_{t-1}) as printed is the state of a plain recurrent network."""
    values = {**zeroed(spec.draw({"T": 6, "M": 1, "N": 1}, seed=1, dtype=dtype), "b"), "feedback": PREDICTED}
    values["W_x"][1] = 0
    unfolding = refrnn.load("unfolding")
    plain = unfolding.forward({"x": values["X"], "s0": values["fed_start"][:, 0], "U": values["W_y"][0], "V": values["W_x"][0]}, backend)
    run = spec.forward(values, backend)
    assert_near(run.outputs["Y"], plain.outputs["s"], ulp=8)
    upstream = draw_upstream(plain)["s"]
    gradients, expected = run.backward({"Y": upstream}), plain.backward({"s": upstream})
    for found, wanted in ((gradients["X"], "x"), (gradients["fed_start"][:, 0], "s0"), (gradients["W_y"][0], "U"), (gradients["W_x"][0], "V")):
        assert_added_near(found, expected[wanted], 18)


@each_backend
@each_precision
def test_true_values_make_each_step_stand_alone(backend, dtype):
    """With the delays of the network handed over, steps in any order give the same outputs, and no error reaches a past one."""
    values = {**spec.draw({"T": 8, "M": 2, "N": 2}, batch=1, seed=2, dtype=dtype), "feedback": TRUE}
    run = spec.forward(values, backend)
    last = {name: values[name][7:] for name in ("X", "D")}
    alone = {**values, **last, "X_start": values["X"][5:7].swapaxes(0, 1), "fed_start": values["D"][5:7].swapaxes(0, 1)}
    assert_same(spec.forward(alone, backend).outputs["Y"], run.outputs["Y"][7:])
    assert_same(run.outputs["fed"], values["D"])
    upstream = np.zeros_like(run.outputs["Y"])
    upstream[7] = 1
    gradients = run.backward({"Y": upstream})
    assert gradients["X"][5:].all() and not gradients["X"][:5].any() and not gradients["fed_start"].any()


@each_backend
@each_precision
def test_perfect_predictions_feed_nothing_back(backend, dtype):
    values = {**zeroed(spec.draw({"T": 6}, seed=3, dtype=dtype), "fed_start"), "feedback": ERRORS}
    alone = spec.forward(zeroed(values, "W_y"), backend).outputs["Y"]
    run = spec.forward({**values, "D": alone}, backend)
    assert_same(run.outputs["Y"], alone)
    assert_same(run.outputs["fed"], np.zeros_like(alone))


@each_backend
@each_precision
@each_feedback
def test_targets_have_no_gradient(backend, dtype, feedback):
    run = spec.forward({**spec.draw(seed=4, dtype=dtype), "feedback": feedback}, backend)
    assert run.backward(draw_upstream(run)).keys() == {"X", "X_start", "fed_start", "W_x", "W_y", "b"}


@each_backend
@each_precision
@each_feedback
def test_chunks_join_and_items_run_alone(backend, dtype, feedback):
    assert_delayed_chunks_join(spec, backend, dtype, ulp=80, copied={"line": "X"}, feedback=feedback)
    assert_items_run_alone(spec, backend, dtype, feedback=feedback)
    assert_state_follows_lengths(spec, backend, dtype, feedback=feedback)
