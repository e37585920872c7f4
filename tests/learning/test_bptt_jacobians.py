"""Backpropagation through time by Jacobians: the error of one number after the last step."""

import numpy as np
from differential import assert_backends_agree, assert_items_run_alone, assert_near, assert_same, each_backend, each_precision, given, zeroed

import refrnn

spec = refrnn.load("bptt-jacobians")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_jacobian_of_one_by_hand(backend, dtype):
    """4 * 1/2 - 2 = 0, so that every state is 1/2 with slope 1/4, and every Jacobian 4 * 1/4 = 1."""
    T = 5
    values = given(dtype, x=np.zeros((T, 1, 1)), h0=[[0.5]], W_x=[[2]], W_h=[[4]], b_h=[-2], W_o=[3], y=[1])
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], np.full((T, 1, 1), 0.5))
    assert_same(run.outputs["y_hat"], [1.5])
    assert_same(run.outputs["L"], [1 / 8])
    expected = {
        "x": np.full((T, 1, 1), 3 / 4), "h0": [[3 / 2]], "W_x": [[0]], "W_h": [[T * 3 / 16]], "b_h": [T * 3 / 8], "W_o": [1 / 4],
    }  # fmt: skip
    for name, gradient in run.backward({"L": np.ones(1, dtype)}).items():
        assert_same(gradient, expected[name])


@each_backend
@each_precision
def test_error_goes_against_the_weights(backend, dtype):
    """A 4 at [0, 1] carries unit 0 to unit 1; the error of unit 1 comes back to unit 0, and from there nowhere."""
    values = given(
        dtype, x=np.zeros((2, 1, 1)), h0=[[0.5, 0.5]], W_x=[[0, 0]], W_h=[[0, 4], [0, 0]], b_h=[0, -2], W_o=[0, 1], y=[-0.5]
    )
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], np.full((2, 1, 2), 0.5))
    gradients = run.backward({"L": np.ones(1, dtype)})
    assert_same(gradients["b_h"], [1 / 4, 1 / 4])
    assert_same(gradients["W_h"], np.full((2, 2), 1 / 8))
    assert_same(gradients["h0"], [[0, 0]])


@each_backend
@each_precision
def test_nothing_is_learned_where_the_output_is_right(backend, dtype):
    values = spec.draw(seed=1, dtype=dtype)
    values["y"] = spec.forward(values, backend).outputs["y_hat"]
    run = spec.forward(values, backend)
    assert not run.outputs["L"].any()
    for gradient in run.backward({"L": np.ones_like(run.outputs["L"])}).values():
        assert not gradient.any()


@each_backend
@each_precision
def test_only_the_last_state_is_shown(backend, dtype):
    """Without recurrent weights no error reaches an earlier step."""
    run = spec.forward(zeroed(spec.draw({"T": 4}, seed=2, dtype=dtype), "W_h"), backend)
    gradients = run.backward({"y_hat": np.ones_like(run.outputs["y_hat"])})
    assert not gradients["x"][:-1].any() and gradients["x"][-1].all() and not gradients["h0"].any()
    assert_near(gradients["W_o"], run.outputs["h"][-1].astype(np.longdouble).sum(axis=0), ulp=4)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
