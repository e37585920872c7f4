"""Long short-term memory with two matrices for each gate: each gate has weights of its own."""

from math import exp, tanh

import numpy as np
import pytest
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

spec = refrnn.load("lstm-separate-matrices")


def test_backends_agree():
    assert_backends_agree(spec)


def sigmoid(a):
    return 1 / (1 + exp(-a))


@each_backend
@each_precision
def test_one_step_of_one_unit_by_hand(backend, dtype):
    """Four gates with four arguments, so that no two can be exchanged."""
    values = given(
        dtype, x=[[[2]]], h0=[[0.5]], c0=[[-0.75]],
        W_f=[[0.25]], U_f=[[-1]], b_f=[0.25], W_i=[[0.5]], U_i=[[1]], b_i=[0.125],
        W_o=[[-0.5]], U_o=[[2]], b_o=[0.375], W_c=[[1]], U_c=[[0.5]], b_c=[-0.5],
    )  # fmt: skip
    f, i, o, c_hat = sigmoid(0.25), sigmoid(1.625), sigmoid(0.375), tanh(1.75)
    c = f * -0.75 + i * c_hat
    run = spec.forward(values, backend)
    for name, value in (("f", f), ("i", i), ("o", o), ("c_hat", c_hat)):
        assert_near(run.intermediates[name], [[[value]]], ulp=4)
    assert_near(run.outputs["c"], [[[c]]], ulp=8)
    assert_near(run.outputs["h"], [[[o * tanh(c)]]], ulp=8)
    d_c = o * (1 - tanh(c) ** 2)
    d_a = {"f": d_c * -0.75 * f * (1 - f), "i": d_c * c_hat * i * (1 - i), "o": tanh(c) * o * (1 - o), "c": d_c * i * (1 - c_hat**2)}
    gradients = run.backward(given(dtype, h=[[[1]]]))
    assert_near(gradients["c0"], [[d_c * f]], ulp=16)
    for gate, d in d_a.items():
        # A slope near saturation comes of numbers near 1, whose rounding weighs more in it.
        assert_near(gradients[f"b_{gate}"], [d], ulp=32)
        assert_near(gradients[f"W_{gate}"], [[2 * d]], ulp=32)
        assert_near(gradients[f"U_{gate}"], [[d / 2]], ulp=32)


@each_backend
@each_precision
def test_a_kept_cell_is_unchanged_for_fifty_steps(backend, dtype):
    values = spec.draw({"T": 50}, seed=1, dtype=dtype)
    values["b_f"], values["b_i"] = np.full_like(values["b_f"], OPEN), np.full_like(values["b_i"], SHUT)
    run = spec.forward(values, backend)
    assert_same(run.outputs["c"], np.broadcast_to(values["c0"], (50, *values["c0"].shape)))
    upstream = np.zeros_like(run.outputs["c"])
    upstream[-1] = draw_upstream(run)["c"][-1]
    assert_same(run.backward({"c": upstream})["c0"], upstream[-1])


@each_backend
@each_precision
@pytest.mark.parametrize("gate", "fioc")
def test_each_gate_sees_the_state_through_its_own_matrix(backend, dtype, gate):
    """Where one gate alone sees the state, the other gates' matrices receive an error all the same."""
    others = [f"U_{other}" for other in "fioc" if other != gate]
    values = zeroed(spec.draw({"T": 3}, seed=2, dtype=dtype), *others)
    run = spec.forward(values, backend)
    moved = spec.forward({**values, "h0": values["h0"] + 1}, backend)
    for name in "fioc":
        name = "c_hat" if name == "c" else name
        same = np.array_equal(run.intermediates[name][0], moved.intermediates[name][0])
        assert same == (name[0] != gate)
    gradients = run.backward(draw_upstream(run))
    assert all(gradients[name].all() for name in others)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
