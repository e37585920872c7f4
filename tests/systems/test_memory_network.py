"""Network with an explicit memory: three states that feed one another."""

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
    zeroed,
)

import refrnn

spec = refrnn.load("memory-network")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """2/4 + 1/2 - 1/2 - 1/2 = 0 and 1/4 - 1/4 = 0: at first m = h = 0 and y = 1/2; then m = tanh(2/2 - 1/2)."""
    values = given(
        dtype, x=[[[0.25]], [[0.5]]], m0=[[0.5]], h0=[[0.5]], y0=[[0.25]], W_ym=[[2]], W_hm=[[1]], W_mm=[[-1]], b_m=[-0.5],
        W_xh=[[1]], W_mh=[[1]], b_h=[-0.25], W_hy=[[1]], b_y=[0],
    )  # fmt: skip
    run = spec.forward(values, backend)
    m = math.tanh(0.5)
    h = math.tanh(0.25 + m)
    assert_near(run.outputs["m"], [[[0]], [[m]]], ulp=2)
    assert_near(run.outputs["h"], [[[0]], [[h]]], ulp=2)
    assert_near(run.outputs["y"], [[[0.5]], [[1 / (1 + math.exp(-h))]]], ulp=2)
    # The error d of m's argument goes back by y (slope 1/4), by h and by m itself (slope 1).
    d = 1 - m**2
    expected = {
        "x": [[[1.5 * d]], [[0]]], "m0": [[-d / 2]], "h0": [[d / 2]], "y0": [[d]], "W_ym": [[0.625 * d]], "W_hm": [[d / 4]],
        "W_mm": [[d / 4]], "b_m": [1.5 * d], "W_xh": [[0.375 * d]], "W_mh": [[0]], "b_h": [1.5 * d], "W_hy": [[0]], "b_y": [d / 2],
    }  # fmt: skip
    for name, gradient in run.backward(given(dtype, m=[[[0]], [[1]]])).items():
        assert_near(gradient, expected[name], ulp=6)


@each_backend
@each_precision
def test_weights_lead_from_column_to_row(backend, dtype):
    """One weight from the second output to the first of two memory units, and one from that to the third hidden unit."""
    zero = spec.draw({"T": 1, "I": 2, "M": 2, "H": 3, "O": 2}, batch=1, dtype=dtype)
    values = zeroed(zero, *zero)
    values["y0"][0], values["W_ym"][0, 1], values["W_mh"][2, 0] = (0.25, 0.5), 1, 1
    run = spec.forward(values, backend)
    assert_near(run.outputs["m"], [[[math.tanh(0.5), 0]]], ulp=2)
    assert_near(run.outputs["h"], [[[0, 0, math.tanh(math.tanh(0.5))]]], ulp=2)
    assert_same(run.outputs["y"], [[[0.5, 0.5]]])


@each_backend
@each_precision
def test_without_weights_to_the_memory_each_step_stands_alone(backend, dtype):
    """Then T steps are a batch of T sequences of one step, bit for bit, and no error reaches the starts."""
    values = zeroed(spec.draw({"T": 5}, batch=1, seed=1, dtype=dtype), "W_ym", "W_hm", "W_mm")
    starts = {name: np.repeat(values[name], 5, axis=0) for name in ("m0", "h0", "y0")}
    run = spec.forward(values, backend)
    steps = spec.forward({**values, **starts, "x": values["x"].swapaxes(0, 1)}, backend)
    gradients = run.backward(draw_upstream(run))
    for name in spec.outputs:
        assert_same(run.outputs[name].swapaxes(0, 1), steps.outputs[name])
    for name in starts:
        assert not gradients[name].any()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
