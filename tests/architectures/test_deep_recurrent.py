"""Two layers of long short-term memory with a feed-forward layer between them and a linear output."""

import math

import numpy as np
from differential import (
    OPEN,
    SHUT,
    assert_added_near,
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

spec = refrnn.load("deep-recurrent")
layer = refrnn.load("lstm")
HELD = [SHUT, OPEN, OPEN, 0]  # biases of i, f, o, g that keep the memory


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_memories_that_are_held_by_hand(backend, dtype):
    """Both memories stay at their starts: h1 = tanh(c1_0) feeds z, z reaches no memory, and Y = 3 tanh(c2_0) + 1."""
    values = given(
        dtype, x=[[[1]], [[-2]]], h1_0=[[0]], c1_0=[[0.5]], W1=np.zeros((4, 2)), b1=HELD, V=[[2]], b_z=[0.25],
        h2_0=[[0]], c2_0=[[-1]], W2=np.zeros((4, 2)), b2=HELD, W_Y=[[3]], b_Y=[1],
    )  # fmt: skip
    run = spec.forward(values, backend)
    assert_near(run.outputs["Y"], np.full((2, 1, 1), 1 - 3 * math.tanh(1)), ulp=3)
    assert_near(run.intermediates["z"], np.full((2, 1, 1), math.tanh(2 * math.tanh(0.5) + 0.25)), ulp=3)
    gradients = run.backward(given(dtype, Y=[[[1]], [[1]]]))
    slope = 3 * (1 - math.tanh(1) ** 2)
    # 1 - tanh(1)^2 = 0.42 comes of numbers near 1, whose rounding weighs more in it.
    assert_near(gradients["c2_0"], [[2 * slope]], ulp=6)
    assert_same(gradients["b_Y"], [2])
    for name in ("x", "c1_0", "V", "b_z"):
        assert_same(gradients[name], np.zeros_like(values[name]))


@each_backend
@each_precision
def test_its_layers_are_lstms(backend, dtype):
    """The first layer by itself gives the same bits; in the second one a kernel may add products in another order than by itself."""
    lengths = [6, 1, 4]
    values = spec.draw({"T": 6}, seed=1, dtype=dtype)
    run = spec.forward(values, backend, lengths)
    first = layer.forward({"x": values["x"], "h0": values["h1_0"], "c0": values["c1_0"], "W": values["W1"], "b": values["b1"]}, backend, lengths)
    z = run.intermediates["z"]
    second = layer.forward({"x": z, "h0": values["h2_0"], "c0": values["c2_0"], "W": values["W2"], "b": values["b2"]}, backend, lengths)
    for name in "ch":
        assert_same(run.intermediates[f"{name}1"], first.outputs[name])
        assert_added_near(run.intermediates[f"{name}2"], second.outputs[name], terms=6 * 8)
    assert_same(run.state["h1_0"], first.state["h0"])
    assert_added_near(run.state["c2_0"], second.state["c0"], terms=6 * 8)


@each_backend
@each_precision
def test_without_the_layer_between_nothing_passes(backend, dtype):
    values = zeroed(spec.draw({"T": 5}, seed=2, dtype=dtype), "V")
    run = spec.forward(values, backend)
    gradients = run.backward(draw_upstream(run))
    for name in ("x", "h1_0", "c1_0", "W1", "b1"):
        assert not gradients[name].any()
    for name in ("V", "b_z", "h2_0", "c2_0", "W2", "b2"):
        assert gradients[name].any()


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
