"""Unfolding: T steps are one function nested T times, with the same U and V in every copy."""

import numpy as np
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
)

import refrnn

spec = refrnn.load("unfolding")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_steps_are_a_nested_function(backend, dtype):
    values = spec.draw({"T": 3}, batch=1, seed=1, dtype=dtype)
    U, V, (x0, x1, x2), s0 = values["U"], values["V"], values["x"][:, 0], values["s0"][0]
    nested = np.tanh(U @ np.tanh(U @ np.tanh(U @ s0 + V @ x0) + V @ x1) + V @ x2)
    # Ten products a unit and step are added in another order; tanh lets no error grow.
    assert_near(spec.forward(values, backend).outputs["s"][-1, 0], nested, ulp=20)


@each_backend
@each_precision
def test_gradient_is_the_sum_over_the_copies(backend, dtype):
    """Each step as a run of its own, the error handed from one to the one before: the same bits, and U's sum."""
    values = spec.draw({"T": 4}, seed=2, dtype=dtype)
    whole = spec.forward(values, backend)
    upstream = np.zeros_like(whole.outputs["s"])
    upstream[-1] = draw_upstream(whole)["s"][-1]
    steps, state = [], values["s0"]
    for t in range(4):
        steps.append(spec.forward({**values, "x": values["x"][t : t + 1], "s0": state}, backend))
        state = steps[-1].outputs["s"][-1]
        assert_same(state, whole.outputs["s"][t])
    error, copies = upstream[-1], []
    for step in reversed(steps):
        copies.append(step.backward({"s": error[None]}))
        error = copies[-1]["s0"]
    gradients = whole.backward({"s": upstream})
    assert_same(gradients["s0"], error)
    for name in ("U", "V"):
        assert_added_near(gradients[name], sum(copy[name] for copy in copies), terms=4 * 3)


@each_backend
@each_precision
def test_a_ring_hands_the_state_on(backend, dtype):
    """U moves every entry one place down, the last one to the top; without input that is all but for tanh."""
    values = given(dtype, x=np.zeros((3, 1, 1)), s0=[[0.5, -0.25, 1]], U=np.roll(np.eye(3), 1, axis=0), V=np.zeros((3, 1)))
    run = spec.forward(values, backend)
    states = [np.array([0.5, -0.25, 1])]
    for t in range(3):
        states.append(np.tanh(np.roll(states[-1], 1)))
        assert_near(run.outputs["s"][t, 0], states[-1], ulp=4)
    # The error of unit 0 goes round, through the slopes of one and the same entry, to the place that it came from.
    gradients = run.backward(given(dtype, s=[[[0, 0, 0]], [[0, 0, 0]], [[1, 0, 0]]]))
    last, middle, first = np.cumprod([1 - states[3][0] ** 2, 1 - states[2][2] ** 2, 1 - states[1][1] ** 2])
    assert_near(gradients["s0"], [[first, 0, 0]], ulp=12)
    # On its way each row of U is wrong once, times the state that the step began with.
    assert_near(gradients["U"], [last * states[2], first * states[0], middle * states[1]], ulp=12)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
