"""Time-delay neural network: what the delays hold, and nothing else."""

import math

import numpy as np
from delays import assert_delayed_chunks_join, assert_state_follows_lengths
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

spec = refrnn.load("tdnn")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """2 * 1/4 - 1/2 * 1 = 0 with slope 1, then 2 * 1/2 - 1/2 * 1/4 = 7/8."""
    values = given(dtype, X=[[[0.25]], [[0.5]]], X_start=[[[1]]], W=[[[2]], [[-0.5]]], b=[0])
    run = spec.forward(values, backend)
    assert_near(run.outputs["Y"], [[[0]], [[math.tanh(0.875)]]], ulp=2)
    gradients = run.backward(given(dtype, Y=[[[4]], [[0]]]))
    assert_same(gradients["X"], [[[8]], [[0]]])
    assert_same(gradients["X_start"], [[[-2]]])
    assert_same(gradients["W"], [[[1]], [[4]]])
    assert_same(gradients["b"], [4])


@each_backend
@each_precision
def test_each_delay_has_its_weights(backend, dtype):
    """An input of one step comes out with W[0], W[1], ... one step after the other; the start with the last ones first."""
    values = zeroed(spec.draw({"T": 7, "N": 3, "I": 1, "O": 2}, batch=1, seed=1, dtype=dtype), "X", "X_start", "b")
    weights = np.tanh(values["W"][:, :, 0].astype(np.longdouble))
    nothing = np.zeros_like(weights)
    impulse = {**values, "X": np.eye(7, 1, -2, dtype)[:, None]}
    assert_near(spec.forward(impulse, backend).outputs["Y"][:, 0], np.concatenate((nothing[:2], weights, nothing[:1])), ulp=3)
    before = {**values, "X_start": np.array([[[0], [1], [0]]], dtype)}  # two steps before the first
    assert_near(spec.forward(before, backend).outputs["Y"][:, 0], np.concatenate((weights[2:], np.zeros((5, 2)))), ulp=3)


@each_backend
@each_precision
def test_a_shift_of_the_input_shifts_the_output(backend, dtype):
    """A convolution: the output of a piece is that piece of the output, bit for bit."""
    values = spec.draw({"T": 12, "N": 4}, seed=2, dtype=dtype)
    whole = spec.forward(values, backend).outputs["Y"]
    piece = {**values, "X": values["X"][7:], "X_start": values["X"][3:7].swapaxes(0, 1)}
    assert_same(spec.forward(piece, backend).outputs["Y"], whole[7:])


@each_backend
@each_precision
def test_one_error_reaches_its_delays_only(backend, dtype):
    values = spec.draw({"T": 9, "N": 2}, seed=3, dtype=dtype)
    run = spec.forward(values, backend)
    upstream = draw_upstream(run)["Y"]
    upstream[np.arange(9) != 5] = 0
    gradients = run.backward({"Y": upstream})
    assert gradients["X"][3:6].all() and not gradients["X"][:3].any() and not gradients["X"][6:].any()
    assert not gradients["X_start"].any()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_delayed_chunks_join(spec, backend, dtype, ulp=40, copied={"line": "X"})
    assert_items_run_alone(spec, backend, dtype)
    assert_state_follows_lengths(spec, backend, dtype)
