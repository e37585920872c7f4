"""State-space model: the start is a parameter, shared by every sequence."""

import numpy as np
from differential import (
    assert_backends_agree,
    assert_chunks_join,
    assert_items_run_alone,
    assert_same,
    each_backend,
    each_precision,
    given,
    zeroed,
)

import refrnn

spec = refrnn.load("state-space")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_start_receives_the_sum_over_the_batch(backend, dtype):
    """tanh has slope 1 at 0: the errors (1, 2), (3, 4), (5, 6) add up to (9, 12), and W_hh sends them back."""
    values = given(
        dtype, x=np.zeros((1, 3, 1)), h_start=[0, 0], W_xh=[[1], [2]], W_hh=[[0, 1], [2, 0]], b_h=[0, 0], W_hy=[[0, 0]], b_y=[0],
    )  # fmt: skip
    gradients = spec.forward(values, backend).backward(given(dtype, h=[[[1, 2], [3, 4], [5, 6]]]))
    assert_same(gradients["h_start"], [24, 9])
    assert_same(gradients["b_h"], [9, 12])
    assert_same(gradients["x"], [[[5], [11], [17]]])


@each_backend
@each_precision
def test_equal_sequences_have_equal_states(backend, dtype):
    values = spec.draw(batch=1, seed=1, dtype=dtype)
    one = spec.forward(values, backend)
    three = spec.forward({**values, "x": np.repeat(values["x"], 3, axis=1)}, backend)
    for name in spec.outputs:
        assert_same(three.outputs[name], np.repeat(one.outputs[name], 3, axis=1))


@each_backend
@each_precision
def test_output_at_zero_is_a_half_with_slope_a_quarter(backend, dtype):
    values = zeroed(spec.draw({"T": 4}, batch=2, dtype=dtype), "W_hy", "b_y")
    run = spec.forward(values, backend)
    assert_same(run.outputs["y"], np.full_like(run.outputs["y"], 0.5))
    gradients = run.backward({"y": np.full_like(run.outputs["y"], 4)})
    assert_same(gradients["b_y"], np.full_like(values["b_y"], 8))
    # Without W_hy the output sees no state, and its error reaches none.
    for name in ("x", "h_start", "W_xh", "W_hh", "b_h"):
        assert not gradients[name].any()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    """Also where a chunk's start is no longer the learned one, but each item's own."""
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
