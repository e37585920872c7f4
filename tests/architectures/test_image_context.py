"""A net that sees fixed data at every step."""

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
    zeroed,
)

import refrnn

spec = refrnn.load("image-context")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_steps_by_hand(backend, dtype):
    """The image gives 1 - 1/2: -2 + 1/2 + 1/2 + 1 = 0, then -3/2 + 1/2 + 0 + 1 = 0, so both states are tanh(0), with slope 1."""
    values = given(
        dtype, v=[[0.5, -0.5]], x=[[[-4]], [[-3]]], h0=[[0.25]], W=[[2, 1]], U=[[2]], V=[[0.5]], b=[1], W_o=[[1], [3]], b_o=[0, 0],
    )  # fmt: skip
    run = spec.forward(values, backend)
    assert_same(run.outputs["h"], [[[0]], [[0]]])
    assert_same(run.outputs["y"], np.full((2, 1, 2), 0.5))
    gradients = run.backward(given(dtype, h=[[[0]], [[1]]]))
    # The second state receives 1, the first 2 of it; the image is seen by both.
    expected = {
        "v": [[6, 3]], "x": [[[1]], [[0.5]]], "h0": [[4]], "W": [[1.5, -1.5]], "U": [[0.5]], "V": [[-11]], "b": [3],
        "W_o": [[0], [0]], "b_o": [0, 0],
    }  # fmt: skip
    for name, gradient in gradients.items():
        assert_same(gradient, expected[name])


@each_backend
@each_precision
def test_it_is_a_net_whose_words_hold_the_image(backend, dtype):
    """The states and gradients are those of unfolding with the inputs [v, x[t], 1]."""
    plain = refrnn.load("unfolding")
    values, lengths = spec.draw(seed=1, dtype=dtype), [7, 3, 1]
    run = spec.forward(values, backend, lengths)
    T, F = len(values["x"]), values["v"].shape[1]
    seen = np.broadcast_to(values["v"], (T, *values["v"].shape))
    joined = np.concatenate((seen, values["x"], np.ones((*seen.shape[:2], 1), dtype)), axis=2)
    weights = np.concatenate((values["W"], values["V"], values["b"][:, None]), axis=1)
    other = plain.forward({"x": joined, "s0": values["h0"], "U": values["U"], "V": weights}, backend, lengths)
    assert_near(run.outputs["h"], other.outputs["s"], ulp=8)
    d_h = draw_upstream(run)["h"]
    gradients, of_other = run.backward({"h": d_h}), other.backward({"s": d_h})
    terms = sum(lengths)
    assert_added_near(gradients["v"], of_other["x"][..., :F].sum(axis=0), terms)
    assert_added_near(gradients["W"], of_other["V"][:, :F], terms)
    assert_added_near(gradients["V"], of_other["V"][:, F:-1], terms)
    assert_added_near(gradients["b"], of_other["V"][:, -1], terms)
    assert_added_near(gradients["U"], of_other["U"], terms)
    assert_added_near(gradients["h0"], of_other["s0"], terms)


@each_backend
@each_precision
def test_the_image_reaches_a_late_step_past_any_state(backend, dtype):
    """Where no state passes on, the image still speaks at every step; a conditioned start is forgotten after one."""
    values = zeroed(spec.draw({"T": 6}, seed=2, dtype=dtype), "U")
    moved = {**values, "v": values["v"] + 1}
    here = [spec.forward(one, backend).outputs["h"] for one in (values, moved)]
    assert np.abs(here[0] - here[1]).max(axis=(1, 2)).min() > 0.01
    start = refrnn.load("conditioned-start")
    there = [start.forward({name: one[name] for name in one if name != "h0"}, backend).outputs["h"] for one in (values, moved)]
    assert_same(*there)


@each_backend
@each_precision
def test_without_weights_the_data_do_not_matter(backend, dtype):
    values = zeroed(spec.draw(seed=3, dtype=dtype), "W")
    run, other = (spec.forward({**values, "v": factor * values["v"]}, backend) for factor in (1, 3))
    for name in spec.outputs:
        assert_same(run.outputs[name], other.outputs[name])
    gradients = run.backward(draw_upstream(run))
    assert not gradients["v"].any()
    assert gradients["W"].all()


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    """The image is joined to both chunks, so that its gradient is the sum of theirs."""
    values = spec.draw({"T": 7}, 3, seed=4, dtype=dtype)
    whole = spec.forward(values, backend)
    first = spec.forward({**values, "x": values["x"][:3]}, backend)
    second = spec.forward({**values, "x": values["x"][3:], **first.state}, backend)
    for name in spec.outputs:
        assert_same(whole.outputs[name], np.concatenate((first.outputs[name], second.outputs[name])))
    upstream = draw_upstream(whole)
    of_second = second.backward({name: array[3:] for name, array in upstream.items()})
    of_first = {name: array[:3].copy() for name, array in upstream.items()}
    of_first["h"][-1] += of_second["h0"]
    assert_added_near(whole.backward(upstream)["v"], first.backward(of_first)["v"] + of_second["v"], terms=7)
    assert_items_run_alone(spec, backend, dtype)
