"""Jordan network: the context is a trace of the outputs, and for "simple" learning a constant."""

import math

import numpy as np
from differential import (
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

spec = refrnn.load("jordan")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """The context 1/2 * 1 + 1/4 is held off by the bias -3/4: h = 0 and y = 1/2. The next one is 3/8 + 1/2."""
    values = given(
        dtype, x=[[[0]], [[0.5]]], m0=[[1]], y0=[[0.25]], W_xh=[[2]], W_mh=[[1]], b_h=[-0.75], W_hy=[[4]], b_y=[0], mu=0.5
    )
    h = math.tanh(1.125)
    d = 1 - h**2
    full = {
        # By y[0], whose slope is 4 * 1/4 = 1, to h[0] and on to the starts; by m[0], which keeps a half, the same way.
        "x": [[[2 * d]], [[2 * d]]], "m0": [[0.75 * d]], "y0": [[1.5 * d]], "W_xh": [[d / 2]], "W_mh": [[0.875 * d + 0.75 * d]],
        "b_h": [2 * d], "W_hy": [[0]], "b_y": [d / 4],
    }  # fmt: skip
    simple = {
        "x": [[[0]], [[2 * d]]], "m0": [[0]], "y0": [[0]], "W_xh": [[d / 2]], "W_mh": [[0.875 * d]], "b_h": [d], "W_hy": [[0]], "b_y": [0],
    }  # fmt: skip
    for choice, expected in ((0, full), (1, simple)):
        run = spec.forward({**values, "simple": choice}, backend)
        assert_same(run.outputs["m"], [[[0.75]], [[0.875]]])
        assert_near(run.outputs["h"], [[[0]], [[h]]], ulp=2)
        assert_near(run.outputs["y"], [[[0.5]], [[1 / (1 + math.exp(-4 * h))]]], ulp=4)
        for name, gradient in run.backward(given(dtype, h=[[[0]], [[1]]])).items():
            # 1 - tanh^2 = 0.35 comes of numbers near 1, whose rounding weighs more in it.
            assert_near(gradient, expected[name], ulp=8)


@each_backend
@each_precision
def test_context_keeps_nothing_or_everything(backend, dtype):
    """mu = 0: the last output. mu = 1: the sum of all of them, added in the order of time."""
    values = spec.draw({"T": 6}, seed=2, dtype=dtype)
    for mu in (0, 1):
        outputs = spec.forward({**values, "mu": mu}, backend).outputs
        held = values["m0"]
        for t, y in enumerate((values["y0"], *outputs["y"][:-1])):
            held = y if mu == 0 else held + y
            assert_same(outputs["m"][t], held)


@each_backend
@each_precision
def test_simple_learning_reaches_no_past(backend, dtype):
    """The outputs are those of full learning; the error of the last output stays in its step."""
    values = {**spec.draw({"T": 6}, seed=2, dtype=dtype), "simple": 1}
    run, full = spec.forward(values, backend), spec.forward({**values, "simple": 0}, backend)
    upstream = draw_upstream(run)
    for name in spec.outputs:
        assert_same(run.outputs[name], full.outputs[name])
        upstream[name][:-1] = 0
    upstream["m"][:] = 0
    gradients = run.backward(upstream)
    assert not gradients["m0"].any() and not gradients["y0"].any()
    assert not gradients["x"][:-1].any()
    assert gradients["x"][-1].all()
    assert full.backward(upstream)["y0"].all()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    for simple in (0, 1):
        assert_chunks_join(spec, backend, dtype, simple=simple, mu=0.75)
        assert_items_run_alone(spec, backend, dtype, simple=simple, mu=0.75)


def test_kernel_is_the_memory_network_with_the_identity_for_weights():
    """Both loops of the family: where a memory layer stays in the linear part of tanh, it is a trace of the outputs."""
    memory = refrnn.load("memory-network")
    values = {**spec.draw({"T": 4, "O": 3}, dtype="float64"), "simple": 0, "mu": 0.5}
    small = 2.0**-30
    traced = {name: values[name] * small for name in ("m0", "y0")} | {"W_hy": values["W_hy"], "b_y": values["b_y"]}
    weights = {"W_ym": small * np.eye(3), "W_mm": 0.5 * np.eye(3), "W_hm": np.zeros((3, len(values["b_h"]))), "b_m": np.zeros(3)}
    layer = {
        **traced, **weights, "x": values["x"], "h0": np.zeros((values["x"].shape[1], len(values["b_h"]))), "y0": values["y0"],
        "W_xh": values["W_xh"], "W_mh": values["W_mh"] / small, "b_h": values["b_h"],
    }  # fmt: skip
    found, expected = memory.forward(layer, "kernel").outputs, spec.forward(values, "kernel").outputs
    # tanh(z) = z (1 - z^2 / 3), and z is about 2^-30 here: what it leaves of 1 is far below rounding.
    assert_near(found["m"] / small, expected["m"], ulp=8)
    assert_near(found["y"], expected["y"], ulp=8)
