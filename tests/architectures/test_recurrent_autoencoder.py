"""A sequence through one vector and back: its error, and what the vector must carry."""

import numpy as np
from differential import (
    OPEN,
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

spec = refrnn.load("recurrent-autoencoder")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_constant_output_by_hand(backend, dtype):
    """y = 1/2 whatever comes, so that DIV = (1/4 + 9/4) / 2 and its gradient by x is x - y."""
    values = given(
        dtype, x=[[[1]], [[-1]]], e0=[[0]], W_ez=[[0, 0]], W_er=[[0, 0]], W_e=[[0, 1]], h0=[[0]], W_z=[[0, OPEN]], W_r=[[0, 0]],
        W=[[0, 0]], W_y=[[0]], b_y=[0.5],
    )  # fmt: skip
    run = spec.forward(values, backend)
    assert_same(run.outputs["y"], [[[0.5]], [[0.5]]])
    assert_same(run.outputs["DIV"], [1.25])
    gradients = run.backward(given(dtype, DIV=[2]))
    assert_same(gradients["x"], [[[1]], [[-3]]])
    assert_same(gradients["b_y"], [2])


@each_backend
@each_precision
def test_error_is_half_the_squared_distance(backend, dtype):
    lengths = [7, 1, 4]
    values = spec.draw(seed=1, dtype=dtype)
    run = spec.forward(values, backend, lengths)
    difference = (run.outputs["y"] - values["x"]).astype(np.longdouble)
    for item, length in enumerate(lengths):
        assert_near(run.outputs["DIV"][item : item + 1], [np.sum(difference[:length, item] ** 2) / 2], ulp=12)


@each_backend
@each_precision
def test_a_perfect_copy_has_no_gradient(backend, dtype):
    """Of a constant sequence that the bias alone gives back."""
    values = zeroed(spec.draw({"T": 5}, seed=2, dtype=dtype), "W_y")
    values["x"][:] = values["b_y"]
    run = spec.forward(values, backend)
    assert_same(run.outputs["DIV"], np.zeros(3))
    for gradient in run.backward({"DIV": np.ones(3, dtype)}).values():
        assert not gradient.any()


@each_backend
@each_precision
def test_all_passes_through_the_vector(backend, dtype):
    """The error of y reaches the encoder, and through the vector at its last step alone: without memory only x[T-1]."""
    lengths = [6, 2, 4]
    values = spec.draw({"T": 6}, seed=3, dtype=dtype)
    E = values["e0"].shape[1]
    values["W_ez"][:, :E] = values["W_er"][:, :E] = values["W_e"][:, :E] = 0
    values["W_ez"][:, E:] = OPEN
    values["x"] = np.abs(values["x"])  # so that the update gate is 1
    run = spec.forward(values, backend, lengths)
    d_x = run.backward({"y": draw_upstream(run)["y"]})["x"].any(axis=2)
    expected = np.zeros((6, 3), bool)
    expected[np.array(lengths) - 1, np.arange(3)] = True
    assert np.array_equal(d_x, expected)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
