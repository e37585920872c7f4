"""Constant error carousel: what the gates let through, forward and back."""

import numpy as np
from differential import assert_backends_agree, assert_items_run_alone, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("constant-error-carousel")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_gates_by_hand(backend, dtype):
    """Unit 0 is halved and then kept; unit 1 is kept and then shut, so that nothing of its error comes back."""
    values = given(dtype, sigma=[[[0.5, 1]], [[1, 0]]], h0=[[4, 3]], d=[[1, 1]])
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], [[[2, 3]], [[2, 0]]])
    assert_same(run.outputs["Div"], [1])
    gradients = run.backward({"Div": np.ones(1, dtype)})
    assert_same(gradients["h0"], [[0.5, 0]])
    assert_same(gradients["sigma"], [[[4, 0]], [[2, -3]]])


@each_backend
@each_precision
def test_open_gates_carry_the_error_unchanged(backend, dtype):
    values = spec.draw({"T": 100}, batch=5, seed=1, dtype=dtype)
    values["sigma"] = np.ones_like(values["sigma"])
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], np.broadcast_to(values["h0"], run.outputs["h"].shape))
    gradients = run.backward({"Div": np.ones(5, dtype)})
    assert_same(gradients["h0"], values["h0"] - values["d"])


@each_backend
@each_precision
def test_units_do_not_touch(backend, dtype):
    """Each unit by itself is a carousel of one unit."""
    values = spec.draw({"T": 6, "H": 4}, batch=3, seed=2, dtype=dtype)
    run = spec.forward(values, backend)
    gradients = run.backward({"Div": np.ones(3, dtype)})
    for unit in range(4):
        alone = spec.forward({name: array[..., unit : unit + 1] for name, array in values.items()}, backend)
        assert_same(alone.outputs["h"], run.outputs["h"][..., unit : unit + 1])
        for name, gradient in alone.backward({"Div": np.ones(3, dtype)}).items():
            assert_same(gradient, gradients[name][..., unit : unit + 1])


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
