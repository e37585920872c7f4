"""Neural language model slid along a text."""

import math

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
    given,
    zeroed,
)

import refrnn

spec = refrnn.load("sliding-word-model")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_places_by_hand(backend, dtype):
    """A word before, then two: 2 * 1/2 - 4 * 1/4 = 0 and 2 * 1/4 - 4 * 1/8 = 0, so that the hidden units are tanh(0) = 0."""
    values = given(dtype, P=[[0.5, 0.25, 0.125]], A=[[[2]], [[-4]]], a=[0], U=[[1], [3], [2]], b=[0, 0, 0])
    words = {"w_start": np.array([[0]]), "w": np.array([[1], [2]]), "d": np.array([[1], [0]])}
    run = spec.forward(values | words, backend)
    assert_same(run.intermediates["h"], [[[0]], [[0]]])
    assert_near(run.outputs["W"], np.full((2, 1, 3), 1 / 3), ulp=1)
    assert_near(run.outputs["Div"], [[math.log(3)], [math.log(3)]], ulp=1)
    gradients = run.backward(given(dtype, Div=[[1], [1]]))
    # The scores receive 1/3 each and -1 where the word came: the hidden units 2 - 3 = -1, then 2 - 1 = 1.
    expected = {
        "P": [[-2, 4 + 2, -4]], "A": [[[-0.5 + 0.25]], [[-0.25 + 0.125]]], "a": [0],
        "U": [[0], [0], [0]], "b": [-1 / 3, -1 / 3, 2 / 3],
    }  # fmt: skip
    for name, gradient in gradients.items():
        # Thirds are rounded, and a bias that they cancel in is small beside them.
        assert np.abs(gradient.astype(np.longdouble) - np.array(expected[name])).max() <= 8 * np.finfo(dtype).eps


@each_backend
@each_precision
def test_each_place_has_its_weights(backend, dtype):
    """With weights for the farthest place only, each word speaks L steps later, and those of the start at once."""
    values = zeroed(spec.draw({"T": 6, "L": 2, "N": 4}, batch=2, seed=1, dtype=dtype), "a")
    values["A"][1:] = 0
    line = np.concatenate((values["w_start"].T, values["w"]))[:6]
    h = np.tanh(np.moveaxis(values["P"][:, line], 0, -1) @ values["A"][0].T)
    assert_near(spec.forward(values, backend).intermediates["h"], h, ulp=8)


@each_backend
@each_precision
def test_without_known_words_it_is_a_net_of_the_last_word(backend, dtype):
    """The word model without its state."""
    values = spec.draw({"T": 6, "L": 1}, batch=3, seed=2, dtype=dtype)
    values["A"][0] = 0
    plain = refrnn.load("word-model")
    H = len(values["a"])
    other = {name: values[name] for name in ("w", "d", "P", "a", "U", "b")}
    other |= {"A": values["A"][1], "R": np.zeros((H, H), dtype), "h0": np.zeros((3, H), dtype)}
    run, by_state = spec.forward(values, backend), plain.forward(other, backend)
    assert_near(run.outputs["W"], by_state.outputs["W"], ulp=8)
    upstream = {"Div": draw_upstream(run)["Div"]}
    gradients, of_state = run.backward(upstream), by_state.backward(upstream)
    assert_added_near(gradients["P"], of_state["P"], terms=18)
    assert_added_near(gradients["A"][1], of_state["A"], terms=18)


@each_backend
@each_precision
def test_chunks_join_and_items_run_alone(backend, dtype):
    assert_delayed_chunks_join(spec, backend, dtype, ulp=64)
    assert_items_run_alone(spec, backend, dtype)
    assert_state_follows_lengths(spec, backend, dtype)
