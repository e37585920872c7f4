"""A scalar weight applied again and again: powers, exactly where they are exact."""

import numpy as np
from differential import assert_backends_agree, assert_chunks_join, assert_items_run_alone, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("power-of-a-scalar")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_three_steps_by_hand(backend, dtype):
    run = spec.forward(given(dtype, x=[[1], [2], [3]], h0=[4], w=0.5), backend)
    assert_same(run.outputs["h"], [[3], [3.5], [4.75]])
    expected = {"x": [[1 / 4], [1 / 2], [1]], "h0": [1 / 8], "w": 3.5 + 3 / 2 + 4 / 4}
    for name, gradient in run.backward(given(dtype, h=[[0], [0], [1]])).items():
        assert_same(gradient, expected[name])


@each_backend
@each_precision
def test_powers_of_two(backend, dtype):
    """A start of 1 becomes the powers of the weight, and so does an error of 1 on its way back."""
    for w in (-2.0, 0.5):
        run = spec.forward(given(dtype, x=np.zeros((20, 1)), h0=[1], w=w), backend)
        powers = w ** np.arange(1.0, 21)[:, None]
        assert_same(run.outputs["h"], powers)
        upstream = np.zeros((20, 1), dtype)
        upstream[-1] = 1
        gradients = run.backward({"h": upstream})
        assert_same(gradients["h0"], powers[-1])
        assert_same(gradients["x"][:-1], powers[-2::-1])
        assert_same(gradients["w"], 20 * w**19)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
