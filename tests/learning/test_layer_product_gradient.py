"""The gradient of a deep network, layer by layer."""

import numpy as np
from differential import assert_backends_agree, assert_near, assert_same, draw_upstream, each_backend, each_precision, given

import refrnn

spec = refrnn.load("layer-product-gradient")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_at_zero_it_is_the_product_of_the_weights(backend, dtype):
    """All layers are 0, where the slope of tanh is 1: (-2, -4) times W_1 = [[0, 1], [2, 0]] times W_0 = [[1, 3], [0, 1]]."""
    values = given(dtype, X=[[0, 0]], W=[[[1, 3], [0, 1]], [[0, 1], [2, 0]]], d=[[2, 4]])
    run = spec.forward(values, backend)
    assert_same(run.outputs["f"], [[[0, 0], [0, 0]]])
    assert_same(run.outputs["Div"], [10])
    gradients = run.backward({"Div": np.ones(1, dtype)})
    assert_same(gradients["X"], [[-8, -26]])
    assert_same(gradients["W"], np.zeros((2, 2, 2)))


@each_backend
@each_precision
def test_upper_layers_are_a_net_of_their_own(backend, dtype):
    """The net above layer 2, begun with what that layer gives, has the same outputs and sends back what the whole does."""
    values = spec.draw({"N": 5, "H": 4}, batch=3, seed=1, dtype=dtype)
    run = spec.forward(values, backend)
    upper = spec.forward({**values, "X": run.outputs["f"][:, 1], "W": values["W"][2:]}, backend)
    assert_same(upper.outputs["f"], run.outputs["f"][:, 2:])
    assert_same(upper.outputs["Div"], run.outputs["Div"])
    ones = {"Div": np.ones(3, dtype)}
    of_whole, of_upper = run.backward(ones), upper.backward(ones)
    assert_same(of_whole["W"][2:], of_upper["W"])
    lower = spec.forward({**values, "W": values["W"][:2]}, backend)
    handed = np.zeros_like(lower.outputs["f"])
    handed[:, -1] = of_upper["X"]
    of_lower = lower.backward({"f": handed})
    assert_same(of_whole["W"][:2], of_lower["W"])
    assert_same(of_whole["X"], of_lower["X"])


@each_backend
@each_precision
def test_instances_share_only_the_weights(backend, dtype):
    values = spec.draw(batch=4, seed=2, dtype=dtype)
    run = spec.forward(values, backend)
    upstream = draw_upstream(run)
    gradients, total = run.backward(upstream), 0
    for item in range(4):
        alone = spec.forward({**values, "X": values["X"][[item]], "d": values["d"][[item]]}, backend)
        assert_near(alone.outputs["f"][0], run.outputs["f"][item], ulp=8)
        of_item = alone.backward({name: array[[item]] for name, array in upstream.items()})
        assert_near(of_item["X"][0], gradients["X"][item], ulp=16)
        total = total + of_item["W"].astype(np.longdouble)
    assert_near(gradients["W"], total, ulp=16)
