"""Skip connections: a second way back, D steps at a time."""

import numpy as np
from delays import assert_delayed_chunks_join, assert_state_follows_lengths
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_items_run_alone,
    assert_near,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    zeroed,
)

import refrnn

spec = refrnn.load("skip-connections")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_a_jump_by_hand(backend, dtype):
    """V is the identity and nothing else is there: each step repeats the one D before it, squashed."""
    values = zeroed(spec.draw({"T": 5, "D": 3, "H": 2}, seed=1, dtype=dtype), "W", "U", "b")
    values["V"] = np.eye(2, dtype=dtype)
    start = values["h_start"].swapaxes(0, 1).astype(np.longdouble)
    run = spec.forward(values, backend)
    once, twice = np.tanh(start), np.tanh(np.tanh(start[:2]))
    assert_near(run.outputs["h"], np.concatenate((once, twice)), ulp=4)
    last = np.zeros_like(run.outputs["h"])
    last[4] = 1
    gradients = run.backward({"h": last})
    assert not gradients["h_start"][:, [0, 2]].any()
    assert_near(gradients["h_start"][:, 1], (1 - once[1] ** 2) * (1 - twice[1] ** 2), ulp=8)


@each_backend
@each_precision
def test_jumps_of_one_step_add_to_the_usual_connections(backend, dtype):
    values = zeroed(spec.draw({"T": 6, "D": 1}, seed=2, dtype=dtype), "b")
    plain = refrnn.load("unfolding").forward(
        {"x": values["x"], "s0": values["h_start"][:, 0], "U": values["U"] + values["V"], "V": values["W"]}, backend
    )
    run = spec.forward(values, backend)
    assert_near(run.outputs["h"], plain.outputs["s"], ulp=16)
    upstream = draw_upstream(plain)["s"]
    gradients, expected = run.backward({"h": upstream}), plain.backward({"s": upstream})
    for found, wanted in ((gradients["x"], "x"), (gradients["h_start"][:, 0], "s0"), (gradients["U"], "U"), (gradients["V"], "U"), (gradients["W"], "V")):
        assert_added_near(found, expected[wanted], 18)


@each_backend
@each_precision
def test_without_jumps_it_is_a_plain_layer(backend, dtype):
    """Of the start only the last state is then used."""
    values = zeroed(spec.draw({"T": 6, "D": 4}, seed=3, dtype=dtype), "b", "V")
    plain = refrnn.load("unfolding").forward({"x": values["x"], "s0": values["h_start"][:, -1], "U": values["U"], "V": values["W"]}, backend)
    run = spec.forward(values, backend)
    assert_near(run.outputs["h"], plain.outputs["s"], ulp=8)
    gradients = run.backward(draw_upstream(run))
    assert gradients["h_start"][:, -1].all() and not gradients["h_start"][:, :-1].any()


@each_backend
@each_precision
def test_a_jump_longer_than_the_sequence(backend, dtype):
    """Every step then jumps to the start, and the last states of it are never reached."""
    values = zeroed(spec.draw({"T": 2, "D": 5}, seed=4, dtype=dtype), "U")
    run = spec.forward(values, backend)
    gradients = run.backward(draw_upstream(run))
    assert gradients["h_start"][:, :2].all() and not gradients["h_start"][:, 2:].any()
    assert_same(run.state["h_start"], np.concatenate((values["h_start"][:, 2:], run.outputs["h"].swapaxes(0, 1)), axis=1))


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_delayed_chunks_join(spec, backend, dtype, ulp=40)
    assert_items_run_alone(spec, backend, dtype)
    assert_state_follows_lengths(spec, backend, dtype)
