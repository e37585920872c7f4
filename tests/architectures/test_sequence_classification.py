"""One answer for a sequence, from its last state, whatever its length."""

import math

import numpy as np
from differential import (
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

spec = refrnn.load("sequence-classification")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_lengths_by_hand(backend, dtype):
    """A unit that holds sigmoid of its input alone: the answer of item 0 is from step 1, that of item 1 from step 0."""
    values = given(
        dtype, x=[[[0], [0]], [[1], [np.nan]]], h0=[[0.25], [0.5]], W_x=[[1]], W_h=[[0]], b_h=[0], W_o=[[2], [0]], b_o=[0, 0]
    )
    run = spec.forward(values, backend, lengths=[2, 1])
    last = [1 / (1 + math.exp(-1)), 0.5]
    answers = [[1 / (1 + math.exp(-2 * h)), 1 / (1 + math.exp(2 * h))] for h in last]
    assert_near(run.outputs["y"], answers, ulp=3)
    gradients = run.backward(given(dtype, y=[[1, 0], [1, 0]]))
    d_h = [2 * y * (1 - y) for y, _ in answers]
    assert_near(gradients["x"], [[[0], [d_h[1] / 4]], [[d_h[0] * last[0] * (1 - last[0])], [0]]], ulp=6)
    assert_same(gradients["h0"], [[0], [0]])


@each_backend
@each_precision
def test_without_weights_every_class_is_as_likely(backend, dtype):
    values = zeroed(spec.draw({"T": 3, "O": 4}, dtype=dtype), "W_o", "b_o")
    assert_same(spec.forward(values, backend).outputs["y"], np.full((3, 4), 0.25))


@each_backend
@each_precision
def test_error_enters_at_the_last_step_alone(backend, dtype):
    """Without recurrent weights it goes no further: only the last input has a gradient."""
    lengths = [5, 2, 1, 4]
    values = zeroed(spec.draw({"T": 5}, batch=4, seed=1, dtype=dtype), "W_h")
    run = spec.forward(values, backend, lengths)
    d_x = run.backward(draw_upstream(run))["x"].any(axis=2)
    expected = np.zeros((5, 4), bool)
    expected[np.array(lengths) - 1, np.arange(4)] = True
    assert np.array_equal(d_x, expected)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
