"""Activations and their slopes where they bend, where they saturate, and where they know an exact answer."""

import numpy as np
import pytest
from differential import (
    assert_backends_agree,
    assert_items_run_alone,
    assert_near,
    assert_same,
    each_backend,
    each_precision,
    given,
)

import refrnn

spec = refrnn.load("activation-jacobian")


def test_backends_agree():
    assert_backends_agree(spec)


def slopes(run, name):
    """What an activation sends back of an error of ones."""
    return run.backward({name: np.ones_like(run.outputs[name])})["z"]


@each_backend
@each_precision
@pytest.mark.parametrize(
    "name, value, slope",
    [("h_sigmoid", 0.5, 0.25), ("h_tanh", 0, 1), ("h_relu", 0, 0), ("h_elu", 0, 1), ("h_softmax", 0.25, 0)],
)
def test_at_zero(name, value, slope, backend, dtype):
    run = spec.forward({"z": np.zeros((1, 1, 4), dtype)}, backend)
    assert_same(run.outputs[name], np.full((1, 1, 4), value))
    assert_same(slopes(run, name), np.full((1, 1, 4), slope))


@each_backend
@each_precision
@pytest.mark.parametrize("power", [3, 10, 30])
@pytest.mark.parametrize(
    "name, values, slope",
    [
        ("h_sigmoid", (1, 0), (0, 0)),
        ("h_tanh", (1, -1), (0, 0)),
        ("h_relu", ("z", 0), (1, 0)),
        ("h_elu", ("z", -1), (1, 0)),
        ("h_softmax", (1, 0), (0, 0)),
    ],
)
def test_far_out(name, values, slope, power, backend, dtype):
    """Limits are reached exactly; nothing overflows on the way, and nothing is NaN."""
    z = np.array(10.0**power, dtype)
    run = spec.forward({"z": np.array([[[z, -z]]])}, backend)
    assert_same(run.outputs[name], [[[z if value == "z" else value for value in values]]])
    assert_same(slopes(run, name), [[slope]])


@each_backend
@each_precision
def test_symmetries(backend, dtype):
    z = np.linspace(-20, 20, 321, dtype=dtype)[None, None]
    there, back = (spec.forward({"z": sign * z}, backend).outputs for sign in (1, -1))
    assert_same(back["h_tanh"], -there["h_tanh"])
    assert_same(there["h_relu"] - back["h_relu"], z)
    # Two numbers, each within an ulp of its own.
    assert_near(there["h_sigmoid"] + back["h_sigmoid"], np.ones_like(z), ulp=2)
    assert np.all(there["h_elu"] >= -1) and np.all(np.diff(there["h_elu"]) >= 0)


@each_backend
@each_precision
def test_softmax_sees_differences_only(backend, dtype):
    """z and a shift that add without rounding: bit for bit the same, and an error common to all is lost."""
    z = np.array([[[1, -2, 0.5, 3], [0, 0, 8, -8]]], dtype)
    run, shifted = (spec.forward({"z": z + shift}, backend) for shift in (np.array(0, dtype), np.array(4096, dtype)))
    softmax = run.outputs["h_softmax"]
    assert_same(shifted.outputs["h_softmax"], softmax)
    # The sum of four rounded numbers.
    assert_near(softmax.sum(axis=-1), np.ones((1, 2)), ulp=2)
    # The error's mean is 1 but for its rounding, and so is 0 the rest.
    assert np.all(np.abs(slopes(run, "h_softmax")) <= 4 * np.finfo(dtype).eps * softmax)


@each_backend
@each_precision
def test_softmax_of_two_by_hand(backend, dtype):
    """1/2 and 1/2: the Jacobian is 1/4 on the diagonal and -1/4 beside it."""
    run = spec.forward({"z": np.full((1, 1, 2), 3, dtype)}, backend)
    assert_same(run.backward(given(dtype, h_softmax=[[[4, 0]]]))["z"], [[[1, -1]]])
    assert_same(run.backward(given(dtype, h_softmax=[[[4, -4]]]))["z"], [[[2, -2]]])


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
