"""The net whose gradient singular values bound: layers without biases, with each of four activations."""

import numpy as np
import pytest
from differential import assert_backends_agree, assert_near, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("singular-value-bound")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
@pytest.mark.parametrize("activation", (0, 1))
def test_stretches_multiply_by_hand(backend, dtype, activation):
    """ELU and ReLU above zero are their arguments: the largest singular values 2 and 4 stretch the error (6, 0) to 48."""
    values = given(dtype, X=[[1, 1]], W=[[[2, 0], [0, 1]], [[4, 0], [0, 0.5]]], d=[[2, 0.5]])
    run = spec.forward({**values, "activation": activation}, backend)
    assert_same(run.outputs["f"], [[[2, 1], [8, 0.5]]])
    assert_same(run.outputs["Div"], [18])
    gradients = run.backward({"Div": np.ones(1, dtype)})
    assert_same(gradients["X"], [[48, 0]])
    assert_same(gradients["W"], [[[24, 24], [0, 0]], [[12, 6], [0, 0]]])


@each_backend
@each_precision
@pytest.mark.parametrize("activation", range(4))
def test_is_the_deep_net_without_biases(backend, dtype, activation):
    other = refrnn.load("gradient-through-depth")
    values = {**spec.draw({"N": 4, "H": 5}, batch=3, seed=activation, dtype=dtype), "activation": activation}
    deep = {"x": values["X"], "W": values["W"], "b": np.zeros((4, 5), dtype), "d": values["d"], "activation": activation}
    run, expected = spec.forward(values, backend), other.forward(deep, backend)
    assert_same(run.outputs["f"], expected.outputs["f"])
    assert_same(run.outputs["Div"], expected.outputs["E"])
    ones = np.ones(3, dtype)
    gradients, of_other = run.backward({"Div": ones}), expected.backward({"E": ones})
    assert_same(gradients["W"], of_other["W"])
    assert_near(gradients["X"], of_other["x"], ulp=8)
