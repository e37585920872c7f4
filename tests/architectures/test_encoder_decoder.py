"""From a sequence to a vector to a sequence, of lengths that have nothing to do with one another."""

import math

import numpy as np
from differential import (
    OPEN,
    SHUT,
    assert_added_near,
    assert_backends_agree,
    assert_near,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    given,
    zeroed,
)

import refrnn

spec = refrnn.load("encoder-decoder")
READ, WRITTEN = np.array([5, 1, 3, 4]), np.array([2, 6, 1, 4])


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_one_step_each_by_hand(backend, dtype):
    """The encoder lets all of the new in, the decoder none: v = tanh(1/2), and y = 2 tanh(3 v) + 1 at both steps."""
    values = given(
        dtype, x=[[[1]]], u=[[[0.5]], [[-1]]], e0=[[0.25]], W_ez=[[0, OPEN]], W_er=[[0, 0]], W_e=[[0, 0.5]], V=[[3]],
        W_z=[[SHUT, 0]], W_r=[[0, 0]], W=[[1, 1]], W_y=[[2]], b_y=[1],
    )  # fmt: skip
    run = spec.forward(values, backend)
    v = math.tanh(0.5)
    h = math.tanh(3 * v)
    assert_near(run.outputs["v"], [[v]], ulp=2)
    assert_near(run.outputs["y"], np.full((2, 1, 1), 2 * h + 1), ulp=3)
    gradients = run.backward(given(dtype, y=[[[1]], [[1]]]))
    d_v = 4 * (1 - h * h) * 3
    # 1 - h^2 = 0.22 comes of numbers near 1, whose rounding weighs more in it.
    assert_near(gradients["V"], [[4 * (1 - h * h) * v]], ulp=16)
    assert_near(gradients["x"], [[[d_v * (1 - v * v) / 2]]], ulp=16)
    assert_same(gradients["e0"], [[0]])


@each_backend
@each_precision
def test_all_passes_through_the_vector(backend, dtype):
    """Without V the output knows nothing of the input; and what it knows, v tells."""
    values = spec.draw({"S": 5, "T": 6}, seed=1, dtype=dtype)
    blind = zeroed(values, "V")
    run, other = (spec.forward({**blind, "x": factor * values["x"]}, backend) for factor in (1, 2))
    assert_same(run.outputs["y"], other.outputs["y"])
    assert not run.backward({"y": draw_upstream(run)["y"]})["x"].any()
    full = spec.forward(values, backend)
    assert full.backward({"y": draw_upstream(full)["y"]})["x"].any(axis=2).all()
    assert_same(full.outputs["v"], full.intermediates["e"][-1])


@each_backend
@each_precision
def test_its_nets_are_minimal_units(backend, dtype):
    unit = refrnn.load("gru-minimal")
    values = spec.draw({"S": 5, "T": 6}, batch=4, seed=2, dtype=dtype)
    run = spec.forward(values, backend, {"S": READ, "T": WRITTEN})
    encoder = unit.forward({"x": values["x"], "h0": values["e0"], "W_z": values["W_ez"], "W_r": values["W_er"], "W": values["W_e"]}, backend, READ)
    start = np.tanh(run.outputs["v"] @ values["V"].T)
    decoder = unit.forward({"x": values["u"], "h0": start, "W_z": values["W_z"], "W_r": values["W_r"], "W": values["W"]}, backend, WRITTEN)
    assert_same(run.outputs["v"], encoder.state["h0"])
    assert_same(run.state["e0"], encoder.state["h0"])
    assert_near(run.intermediates["h"], decoder.outputs["h"], ulp=16)  # the start is rounded otherwise


def one(name, array, item):
    """The part of an array that is one item's, as a batch of one."""
    axis = spec.batch_axis(name)
    if axis is None:
        return array
    lengths = {"S": READ, "T": WRITTEN}.get(spec.time_size(name))
    array = array.take([item], axis)
    return array if lengths is None else array[: lengths[item]]


def with_nan(name, array):
    lengths = {"S": READ, "T": WRITTEN}.get(spec.time_size(name))
    if lengths is None:
        return array
    array = array.copy()
    array[np.arange(len(array))[:, None] >= lengths] = np.nan
    return array


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    """Lengths differ on either side; NaN behind an end is never read, and gives zeros."""
    values = spec.draw({"S": 5, "T": 6}, batch=4, seed=3, dtype=dtype)
    run = spec.forward({name: with_nan(name, value) for name, value in values.items()}, backend, {"S": READ, "T": WRITTEN})
    upstream = draw_upstream(run)
    gradients = run.backward({name: with_nan(name, array) for name, array in upstream.items()})
    totals = {}
    for item in range(4):
        alone = spec.forward({name: one(name, value, item) for name, value in values.items()}, backend)
        for name, array in run.outputs.items():
            assert_same(one(name, array, item), alone.outputs[name])
        for name, gradient in alone.backward({name: one(name, array, item) for name, array in upstream.items()}).items():
            if spec.batch_axis(name) is None:
                totals[name] = totals.get(name, 0) + gradient
            else:
                assert_same(one(name, gradients[name], item), gradient)
    for name, total in totals.items():
        assert_added_near(gradients[name], total, READ.sum() + WRITTEN.sum())
    for name, array in {**run.outputs, **gradients}.items():
        assert_same(np.nan_to_num(with_nan(name, array)), array)


@each_backend
def test_one_side_may_be_whole(backend):
    values = spec.draw({"S": 5, "T": 6}, batch=4, seed=4, dtype="float64")
    half = spec.forward(values, backend, {"S": READ})
    both = spec.forward(values, backend, {"S": READ, "T": np.full(4, 6)})
    for name in spec.outputs:
        assert_same(half.outputs[name], both.outputs[name])
    upstream = draw_upstream(half)
    for name, gradient in half.backward(upstream).items():
        assert_same(gradient, both.backward(upstream)[name])
