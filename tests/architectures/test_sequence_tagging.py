"""An answer at every step."""

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
    zeroed,
)

import refrnn

spec = refrnn.load("sequence-tagging")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """The states are 1/2 and sigmoid(1), the tags softmax(2 h, 0)."""
    values = given(dtype, x=[[[0]], [[1]]], h0=[[0.25]], W_x=[[1]], W_h=[[0]], b_h=[0], W_o=[[2], [0]], b_o=[0, 0])
    run = spec.forward(values, backend)
    h = [0.5, 1 / (1 + math.exp(-1))]
    y = [1 / (1 + math.exp(-2 * state)) for state in h]
    assert_near(run.outputs["h"], [[[state]] for state in h], ulp=2)
    assert_near(run.outputs["y"], [[[share, 1 - share]] for share in y], ulp=3)
    gradients = run.backward(given(dtype, y=[[[1, 0]], [[0, 1]]]))
    d_h = [2 * y[0] * (1 - y[0]), -2 * y[1] * (1 - y[1])]
    assert_near(gradients["x"], [[[d * state * (1 - state)]] for d, state in zip(d_h, h)], ulp=6)


@each_backend
@each_precision
def test_tags_are_distributions(backend, dtype):
    values = spec.draw(seed=1, dtype=dtype)
    y = spec.forward(values, backend).outputs["y"]
    assert np.all(y > 0)
    assert_near(y.sum(axis=-1), np.ones(y.shape[:2]), ulp=4)
    uniform = spec.forward(zeroed(spec.draw({"O": 4}, dtype=dtype), "W_o", "b_o"), backend).outputs["y"]
    assert_same(uniform, np.full(uniform.shape, 0.25))


@each_backend
@each_precision
def test_the_last_tag_is_the_class(backend, dtype):
    """Classification with the same weights answers what tagging says at the end of each sequence."""
    lengths = np.array([5, 2, 7])
    values = spec.draw(seed=2, dtype=dtype)
    tags = spec.forward(values, backend, lengths).outputs["y"]
    found = refrnn.load("sequence-classification").forward(values, backend, lengths).outputs["y"]
    assert_near(found, tags[lengths - 1, np.arange(3)], ulp=2)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
