"""Connections over D steps only: D layers that take turns and never meet."""

import numpy as np
import pytest
from delays import assert_delayed_chunks_join, assert_state_follows_lengths
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_items_run_alone,
    assert_near,
    draw_upstream,
    each_backend,
    each_precision,
    zeroed,
)

import refrnn

spec = refrnn.load("removed-connections")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_jumps_by_hand(backend, dtype):
    """U is the identity and nothing else is there: each step repeats the one D before it, squashed."""
    values = zeroed(spec.draw({"T": 4, "D": 2, "H": 3}, seed=1, dtype=dtype), "W", "b")
    values["U"] = np.eye(3, dtype=dtype)
    start = values["h_start"].swapaxes(0, 1).astype(np.longdouble)
    run = spec.forward(values, backend)
    assert_near(run.outputs["h"], np.concatenate((np.tanh(start), np.tanh(np.tanh(start)))), ulp=4)


@each_backend
@each_precision
@pytest.mark.parametrize("interval", (1, 3))
def test_it_is_as_many_plain_layers(backend, dtype, interval):
    """Every third step, from the first, the second or the third on, is a plain layer with its own start."""
    values = zeroed(spec.draw({"T": 11, "D": interval}, seed=2, dtype=dtype), "b")
    run = spec.forward(values, backend)
    upstream = draw_upstream(run)["h"]
    gradients, d_U = run.backward({"h": upstream}), 0
    for first in range(interval):
        plain = refrnn.load("unfolding").forward(
            {"x": values["x"][first::interval], "s0": values["h_start"][:, first], "U": values["U"], "V": values["W"]}, backend
        )
        assert_near(run.outputs["h"][first::interval], plain.outputs["s"], ulp=8)
        expected = plain.backward({"s": upstream[first::interval]})
        assert_near(gradients["x"][first::interval], expected["x"], ulp=16)
        assert_near(gradients["h_start"][:, first], expected["s0"], ulp=16)
        d_U = d_U + expected["U"]
    assert_added_near(gradients["U"], d_U, 33)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_delayed_chunks_join(spec, backend, dtype, ulp=40)
    assert_items_run_alone(spec, backend, dtype)
    assert_state_follows_lengths(spec, backend, dtype)
