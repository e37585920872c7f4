"""Leaky units: a part a of the previous state stays, the rest is new."""

import numpy as np
import pytest
from differential import (
    assert_added_near,
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

spec = refrnn.load("leaky-units")


def test_backends_agree():
    assert_backends_agree(spec)


def leaking(values, a):
    """Nothing new ever comes: what is left of the start leaks away."""
    return {**zeroed(values, "W", "U", "b"), **given(values["x"].dtype, a=a)}


@each_backend
@each_precision
def test_half_of_the_state_stays(backend, dtype):
    values = leaking(spec.draw({"T": 4}, seed=1, dtype=dtype), 0.5)
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], values["h0"] / np.array([2, 4, 8, 16], dtype)[:, None, None])
    last = np.zeros_like(run.outputs["h"])
    last[-1] = 1
    gradients = run.backward({"h": last})
    assert_same(gradients["h0"], np.full_like(values["h0"], 1 / 16))
    # a^4 h0 by a: 4 a^3 h0, summed over all units of all sequences.
    assert_near(gradients["a"], values["h0"].astype(np.longdouble).sum() / 2, ulp=values["h0"].size)
    # The candidate's error is half of the state's: 1/2 (1 + 1/2 + 1/4 + 1/8), of three sequences.
    assert_same(gradients["b"], np.full_like(values["b"], 3 * 15 / 16))


@each_backend
@each_precision
def test_a_near_one_remembers_long(backend, dtype):
    """0.95 of the state a step: after 50 steps 0.95^50 = 0.077 is left, of the state and of the error."""
    values = leaking(spec.draw({"T": 50}, seed=2, dtype=dtype), 0.95)
    run = spec.forward(values, backend)
    left = float(values["a"]) ** 50
    # Half an ulp of what is left at each step.
    assert_near(run.outputs["h"][-1], left * values["h0"].astype(float), ulp=50)
    last = np.zeros_like(run.outputs["h"])
    last[-1] = 1
    assert_near(run.backward({"h": last})["h0"], np.full_like(values["h0"], left, dtype=float), ulp=50)


@each_backend
@each_precision
def test_half_a_step_of_unfolding(backend, dtype):
    """With a = 1/2 and no bias the new state is the mean of the old one and of the plain unit's, whose tanh is finer in kernels."""
    values = {**zeroed(spec.draw({"T": 1}, seed=3, dtype=dtype), "b"), "a": np.array(0.5, dtype)}
    plain = refrnn.load("unfolding").forward({"x": values["x"], "s0": values["h0"], "U": values["U"], "V": values["W"]}, backend)
    run = spec.forward(values, backend)
    assert_near(run.outputs["h"], (values["h0"] + plain.outputs["s"]) / 2, ulp=2)
    upstream = draw_upstream(run)["h"]
    gradients, of_plain = run.backward({"h": upstream}), plain.backward({"s": upstream})
    for here, there in (("x", "x"), ("U", "U"), ("W", "V")):
        assert_added_near(gradients[here], of_plain[there] / 2, terms=3)


@pytest.mark.parametrize("a", [-0.5, 0.0, 1.0, np.nan])
def test_what_does_not_leak_is_refused(a):
    with pytest.raises(refrnn.ValuesError, match="a is .*outside"):
        spec.forward({**spec.draw(), "a": np.float32(a)})


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
