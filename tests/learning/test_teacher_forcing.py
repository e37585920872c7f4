"""Teacher forcing: what is fed, and where the error goes that comes back from it."""

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

spec = refrnn.load("teacher-forcing")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """Inputs take away what is fed, so that every state is tanh(0) = 0 with slope 1, and every output is 1/4."""
    values = given(
        dtype, y=[[[0.75]], [[9]]], s0=[[1]], o0=[[0.5]], U=[[1]], W=[[1]], R=[[0]], b=[0], V=[[2]], c=[0.25]
    )
    forced = {"x": [[[0]], [[2]]], "s0": [[0]], "o0": [[0]], "U": [[-1.5]], "W": [[1.5]], "R": [[0]], "b": [2], "V": [[0]], "c": [1]}
    free = {"x": [[[4]], [[2]]], "s0": [[0]], "o0": [[4]], "U": [[-2.5]], "W": [[2.5]], "R": [[4]], "b": [6], "V": [[0]], "c": [3]}
    for choice, fed, expected in ((1, 0.75, forced), (0, 0.25, free)):
        x = np.array([[[-0.5]], [[-fed]]], dtype)
        run = spec.forward({**values, "x": x, "forced": choice}, backend)
        assert_same(run.outputs["s"], [[[0]], [[0]]])
        assert_same(run.outputs["o"], [[[0.25]], [[0.25]]])
        for name, gradient in run.backward(given(dtype, o=[[[0]], [[1]]])).items():
            assert_same(gradient, expected[name])


@each_backend
@each_precision
def test_own_outputs_for_truth_change_no_output(backend, dtype):
    """Fed with what it gives by itself, training computes what inference does; the gradients differ."""
    values = spec.draw({"T": 5}, batch=2, seed=1, dtype=dtype)
    free = spec.forward({**values, "forced": 0}, backend)
    forced = spec.forward({**values, "y": free.outputs["o"], "forced": 1}, backend)
    for name in spec.outputs:
        assert_near(forced.outputs[name], free.outputs[name], ulp=16)
    upstream = draw_upstream(free)
    assert np.abs(forced.backward(upstream)["W"] - free.backward(upstream)["W"]).max() > 0.01


@each_backend
@each_precision
def test_without_recurrent_weights_steps_are_a_batch(backend, dtype):
    """The steps in order, and at once as sequences of one step that begin with the truth before them."""
    values = zeroed({**spec.draw({"T": 6}, batch=1, seed=2, dtype=dtype), "forced": 1}, "R")
    apart = {
        **values, "x": values["x"].swapaxes(0, 1), "y": values["y"].swapaxes(0, 1), "s0": np.repeat(values["s0"], 6, axis=0),
        "o0": np.concatenate((values["o0"], values["y"][:-1, 0])),
    }  # fmt: skip
    run, steps = spec.forward(values, backend), spec.forward(apart, backend)
    upstream = draw_upstream(run)
    gradients = run.backward(upstream)
    of_steps = steps.backward({name: array.swapaxes(0, 1) for name, array in upstream.items()})
    for name in spec.outputs:
        assert_same(run.outputs[name].swapaxes(0, 1), steps.outputs[name])
    assert_same(gradients["x"].swapaxes(0, 1), of_steps["x"])
    assert_same(gradients["o0"], of_steps["o0"][:1])
    for name in ("U", "W", "b", "V", "c"):
        assert_added_near(gradients[name], of_steps[name], terms=6)


@each_backend
@each_precision
def test_left_out_weights_are_zero(backend, dtype):
    for forced in (0, 1):
        values = zeroed({**spec.draw(seed=3, dtype=dtype), "forced": forced}, "R")
        run = spec.forward(values, backend)
        del values["R"]
        without = spec.forward(values, backend)
        for name in spec.outputs:
            assert_same(run.outputs[name], without.outputs[name])


@each_backend
@each_precision
def test_no_error_goes_through_the_truth(backend, dtype):
    values = zeroed({**spec.draw({"T": 4}, seed=4, dtype=dtype), "forced": 1}, "R")
    run = spec.forward(values, backend)
    upstream = draw_upstream(run)
    for array in upstream.values():
        array[:-1] = 0
    gradients = run.backward(upstream)
    assert not gradients["x"][:-1].any() and gradients["x"][-1].all() and not gradients["o0"].any()
    assert spec.forward({**values, "forced": 0}, backend).backward(upstream)["o0"].all()


@each_precision
def test_chunks_join(dtype):
    """In inference; the kernel takes the first step of a chunk in other products, so it is held against the whole above."""
    assert_chunks_join(spec, "reference", dtype, ulp=2, forced=0)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    nothing = np.zeros_like(spec.draw(dtype=dtype)["R"])
    for settings in ({"forced": 0}, {"forced": 1}, {"forced": 1, "R": nothing}):
        assert_items_run_alone(spec, backend, dtype, **settings)


@each_backend
@pytest.mark.parametrize("name", ["c", "V", "W", "R"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_goes_where_the_equation_takes_it(backend, name, value):
    """By itself, the net sees no output before the second step: what is wrong with V or c is not yet in its first state."""
    values = spec.draw({"T": 4}, batch=2, seed=3, dtype="float64") | {"forced": 0}
    clean = spec.forward(values, "equation").outputs["s"][0]
    values[name].flat[1] = value
    wanted, found = spec.forward(values, "equation"), spec.forward(values, backend)
    for output in spec.outputs:
        np.testing.assert_allclose(found.outputs[output], wanted.outputs[output], rtol=1e-9)
    if name in "cV":
        np.testing.assert_allclose(found.outputs["s"][0], clean, rtol=1e-12)
