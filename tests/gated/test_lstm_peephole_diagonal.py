"""Diagonal peepholes: each gate sees its own memory cell, and no other."""

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
    zeroed,
)

import refrnn

spec = refrnn.load("lstm-peephole-diagonal")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_is_the_full_unit_with_diagonal_matrices(backend, dtype):
    full = refrnn.load("lstm-peephole")
    values = spec.draw({"T": 5}, seed=1, dtype=dtype)
    shared = {name: value for name, value in values.items() if name in full.arrays}
    run = spec.forward(values, backend)
    expected = full.forward({**shared, **{f"W_C{gate}": np.diag(values[f"w_C{gate}"]) for gate in "fio"}}, backend)
    upstream = draw_upstream(run)
    gradients, of_full = run.backward(upstream), expected.backward(upstream)
    # The peephole joins the other sums at another place: an ulp or two a step, passed on over 5 steps.
    for name in spec.outputs:
        assert_near(run.outputs[name], expected.outputs[name], ulp=20)
    for name, gradient in gradients.items():
        assert_near(gradient, of_full[name] if name in shared else np.diag(of_full[f"W{name[1:]}"]), ulp=40)


@each_backend
@each_precision
def test_units_do_not_see_each_other(backend, dtype):
    """Without recurrent weights each unit is a net of its own: a start moves its own unit only."""
    values = zeroed(spec.draw(seed=2, dtype=dtype), "W_hf", "W_hi", "W_hC", "W_ho")
    other = {**values, "C0": values["C0"].copy()}
    other["C0"][:, 2] += 1
    before, after = spec.forward(values, backend), spec.forward(other, backend)
    for name in spec.outputs:
        changed = np.any(before.outputs[name] != after.outputs[name], axis=(0, 1))
        assert np.flatnonzero(changed).tolist() == [2]
    upstream = draw_upstream(before)
    for array in upstream.values():
        array[..., [0, 1, 3, 4]] = 0
    gradients = before.backward(upstream)
    for name in ("C0", "w_Cf", "w_Ci", "w_Co", "b_f", "b_i", "b_C", "b_o"):
        assert np.flatnonzero(np.atleast_2d(gradients[name]).any(axis=0)).tolist() == [2]


@each_backend
@each_precision
def test_output_gate_sees_the_memory_after_the_step(backend, dtype):
    """Nothing but the output's peephole: the memory halves each step, and o is the sigmoid of what is left of it."""
    names = [name for name, symbol in spec.arrays.items() if symbol.role == "parameter"]
    values = zeroed(spec.draw({"T": 3}, seed=3, dtype=dtype), *names)
    values["w_Co"] = np.full_like(values["w_Co"], 4)
    run = spec.forward(values, backend)
    C = values["C0"] / np.array([2, 4, 8], dtype)[:, None, None]
    assert_same(run.outputs["C"], C)
    C = C.astype(float)
    assert_near(run.outputs["h"], np.tanh(C) / (1 + np.exp(-4 * C)), ulp=6)
    # Upstream to the memory alone does not reach the peephole of o.
    assert not run.backward({"C": np.ones_like(run.outputs["C"])})["w_Co"].any()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    # The error of C has four parts: its upstream, through h, through o, and from the step after.
    assert_chunks_join(spec, backend, dtype, ulp=16)
    assert_items_run_alone(spec, backend, dtype)
