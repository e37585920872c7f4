"""Linear recursion: step by step, and from the start and all inputs at once."""

import numpy as np
import pytest
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_items_run_alone,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    given,
    zeroed,
)

import refrnn

spec = refrnn.load("linear-recursion")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_three_steps_by_hand(backend, dtype):
    """h = 2 h + 3 x from 1: with x = 1, 0, -1 the states are 5, 10, 17; both ways are exact."""
    values = given(dtype, x=[[[1]], [[0]], [[-1]]], h0=[[1]], W_h=[[2]], W_x=[[3]])
    run = spec.forward(values, backend)
    for name in ("h", "h_closed"):
        assert_same(run.outputs[name], [[[5]], [[10]], [[17]]])
        upstream = {other: np.zeros((3, 1, 1), dtype) for other in ("h", "h_closed")}
        upstream[name][-1] = 1
        # d h_2 / d W_h = h_1 + 2 (h_0 + 2 h_-1), and the inputs are multiplied by 12, 6 and 3.
        expected = {"x": [[[12]], [[6]], [[3]]], "h0": [[8]], "W_h": [[10 + 2 * (5 + 2 * 1)]], "W_x": [[4 * 1 + 2 * 0 - 1]]}
        for symbol, gradient in run.backward(upstream).items():
            assert_same(gradient, expected[symbol])


@each_backend
@each_precision
def test_order_of_the_matrices(backend, dtype):
    """W_h passes unit 0 on to unit 1 and nothing else: an input is seen in unit 0, then in unit 1, then no more."""
    values = given(dtype, x=[[[1, 4]], [[0, 0]], [[0, 0]]], h0=[[0, 0]], W_h=[[0, 0], [2, 0]], W_x=[[1, 1], [0, 0]])
    for name in ("h", "h_closed"):
        assert_same(spec.forward(values, backend).outputs[name], [[[5, 0]], [[0, 10]], [[0, 0]]])


@each_backend
@each_precision
def test_both_ways_are_one_state_with_one_gradient(backend, dtype):
    values = spec.draw({"T": 9}, batch=2, seed=1, dtype=dtype)
    run = spec.forward(values, backend)
    assert_added_near(run.outputs["h_closed"], run.outputs["h"], terms=9 * 5)
    upstream = draw_upstream(run)["h"]
    recursion, closed = run.backward({"h": upstream}), run.backward({"h_closed": upstream})
    for name, gradient in recursion.items():
        assert_added_near(closed[name], gradient, terms=9 * 5)


@each_backend
@each_precision
def test_without_recurrent_weights_only_the_input_is_left(backend, dtype):
    values = zeroed(spec.draw({"T": 5}, seed=2, dtype=dtype), "W_h")
    run = spec.forward(values, backend)
    assert_same(run.outputs["h_closed"], run.outputs["h"])
    assert not run.backward(draw_upstream(run))["h0"].any()


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)


@each_backend
@each_precision
@pytest.mark.parametrize("T", [31, 32, 33, 64, 70])
def test_blocks_of_steps_join(backend, dtype, T):
    """Kernel and reference begin the closed form anew with the state before each block of steps; sequences end in any of them."""
    values = spec.draw({"T": T, "I": 3, "H": 4}, batch=3, seed=T, dtype=dtype)
    values["W_h"] /= 2  # or float32 loses what lies far back
    run = spec.forward(values, backend, lengths=[T, 5, max(1, T - 32)])
    assert_added_near(run.outputs["h_closed"], run.outputs["h"], terms=100)
    upstream = draw_upstream(run)["h"]
    recursion, closed = run.backward({"h": upstream}), run.backward({"h_closed": upstream})
    for name, gradient in recursion.items():
        assert_added_near(closed[name], gradient, terms=100)


@each_backend
@each_precision
def test_what_grows_past_its_end_touches_nothing(backend, dtype):
    """The first sequence lives in a unit that would overflow long before the second one ends."""
    T = 1000
    values = given(dtype, x=np.zeros((T, 2, 1)), h0=[[1, 0], [0, 1]], W_h=[[4, 0], [0, 1]], W_x=[[0], [0]])
    run = spec.forward(values, backend, lengths=[2, T])
    assert_same(run.outputs["h_closed"], run.outputs["h"])
    upstream = np.zeros((T, 2, 2), dtype)
    upstream[1, 0, 0] = upstream[-1, 1, 1] = 1
    gradients = run.backward({"h_closed": upstream})
    assert_same(gradients["h0"], [[16, 0], [0, 1]])
    assert_same(gradients["W_h"], [[8, 0], [0, T]])
