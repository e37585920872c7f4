"""Long short-term memory: what each gate does when it is open, shut or half open."""

from math import exp, tanh

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

spec = refrnn.load("lstm")


def test_backends_agree():
    assert_backends_agree(spec)


def with_gates(values, i=0.0, f=0.0, o=0.0):
    """Biases that open or shut gates, whatever the weights make of input and state."""
    H = values["h0"].shape[1]
    return {**values, "b": np.repeat(np.array([i, f, o, 0], values["x"].dtype), H)}


@each_backend
@each_precision
def test_a_kept_cell_is_unchanged_for_fifty_steps(backend, dtype):
    """Forget gate open, input gate shut: the memory and its error pass every step bit for bit."""
    values = with_gates(spec.draw({"T": 50}, seed=1, dtype=dtype), i=SHUT, f=OPEN)
    run = spec.forward(values, backend)
    assert_same(run.outputs["c"], np.broadcast_to(values["c0"], (50, *values["c0"].shape)))
    upstream = np.zeros_like(run.outputs["c"])
    upstream[-1] = draw_upstream(run)["c"][-1]
    gradients = run.backward({"c": upstream})
    assert_same(gradients["c0"], upstream[-1])
    for name in ("x", "h0", "W", "b"):
        assert not gradients[name].any()


@each_backend
@each_precision
def test_a_shut_forget_gate_ends_the_past(backend, dtype):
    values = with_gates(spec.draw(seed=2, dtype=dtype), f=SHUT)
    run = spec.forward(values, backend)
    other = spec.forward({**values, "c0": values["c0"] + 1}, backend)
    for name in spec.outputs:
        assert_same(other.outputs[name], run.outputs[name])
    assert not run.backward(draw_upstream(run))["c0"].any()


@each_backend
@each_precision
def test_a_shut_output_gate_shows_nothing(backend, dtype):
    """Then all steps start with h = 0, and no error of h reaches anything."""
    run = spec.forward(with_gates(spec.draw(seed=3, dtype=dtype), o=SHUT), backend)
    assert not run.outputs["h"].any() and run.outputs["c"].all()
    for gradient in run.backward({"h": draw_upstream(run)["h"]}).values():
        assert not gradient.any()


@each_backend
@each_precision
def test_half_open_gates_halve_the_memory(backend, dtype):
    """Without weights i = f = o = 1/2 and g = 0: halves are exact, forward and backward; b may be left out."""
    values = zeroed(spec.draw({"T": 4}, seed=4, dtype=dtype), "W")
    del values["b"]
    run = spec.forward(values, backend)
    assert_same(run.outputs["c"], values["c0"] / np.array([2, 4, 8, 16], dtype)[:, None, None])
    gradients = run.backward({"c": np.ones_like(run.outputs["c"])})
    assert_same(gradients["c0"], np.full_like(values["c0"], 1 / 2 + 1 / 4 + 1 / 8 + 1 / 16))
    assert "b" not in gradients


@each_backend
@each_precision
def test_one_step_of_one_unit_by_hand(backend, dtype):
    """Four gates with four arguments, in the order i, f, o, g; the state comes before the input in W."""
    W = [[1, 0.5], [-1, 0.25], [2, -0.5], [0.5, 1]]
    values = given(dtype, x=[[[2]]], h0=[[0.5]], c0=[[-0.75]], W=W, b=[0.125, 0.25, 0.375, -0.5])
    a_i, a_f, a_o, a_g = (0.5 * v + 2 * w + b for (v, w), b in zip(W, (0.125, 0.25, 0.375, -0.5)))
    i, f, o = (1 / (1 + exp(-a)) for a in (a_i, a_f, a_o))
    c = f * -0.75 + i * tanh(a_g)
    run = spec.forward(values, backend)
    for name, value in (("i", i), ("f", f), ("o", o), ("g", tanh(a_g))):
        assert_near(run.intermediates[name], [[[value]]], ulp=4)
    # Each gate is within an ulp or two; c is a difference, not much smaller than its parts.
    assert_near(run.outputs["c"], [[[c]]], ulp=8)
    assert_near(run.outputs["h"], [[[o * tanh(c)]]], ulp=8)
    d_c = o * (1 - tanh(c) ** 2)
    d_a = [d_c * tanh(a_g) * i * (1 - i), d_c * -0.75 * f * (1 - f), tanh(c) * o * (1 - o), d_c * i * (1 - tanh(a_g) ** 2)]
    gradients = run.backward(given(dtype, h=[[[1]]]))
    assert_near(gradients["c0"], [[d_c * f]], ulp=16)
    assert_near(gradients["b"], d_a, ulp=16)
    assert_near(gradients["W"], np.outer(d_a, [0.5, 2]), ulp=16)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
