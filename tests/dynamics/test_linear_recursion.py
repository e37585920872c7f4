"""Linear recursion: step by step, and from the start and all inputs at once."""

import numpy as np
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
