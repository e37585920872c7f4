"""A net whose start is computed from fixed data."""

import math

import numpy as np
from differential import (
    assert_backends_agree,
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

spec = refrnn.load("conditioned-start")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_one_step_by_hand(backend, dtype):
    """The start is tanh(1), the state tanh of half of it; two words of which the second has weight 0."""
    values = given(dtype, v=[[0.5, 2]], x=[[[1]]], W=[[-2, 1]], U=[[0.5]], V=[[0.25]], b=[-0.25], W_o=[[2], [0]], b_o=[0, 0])
    run = spec.forward(values, backend)
    start = math.tanh(1)
    h = math.tanh(start / 2)
    share = 1 / (1 + math.exp(-2 * h))
    assert_near(run.outputs["h"], [[[h]]], ulp=3)
    assert_near(run.outputs["y"], [[[share, 1 - share]]], ulp=3)
    gradients = run.backward(given(dtype, h=[[[1]]]))
    d_a = (1 - h * h) / 2 * (1 - start**2)
    # 1 - tanh(1)^2 = 0.42 comes of numbers near 1, whose rounding weighs more in it.
    assert_near(gradients["v"], [[-2 * d_a, d_a]], ulp=8)
    assert_near(gradients["W"], [[d_a / 2, 2 * d_a]], ulp=8)


@each_backend
@each_precision
def test_it_is_a_net_that_starts_there(backend, dtype):
    """Without bias its states are those of unfolding with s0 = tanh(W v)."""
    plain = refrnn.load("unfolding")
    values = zeroed(spec.draw(seed=1, dtype=dtype), "b")
    lengths = [7, 3, 1]
    run = spec.forward(values, backend, lengths)
    start = np.tanh(values["v"] @ values["W"].T)
    other = plain.forward({"x": values["x"], "s0": start, "U": values["U"], "V": values["V"]}, backend, lengths)
    assert_near(run.outputs["h"], other.outputs["s"], ulp=32)  # the start is rounded otherwise
    d_h = draw_upstream(run)["h"]
    d_start = other.backward({"s": d_h})["s0"]
    d_v = (d_start * (1 - start**2)) @ values["W"]
    assert_near(run.backward({"h": d_h})["v"], d_v, ulp=64)


@each_backend
@each_precision
def test_without_weights_the_data_do_not_matter(backend, dtype):
    values = zeroed(spec.draw(seed=2, dtype=dtype), "W")
    run, other = (spec.forward({**values, "v": factor * values["v"]}, backend) for factor in (1, 3))
    for name in spec.outputs:
        assert_same(run.outputs[name], other.outputs[name])
    gradients = run.backward(draw_upstream(run))
    assert not gradients["v"].any()
    assert gradients["W"].all()


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
