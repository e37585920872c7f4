"""Two bidirectional blocks: each is a bidirectional net of its own, the second over the states of the first."""

import math

import numpy as np
from differential import (
    assert_added_near,
    assert_backends_agree,
    assert_items_run_alone,
    assert_near,
    assert_same,
    draw_upstream,
    each_backend,
    each_precision,
    given,
)

import refrnn

spec = refrnn.load("stacked-bidirectional")
block = refrnn.load("bidirectional")


def of_block(values, number, x):
    """The values of one block under the names of the single bidirectional net."""
    return {"x": x, **{name: values[f"{name[0]}{number}{name[1:]}"] for name in block.arrays if name != "x"}}


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_one_step_by_hand(backend, dtype):
    """The first block makes tanh(1/2) and tanh(1/4) of 1/2; the nets of the second take their difference and their sum."""
    values = given(
        dtype, x=[[[0.5]]], h1_f0=[[0]], h1_binf=[[0]], W1_f=[[1]], U1_f=[[2]], b1_f=[0], W1_b=[[0.5]], U1_b=[[3]], b1_b=[0],
        h2_f0=[[0]], h2_binf=[[0.5]], W2_f=[[1, -1]], U2_f=[[2]], b2_f=[0], W2_b=[[1, 1]], U2_b=[[1]], b2_b=[-0.5],
    )  # fmt: skip
    run = spec.forward(values, backend)
    first = [math.tanh(0.5), math.tanh(0.25)]
    assert_near(run.outputs["h1"], [[first]], ulp=2)
    # The difference of two numbers of one size weighs their rounding more.
    assert_near(run.outputs["h2"], [[[math.tanh(first[0] - first[1]), math.tanh(first[0] + first[1])]]], ulp=4)


@each_backend
@each_precision
def test_it_is_two_bidirectional_nets(backend, dtype):
    """Bit for bit forward; backward the second one's error of its input goes to the first."""
    lengths = [6, 3, 1, 5]
    values = spec.draw({"T": 6}, batch=4, seed=1, dtype=dtype)
    run = spec.forward(values, backend, lengths)
    first = block.forward(of_block(values, 1, values["x"]), backend, lengths)
    second = block.forward(of_block(values, 2, first.outputs["h"]), backend, lengths)
    assert_same(run.outputs["h1"], first.outputs["h"])
    assert_same(run.outputs["h2"], second.outputs["h"])
    upstream = draw_upstream(run)
    gradients = run.backward(upstream)
    of_second = second.backward({"h": upstream["h2"]})
    of_first = first.backward({"h": upstream["h1"] + of_second["x"]})
    for name in block.arrays:
        if name != "x":
            assert_added_near(gradients[f"{name[0]}2{name[1:]}"], of_second[name], terms=8)
            assert_added_near(gradients[f"{name[0]}1{name[1:]}"], of_first[name], terms=8)


@each_backend
@each_precision
def test_every_output_sees_every_input(backend, dtype):
    values = spec.draw({"T": 5}, seed=2, dtype=dtype)
    run = spec.forward(values, backend)
    for step in range(5):
        upstream = np.zeros_like(run.outputs["h2"])
        upstream[step] = 1
        assert run.backward({"h2": upstream})["x"].any(axis=(1, 2)).all()


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
