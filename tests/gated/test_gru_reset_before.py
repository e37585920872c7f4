"""Gated recurrent unit, reset before the product: z keeps the state, r hides it from the candidate."""

import numpy as np
from differential import (
    OPEN,
    SHUT,
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

spec = refrnn.load("gru-reset-before")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_an_open_update_gate_copies_the_state(backend, dtype):
    """z = 1: the state stays for 50 steps bit for bit, and errors arrive at the start as they were sent."""
    values = spec.draw({"T": 50}, seed=1, dtype=dtype)
    values["b_z"] = np.full_like(values["b_z"], OPEN)
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], np.broadcast_to(values["h0"], run.outputs["h"].shape))
    errors = np.random.default_rng(2).integers(-9, 9, run.outputs["h"].shape).astype(dtype)  # whole, so that they add up exactly
    gradients = run.backward({"h": errors})
    assert_same(gradients["h0"], errors.sum(axis=0))
    assert not gradients["x"].any() and not gradients["W_hh"].any()


@each_backend
@each_precision
def test_a_shut_reset_gate_hides_the_past(backend, dtype):
    """r = 0 and z = 0: each state is the candidate of its own input, tanh(W_xh x + b_h)."""
    values = spec.draw(seed=3, dtype=dtype)
    values |= {"b_r": np.full_like(values["b_r"], SHUT), "b_z": np.full_like(values["b_z"], SHUT)}
    run = spec.forward(values, backend)
    assert_same(spec.forward({**values, "h0": values["h0"] + 1}, backend).outputs["h"], run.outputs["h"])
    # Five terms, added in another order.
    assert_near(run.outputs["h"], np.tanh(values["x"] @ values["W_xh"].T + values["b_h"]), ulp=8)
    gradients = run.backward(draw_upstream(run))
    assert not gradients["h0"].any() and not gradients["W_hh"].any()
    assert gradients["W_xh"].all()


@each_backend
@each_precision
def test_half_open_gates_halve_the_state(backend, dtype):
    """Without weights z = 1/2 and n = 0."""
    names = [name for name, symbol in spec.arrays.items() if symbol.role == "parameter"]
    values = zeroed(spec.draw({"T": 3}, seed=4, dtype=dtype), *names)
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], values["h0"] / np.array([2, 4, 8], dtype)[:, None, None])
    gradients = run.backward({"h": np.ones_like(run.outputs["h"])})
    assert_same(gradients["h0"], np.full_like(values["h0"], 1 / 2 + 1 / 4 + 1 / 8))
    # The candidate's error is half of the state's: 1/2 (1 + 1/2 + 1/4) + 1/2 (1 + 1/2) + 1/2, of three sequences.
    assert_same(gradients["b_h"], np.full_like(values["b_h"], 3 * (7 / 8 + 3 / 4 + 1 / 2)))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@each_backend
@each_precision
def test_one_step_by_hand(backend, dtype):
    """Each unit is reset by its own gate before W_hh hands it to the other one."""
    nothing, r, z = np.zeros((2, 2)), sigmoid(np.array([0.5, -1])), sigmoid(np.array([0.25, -0.5]))
    values = given(
        dtype, x=[[[2]]], h0=[[0.5, -0.25]], W_xr=[[0], [0]], W_hr=nothing, b_r=[0.5, -1], W_xz=[[0], [0]], W_hz=nothing, b_z=[0.25, -0.5],
        W_xh=[[0.25], [0]], W_hh=[[0, 2], [1, 0]], b_h=[0.125, 0],
    )  # fmt: skip
    n = np.tanh([0.25 * 2 + 2 * r[1] * -0.25 + 0.125, r[0] * 0.5])
    run = spec.forward(values, backend)
    # A dozen operations, each rounded by half an ulp at most; the gradients multiply a few of their results.
    assert_near(run.outputs["h"], [[z * [0.5, -0.25] + (1 - z) * n]], ulp=6)
    gradients = run.backward(given(dtype, h=[[[1, 0]]]))
    d_a = (1 - z[0]) * (1 - n[0] ** 2)
    assert_near(gradients["h0"], [[z[0], 2 * d_a * r[1]]], ulp=12)
    assert_near(gradients["b_r"], [0, 2 * d_a * -0.25 * r[1] * (1 - r[1])], ulp=12)
    assert_near(gradients["b_z"], [(0.5 - n[0]) * z[0] * (1 - z[0]), 0], ulp=12)
    assert_near(gradients["W_hh"], [[d_a * r[0] * 0.5, d_a * r[1] * -0.25], [0, 0]], ulp=12)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
