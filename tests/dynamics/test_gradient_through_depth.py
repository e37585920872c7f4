"""Gradients through depth: a stack of layers with each of four activations."""

import math

import numpy as np
import pytest
from differential import assert_backends_agree, assert_near, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("gradient-through-depth")
ELU, RELU, SIGMOID, TANH = range(4)


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_open_and_shut_units_by_hand(backend, dtype):
    """Two ReLU layers that double: unit 0 becomes 4, unit 1 stays shut, learns nothing and passes nothing back."""
    values = given(dtype, x=[[1, -1]], W=[[[2, 0], [0, 2]]] * 2, b=[[0, 0]] * 2, d=[[0, 1]])
    run = spec.forward({**values, "activation": RELU}, backend)
    assert_same(run.outputs["f"], [[[2, 0], [4, 0]]])
    assert_same(run.outputs["E"], [8.5])
    expected = {"x": [[16, 0]], "W": [[[8, -8], [0, 0]], [[8, 0], [0, 0]]], "b": [[8, 0], [4, 0]]}
    for name, gradient in run.backward({"E": np.ones(1, dtype)}).items():
        assert_same(gradient, expected[name])


@each_backend
@each_precision
@pytest.mark.parametrize(
    "activation, at_zero, slope, at_minus_one",
    ((ELU, 0, 1, math.expm1(-1)), (RELU, 0, None, 0), (SIGMOID, 1 / 2, 1 / 4, 1 / (1 + math.e)), (TANH, 0, 1, math.tanh(-1))),
)
def test_activations_by_hand(backend, dtype, activation, at_zero, slope, at_minus_one):
    """One layer whose biases are all that its units see."""
    values = given(dtype, x=[[1, 2]], W=[[[0, 0], [0, 0]]], b=[[0, -1]], d=[[0, 0]])
    run = spec.forward({**values, "activation": activation}, backend)
    assert_near(run.outputs["f"], [[[at_zero, at_minus_one]]], ulp=4)
    if slope is not None:
        gradients = run.backward(given(dtype, f=[[[1, 0]]]))
        assert_same(gradients["b"], [[slope, 0]])
        assert_same(gradients["W"], [[[slope, 2 * slope], [0, 0]]])


@each_backend
@each_precision
def test_tanh_without_biases_is_the_net_of_the_layer_product(backend, dtype):
    other = refrnn.load("layer-product-gradient")
    values = other.draw({"N": 4, "H": 5}, batch=3, seed=1, dtype=dtype)
    deep = {"x": values["X"], "W": values["W"], "b": np.zeros((4, 5), dtype), "d": values["d"], "activation": TANH}
    run, expected = spec.forward(deep, backend), other.forward(values, backend)
    assert_near(run.outputs["f"], expected.outputs["f"], ulp=2)
    ones = np.ones(3, dtype)
    gradients, of_other = run.backward({"E": ones}), expected.backward({"Div": ones})
    assert_near(gradients["x"], of_other["X"], ulp=8)
    assert_near(gradients["W"], of_other["W"], ulp=8)
