"""Gated recurrent unit, reset after the product: r acts on U h + b_u, not on h."""

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
)

import refrnn

spec = refrnn.load("gru-reset-after")
# The same parameters in the unit that resets before.
NAMES = {
    "x": "x", "h0": "h0", "W_r": "W_xr", "U_r": "W_hr", "b_r": "b_r", "W_z": "W_xz", "U_z": "W_hz", "b_z": "b_z",
    "W": "W_xh", "U": "W_hh", "b_h": "b_h",
}  # fmt: skip


def test_backends_agree():
    assert_backends_agree(spec)


def as_before(values, backend):
    """The unit that resets before, on the same values."""
    return refrnn.load("gru-reset-before").forward({there: values[here] for here, there in NAMES.items()}, backend)


@each_backend
@each_precision
def test_a_diagonal_matrix_is_reset_before_or_after(backend, dtype):
    """r * (U h) = U (r * h) where U is diagonal; the gradients agree too, but for U's other entries."""
    values = spec.draw({"T": 5}, seed=1, dtype=dtype)
    values["U"] = np.diag(np.diag(values["U"]))
    del values["b_u"]
    run, before = spec.forward(values, backend), as_before(values, backend)
    # Two factors in another order: an ulp a step, passed on over 5 steps.
    assert_near(run.outputs["h"], before.outputs["h"], ulp=10)
    upstream = draw_upstream(run)
    gradients, of_before = run.backward(upstream), before.backward(upstream)
    for here, there in NAMES.items():
        found, expected = gradients[here], of_before[there]
        assert_near(*((np.diag(found), np.diag(expected)) if here == "U" else (found, expected)), ulp=20)


@each_backend
@each_precision
def test_any_other_matrix_is_not(backend, dtype):
    """U brings unit 1 to unit 0, with r = 0 for unit 0 and 1 for unit 1: after the product nothing comes through."""
    nothing = np.zeros((2, 2))
    values = given(
        dtype, x=[[[0, 0]]], h0=[[0, 0.5]], W_z=nothing, U_z=nothing, b_z=[SHUT, SHUT], W_r=nothing, U_r=nothing, b_r=[SHUT, OPEN],
        W=nothing, U=[[0, 2], [0, 0]], b_h=[0, 0],
    )  # fmt: skip
    assert_same(spec.forward(values, backend).outputs["h"], [[[0, 0]]])
    assert_near(as_before(values, backend).outputs["h"], [[[np.tanh(1), 0]]], ulp=2)


@each_backend
@each_precision
def test_inner_bias_is_reset_and_may_be_left_out(backend, dtype):
    values = spec.draw(seed=2, dtype=dtype)
    shut = {**values, "b_r": np.full_like(values["b_r"], SHUT)}
    run, other = spec.forward(shut, backend), spec.forward({**shut, "b_u": values["b_u"] + 1}, backend)
    assert_same(run.outputs["h"], other.outputs["h"])
    assert not run.backward(draw_upstream(run))["b_u"].any()

    without = spec.forward({name: value for name, value in values.items() if name != "b_u"}, backend)
    zero = spec.forward({**values, "b_u": np.zeros_like(values["b_u"])}, backend)
    assert_same(without.outputs["h"], zero.outputs["h"])
    assert "b_u" not in without.backward(draw_upstream(without))


@each_backend
@each_precision
def test_open_reset_gate_makes_the_biases_one(backend, dtype):
    """r = 1: b_u and b_h are added up, and learn the same."""
    values = spec.draw(seed=3, dtype=dtype)
    values["b_r"] = np.full_like(values["b_r"], OPEN)
    run = spec.forward(values, backend)
    gradients = run.backward(draw_upstream(run))
    assert_same(gradients["b_u"], gradients["b_h"])
    both = {**values, "b_u": np.zeros_like(values["b_u"]), "b_h": values["b_h"] + values["b_u"]}
    # One addition at another place, an ulp a step, passed on over 7 steps.
    assert_near(spec.forward(both, backend).outputs["h"], run.outputs["h"], ulp=14)


@each_backend
@each_precision
def test_an_open_update_gate_copies_the_state(backend, dtype):
    values = spec.draw({"T": 50}, seed=4, dtype=dtype)
    values["b_z"] = np.full_like(values["b_z"], OPEN)
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], np.broadcast_to(values["h0"], run.outputs["h"].shape))
    last = np.zeros_like(run.outputs["h"])
    last[-1] = draw_upstream(run)["h"][-1]
    assert_same(run.backward({"h": last})["h0"], last[-1])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@each_backend
@each_precision
def test_one_step_by_hand(backend, dtype):
    """Each unit resets what it is handed, and the bias with it."""
    nothing, r, z = np.zeros((2, 2)), sigmoid(np.array([0.5, -1])), sigmoid(np.array([0.25, -0.5]))
    values = given(
        dtype, x=[[[2]]], h0=[[0.5, -0.25]], W_r=[[0], [0]], U_r=nothing, b_r=[0.5, -1], W_z=[[0], [0]], U_z=nothing, b_z=[0.25, -0.5],
        W=[[0.25], [0]], U=[[0, 2], [1, 0]], b_u=[0.75, -0.5], b_h=[0.125, 0],
    )  # fmt: skip
    n = np.tanh([0.25 * 2 + r[0] * (2 * -0.25 + 0.75) + 0.125, r[1] * (0.5 - 0.5)])
    run = spec.forward(values, backend)
    # A dozen operations, each rounded by half an ulp at most; the gradients multiply a few of their results.
    assert_near(run.outputs["h"], [[z * [0.5, -0.25] + (1 - z) * n]], ulp=6)
    gradients = run.backward(given(dtype, h=[[[1, 0]]]))
    d_a = (1 - z[0]) * (1 - n[0] ** 2)
    assert_near(gradients["h0"], [[z[0], 2 * d_a * r[0]]], ulp=12)
    assert_near(gradients["b_r"], [d_a * (2 * -0.25 + 0.75) * r[0] * (1 - r[0]), 0], ulp=12)
    assert_near(gradients["b_u"], [d_a * r[0], 0], ulp=12)
    assert_near(gradients["U"], [[d_a * r[0] * 0.5, d_a * r[0] * -0.25], [0, 0]], ulp=12)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
