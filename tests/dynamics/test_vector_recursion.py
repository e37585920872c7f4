"""Vector recursion: units that feed one another, three activations."""

import numpy as np
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_chunks_join,
    assert_items_run_alone,
    assert_near,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    given,
)

import refrnn

spec = refrnn.load("vector-recursion")
SIGMOID, TANH, RELU = 0, 1, 2


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """With ReLU all is exact: unit 0 gives to unit 1, which is silent in the first step."""
    values = given(dtype, x=[[[1]], [[0]]], h0=[[2, -1]], W=[[1, 0], [3, 1]], C=[[4], [-8]])
    run = spec.forward({**values, "f": RELU}, backend)
    assert_same(run.outputs["h"], [[[6, 0]], [[6, 18]]])
    gradients = run.backward(given(dtype, h=[[[0, 0]], [[0, 1]]]))
    expected = {"x": [[[12]], [[-8]]], "h0": [[3, 0]], "W": [[6, -3], [6, 0]], "C": [[3], [0]]}
    for name, gradient in gradients.items():
        assert_same(gradient, expected[name])


@each_backend
@each_precision
def test_one_unit_is_the_scalar_recursion(backend, dtype):
    scalar = refrnn.load("scalar-recursion")
    for f in (SIGMOID, TANH, RELU):
        values = {**spec.draw({"T": 5, "I": 1, "N": 1}, seed=1, dtype=dtype), "f": f}
        of_scalar = {
            "x": values["x"][..., 0], "h0": values["h0"][:, 0], "w": values["W"][0, 0], "c": values["C"][0, 0], "f": f,
        }  # fmt: skip
        run, one = spec.forward(values, backend), scalar.forward(of_scalar, backend)
        assert_near(run.outputs["h"][..., 0], one.outputs["h"], ulp=4)
        upstream = draw_upstream(run)["h"]
        gradients, of_one = run.backward({"h": upstream}), one.backward({"h": upstream[..., 0]})
        assert_added_near(gradients["W"][0, 0], of_one["w"], terms=15)
        assert_added_near(gradients["h0"][:, 0], of_one["h0"], terms=5)


@each_backend
@each_precision
def test_negative_start_answers_where_a_row_is_negative(backend, dtype):
    """The scalar of w = 1/2 is silent from -1; of two units with both signs one answers, and grows."""
    values = given(dtype, x=np.zeros((3, 1, 1)), h0=[[-1, -1]], W=[[2, -4], [0, 0.5]], C=[[1], [1]])
    assert_same(spec.forward({**values, "f": RELU}, backend).outputs["h"], [[[2, 0]], [[4, 0]], [[8, 0]]])


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    for f in (SIGMOID, TANH, RELU):
        assert_chunks_join(spec, backend, dtype, f=f)
        assert_items_run_alone(spec, backend, dtype, f=f)
