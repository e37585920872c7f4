"""Two hidden layers: the second sees the first one of the same step, and each its own past."""

from math import exp, tanh

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
    given,
    zeroed,
)

import refrnn

spec = refrnn.load("two-layer-rnn")


def test_backends_agree():
    assert_backends_agree(spec)


def sigmoid(z):
    return 1 / (1 + exp(-z))


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """All layers of one unit but the output of two; the numbers are as the lecture's sums give them."""
    values = given(
        dtype, X=[[[0.5]], [[-1]]], h1_start=[0.25], h2_start=[-0.5], w1=[[1.5]], w11=[[0.5]], b1=[0.125],
        w2=[[2]], w22=[[-1]], b2=[0.25], w3=[[1, -0.5]], b3=[0.5, 0],
    )  # fmt: skip
    h1 = tanh(1.5 * 0.5 + 0.5 * 0.25 + 0.125)
    h2 = sigmoid(2 * h1 - 1 * -0.5 + 0.25)
    h1_next = tanh(1.5 * -1 + 0.5 * h1 + 0.125)
    h2_next = sigmoid(2 * h1_next - 1 * h2 + 0.25)
    first, second = (sigmoid((state + 0.5) + 0.5 * state) for state in (h2, h2_next))  # softmax of two is a sigmoid
    run = spec.forward(values, backend)
    # A dozen operations a step, each rounded by half an ulp at most, none of them ill-conditioned.
    assert_near(run.outputs["h1"], [[[h1]], [[h1_next]]], ulp=6)
    assert_near(run.outputs["h2"], [[[h2]], [[h2_next]]], ulp=6)
    assert_near(run.outputs["Y"], [[[first, 1 - first]], [[second, 1 - second]]], ulp=6)

    # The error of the last step's h2, followed back to both starts.
    gradients = run.backward(given(dtype, h2=[[[0]], [[1]]]))
    d_z2_next = h2_next * (1 - h2_next)
    d_z2 = -d_z2_next * h2 * (1 - h2)
    d_z1_next = 2 * d_z2_next * (1 - h1_next**2)
    d_z1 = (2 * d_z2 + 0.5 * d_z1_next) * (1 - h1**2)
    assert_near(gradients["h1_start"], [0.5 * d_z1], ulp=16)
    assert_near(gradients["h2_start"], [-d_z2], ulp=16)
    assert_near(gradients["w22"], [[-0.5 * d_z2 + h2 * d_z2_next]], ulp=16)
    assert_near(gradients["w11"], [[0.25 * d_z1 + h1 * d_z1_next]], ulp=16)


@each_backend
@each_precision
def test_one_output_is_certain(backend, dtype):
    """Softmax of one number is 1, whatever it is, and no error passes through it."""
    values = spec.draw({"O": 1}, dtype=dtype)
    run = spec.forward(values, backend)
    assert_same(run.outputs["Y"], np.ones_like(run.outputs["Y"]))
    for gradient in run.backward({"Y": draw_upstream(run)["Y"]}).values():
        assert not gradient.any()


@each_backend
@each_precision
def test_without_recurrent_weights_a_step_sees_its_own_input_only(backend, dtype):
    values = zeroed(spec.draw({"T": 5}, seed=1, dtype=dtype), "w11", "w22")
    other = {**values, "X": values["X"].copy(), "h1_start": -values["h1_start"], "h2_start": -values["h2_start"]}
    other["X"][2] += 1
    before, after = spec.forward(values, backend).outputs, spec.forward(other, backend).outputs
    for name in spec.outputs:
        changed = np.any(before[name] != after[name], axis=(1, 2))
        assert changed.tolist() == [False, False, True, False, False]


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    """Also where a chunk's start is no longer the learned one, but each item's own."""
    assert_chunks_join(spec, backend, dtype)
    assert_items_run_alone(spec, backend, dtype)
