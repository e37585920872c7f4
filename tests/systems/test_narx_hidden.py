"""NARX network with hidden layers: layers between what is fed back and the output."""

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

spec = refrnn.load("narx-hidden")
PREDICTED, TRUE, ERRORS = 0, 1, 2
each_feedback = pytest.mark.parametrize("feedback", (PREDICTED, TRUE, ERRORS))


def test_backends_agree():
    assert_backends_agree(spec)


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """2 * 1/4 - 1/2 = 0 and 4 * 1/2 - 2 = 0: both layers give 1/2 with slope 1/4, and the first prediction is 8/2 - 3 = 1."""
    values = given(
        dtype, X=[[[0.25]], [[0.25]]], D=[[[4]], [[1]]], X_start=[[[0]]], fed_start=[[[-0.5]]], W_x=[[[2]], [[0]]], W_y=[[[1]]],
        b=[0], V=[[[4]]], b_h=[[-2]], W_o=[[8]], b_o=[-3],
    )  # fmt: skip
    for feedback, first_fed in ((PREDICTED, 1), (TRUE, 4), (ERRORS, 3)):
        run = spec.forward({**values, "feedback": feedback}, backend)
        g = sigmoid(0.5 + first_fed)
        h = sigmoid(4 * g - 2)
        assert_near(run.outputs["Y"], [[[1]], [[8 * h - 3]]], ulp=8)
        assert_same(run.outputs["fed"][0], [[first_fed]])
        through = 8 * h * (1 - h) * 4  # of the second output by its first layer
        slope = through * g * (1 - g)
        back = (slope, 0, -slope)[feedback]  # by the first prediction, whose own slope is 8 * 1/4 * 4 * 1/4 = 2
        gradients = run.backward({"Y": np.array([[[0]], [[1]]], dtype)})
        expected = {
            "X": [[[4 * back]], [[2 * slope]]], "fed_start": [[[2 * back]]], "W_y": [[[first_fed * slope - back]]], "b": [2 * back + slope],
            "V": [[[back + 8 * h * (1 - h) * g]]], "b_h": [[2 * back + 8 * h * (1 - h)]], "W_o": [[back / 2 + h]], "b_o": [back + 1],
        }  # fmt: skip
        for name, wanted in expected.items():
            # Slopes near saturation come of numbers near 1, whose rounding weighs more in them.
            assert_near(gradients[name], wanted, ulp=128)


@each_backend
@each_precision
@each_feedback
def test_a_layer_in_between_is_a_function_of_the_one_below(backend, dtype, feedback):
    """Each layer from the one below it, all steps at once; the output from the last one, and what is fed back from that."""
    values = {**spec.draw({"T": 6, "L": 3}, seed=1, dtype=dtype), "feedback": feedback}
    run = spec.forward(values, backend)
    below = run.intermediates["g"]
    for l in range(3):
        below = 1 / (1 + np.exp(-(below @ values["V"][l].T + values["b_h"][l])))
        assert_near(run.intermediates["h"][:, :, l], below, ulp=8)
    Y = run.outputs["Y"]
    assert_near(Y, below @ values["W_o"].T + values["b_o"], ulp=32)
    assert_near(run.outputs["fed"], (Y, values["D"], values["D"] - Y)[feedback], ulp=1)


@each_backend
@each_precision
def test_true_values_make_it_a_feed_forward_net(backend, dtype):
    """Each step stands alone: no error reaches a past prediction, and what is fed back is one more input."""
    values = {**spec.draw({"T": 8, "M": 2, "N": 2}, batch=1, seed=2, dtype=dtype), "feedback": TRUE}
    run = spec.forward(values, backend)
    alone = {**values, **{name: values[name][7:] for name in ("X", "D")}}
    alone |= {"X_start": values["X"][5:7].swapaxes(0, 1), "fed_start": values["D"][5:7].swapaxes(0, 1)}
    assert_same(spec.forward(alone, backend).outputs["Y"], run.outputs["Y"][7:])
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
def test_hidden_layers_that_see_one_step_are_a_layer_after_a_layer(backend, dtype):
    """Without feedback and delays the first layer is an output layer of the input, and its gradient a product."""
    values = zeroed(spec.draw({"T": 5}, seed=4, dtype=dtype), "W_y", "X_start", "fed_start")
    values["W_x"][1:] = 0
    run = spec.forward({**values, "feedback": PREDICTED}, backend)
    g = 1 / (1 + np.exp(-(values["X"] @ values["W_x"][0].T + values["b"])))
    assert_near(run.intermediates["g"], g, ulp=8)
    upstream = draw_upstream(run)
    gradients = run.backward(upstream)
    of_outputs = upstream["Y"] + upstream["fed"]  # what is fed back is the output
    last = run.intermediates["h"][:, :, -1]
    assert_added_near(gradients["W_o"], np.einsum("tbo,tbh->oh", of_outputs, last), terms=20)
    assert_added_near(gradients["b_o"], of_outputs.sum(axis=(0, 1)), terms=20)


@each_backend
@each_precision
@each_feedback
def test_chunks_join_and_items_run_alone(backend, dtype, feedback):
    assert_delayed_chunks_join(spec, backend, dtype, ulp=80, copied={"line": "X"}, feedback=feedback)
    assert_items_run_alone(spec, backend, dtype, feedback=feedback)
    assert_state_follows_lengths(spec, backend, dtype, feedback=feedback)
