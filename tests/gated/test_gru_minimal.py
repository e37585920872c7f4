"""The gated recurrent unit that has no biases and in which z lets the new state in."""

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
    zeroed,
)

import refrnn

spec = refrnn.load("gru-minimal")


def test_backends_agree():
    assert_backends_agree(spec)


def with_gates(values, z=0.0, r=0.0):
    """Input 0 is always 1, so that its weights are biases, by which gates are opened and shut."""
    values, H = {name: array.copy() for name, array in values.items()}, values["h0"].shape[1]
    values["x"][..., 0] = 1
    values["W_z"][:, H], values["W_r"][:, H] = z, r
    return values


@each_backend
@each_precision
def test_a_shut_update_gate_copies_the_state(backend, dtype):
    """z = 0: where the other two units open their gate, this one shuts it."""
    values = with_gates(spec.draw({"T": 50}, seed=1, dtype=dtype), z=SHUT)
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], np.broadcast_to(values["h0"], run.outputs["h"].shape))
    last = np.zeros_like(run.outputs["h"])
    last[-1] = draw_upstream(run)["h"][-1]
    gradients = run.backward({"h": last})
    assert_same(gradients["h0"], last[-1])
    assert not gradients["x"].any()


@each_backend
@each_precision
def test_new_states_without_a_past(backend, dtype):
    """z = 1 and r = 0: each state is tanh of its own input's product."""
    values = with_gates(spec.draw(seed=2, dtype=dtype), z=OPEN, r=SHUT)
    H = values["h0"].shape[1]
    run = spec.forward(values, backend)
    # Four terms, added in another order.
    assert_near(run.outputs["h"], np.tanh(values["x"] @ values["W"][:, H:].T), ulp=8)
    gradients = run.backward(draw_upstream(run))
    assert not gradients["h0"].any()
    assert not gradients["W"][:, :H].any() and gradients["W"][:, H:].all()


@each_backend
@each_precision
def test_half_open_gates_halve_the_state(backend, dtype):
    values = zeroed(spec.draw({"T": 3}, seed=3, dtype=dtype), "W_z", "W_r", "W")
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], values["h0"] / np.array([2, 4, 8], dtype)[:, None, None])
    assert_same(run.backward({"h": np.ones_like(run.outputs["h"])})["h0"], np.full_like(values["h0"], 7 / 8))


@each_backend
@each_precision
def test_is_reset_before_with_the_update_gate_turned_round(backend, dtype):
    """1 - sigmoid(a) = sigmoid(-a): the other unit with -W_z and without biases."""
    values = spec.draw({"T": 5}, seed=4, dtype=dtype)
    H = values["h0"].shape[1]
    others = {"x": values["x"], "h0": values["h0"]}
    signs = {"r": ("W_r", 1), "z": ("W_z", -1), "h": ("W", 1)}
    for gate, (name, sign) in signs.items():
        others |= {f"W_h{gate}": sign * values[name][:, :H], f"W_x{gate}": sign * values[name][:, H:], f"b_{gate}": np.zeros(H, dtype)}
    run, other = spec.forward(values, backend), refrnn.load("gru-reset-before").forward(others, backend)
    upstream = draw_upstream(run)
    gradients, of_other = run.backward(upstream), other.backward(upstream)
    # One product of nine terms or two of five and four, and 1 - z rounded once more, passed on over 5 steps.
    assert_near(run.outputs["h"], other.outputs["h"], ulp=50)
    for name in ("x", "h0"):
        assert_near(gradients[name], of_other[name], ulp=50)
    for gate, (name, sign) in signs.items():
        expected = sign * np.concatenate((of_other[f"W_h{gate}"], of_other[f"W_x{gate}"]), axis=1)
        assert_near(gradients[name], expected, ulp=50)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
