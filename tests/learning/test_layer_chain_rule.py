"""The chain rule for one layer inside another."""

import math

import numpy as np
from differential import assert_backends_agree, assert_near, assert_same, each_backend, each_precision, given, zeroed

import refrnn

spec = refrnn.load("layer-chain-rule")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_one_unit_by_hand(backend, dtype):
    """At V X = 0 the inner layer gives 1/2 with slope 1/4; W makes tanh(1) of it."""
    values = given(dtype, X=[[0.5, 0.25]], V=[[2, -4]], W=[[2]])
    run = spec.forward(values, backend)
    assert_same(run.intermediates["g"], [[0.5]])
    assert_near(run.outputs["Y"], [[math.tanh(1)]], ulp=2)
    slope = 1 - math.tanh(1) ** 2
    gradients = run.backward(given(dtype, Y=[[1]]))
    # 1 - tanh(1)^2 = 0.42 comes of numbers near 1, whose rounding weighs more in it.
    assert_near(gradients["W"], [[slope / 2]], ulp=6)
    assert_near(gradients["X"], [[slope, -2 * slope]], ulp=6)
    assert_near(gradients["V"], [[slope / 4, slope / 8]], ulp=6)


@each_backend
@each_precision
def test_the_gradient_is_the_product_of_three_jacobians(backend, dtype):
    """Row by row, each entry of Y asked for by itself."""
    values = spec.draw({"I": 3, "H": 5, "O": 4}, batch=1, seed=1, dtype=dtype)
    run = spec.forward({**values, "X": np.repeat(values["X"], 4, axis=0)}, backend)
    jacobian = run.backward({"Y": np.eye(4, dtype=dtype)})["X"]
    g, Y = run.intermediates["g"][0], run.outputs["Y"][0]
    expected = np.diag(1 - Y**2) @ values["W"] @ np.diag(g * (1 - g)) @ values["V"]
    assert_near(jacobian, expected, ulp=32)


@each_backend
@each_precision
def test_without_outer_weights_nothing_flows_back(backend, dtype):
    values = zeroed(spec.draw(seed=2, dtype=dtype), "W")
    run = spec.forward(values, backend)
    assert_same(run.outputs["Y"], np.zeros_like(run.outputs["Y"]))
    gradients = run.backward({"Y": np.ones_like(run.outputs["Y"])})
    assert not gradients["X"].any() and not gradients["V"].any() and gradients["W"].all()
