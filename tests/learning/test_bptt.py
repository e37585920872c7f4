"""Backpropagation through time, from the divergence of the outputs to the start."""

import numpy as np
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_items_run_alone,
    assert_near,
    assert_same,
    each_backend,
    each_precision,
    zeroed,
)

import refrnn

spec = refrnn.load("bptt")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_nothing_is_learned_where_the_output_is_right(backend, dtype):
    values = spec.draw(seed=1, dtype=dtype)
    values["D"] = spec.forward(values, backend).outputs["Y"]
    run = spec.forward(values, backend)
    assert not run.outputs["Div"].any() and not run.outputs["DIV"].any()
    for gradient in run.backward({"DIV": np.ones_like(run.outputs["DIV"])}).values():
        assert not gradient.any()


@each_backend
@each_precision
def test_blind_outputs_by_hand(backend, dtype):
    """Without W2 every Y is sigmoid(0) = 1/2: with D = 1 an output diverges by 1/8, and its error is -1/2 times 1/4."""
    values = zeroed(spec.draw({"T": 4, "O": 3}, batch=2, seed=2, dtype=dtype), "W2", "b2")
    values["D"] = np.ones_like(values["D"])
    run = spec.forward(values, backend)
    assert_same(run.outputs["Div"], np.full((4, 2), 3 / 8))
    assert_same(run.outputs["DIV"], [3 / 2, 3 / 2])
    gradients = run.backward({"DIV": np.ones(2, dtype)})
    assert_same(gradients["b2"], np.full(3, -4 * 2 / 8))
    assert_added_near(gradients["W2"], np.tile(-run.outputs["h"].astype(np.longdouble).sum(axis=(0, 1)) / 8, (3, 1)), terms=4 * 2)
    assert not gradients["h0"].any() and not gradients["W11"].any()


@each_backend
@each_precision
def test_whole_divergence_is_every_local_one(backend, dtype):
    """1 to DIV and 1 to every Div are the same error to the same places, bit for bit."""
    run = spec.forward(spec.draw(seed=3, dtype=dtype), backend)
    whole = run.backward({"DIV": np.ones_like(run.outputs["DIV"])})
    local = run.backward({"Div": np.ones_like(run.outputs["Div"])})
    for name in whole:
        assert_same(whole[name], local[name])


@each_backend
@each_precision
def test_is_a_state_space_model_and_its_divergence(backend, dtype):
    """Two other equations in its place: the same net, and the squared error of its outputs."""
    net, divergence = refrnn.load("state-space"), refrnn.load("divergence")
    names = {"X": "x", "h0": "h_start", "W1": "W_xh", "W11": "W_hh", "b1": "b_h", "W2": "W_hy", "b2": "b_y"}
    values = spec.draw({"T": 5}, batch=1, seed=4, dtype=dtype)
    forward = net.forward({**{there: values[here] for here, there in names.items()}, "h_start": values["h0"][0]}, backend)
    Y = forward.outputs["y"]
    measured = divergence.forward({"Y": Y, "D": values["D"], "P": np.full_like(Y, 1 / Y.shape[-1]), "m": np.ones_like(Y[..., 0])}, backend)
    ones = np.ones(1, dtype)
    expected = forward.backward({"y": measured.backward({"DIV_squared": ones})["Y"]})

    run = spec.forward(values, backend)
    assert_near(run.outputs["DIV"], measured.outputs["DIV_squared"], ulp=4)
    gradients = run.backward({"DIV": ones})
    gradients["h0"] = gradients["h0"][0]
    for here, there in names.items():
        assert_added_near(gradients[here], expected[there], terms=5)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
