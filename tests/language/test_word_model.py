"""Recurrent language model over projected words."""

import math

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
    zeroed,
)

import refrnn

spec = refrnn.load("word-model")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_words_by_hand(backend, dtype):
    """-1 + 2 - 1 = 0, then 1 + 0 - 1 = 0: both states are tanh(0), with slope 1."""
    values = given(dtype, h0=[[1]], P=[[-0.25, 0.25]], A=[[4]], R=[[2]], a=[-1], U=[[1], [3]], b=[0, 0])
    words = {"w": np.array([[0], [1]]), "d": np.array([[1], [0]])}
    run = spec.forward(values | words, backend)
    assert_same(run.outputs["h"], [[[0]], [[0]]])
    assert_same(run.outputs["W"], [[[0.5, 0.5]], [[0.5, 0.5]]])
    assert_near(run.outputs["DIV"], [2 * math.log(2)], ulp=1)
    gradients = run.backward(given(dtype, DIV=[1]))
    # The scores receive (1/2, -1/2), so the first state 1/2 - 3/2 = -1; the second 1, and 2 times that goes to the first.
    expected = {"h0": [[2]], "P": [[4, 4]], "A": [[0]], "R": [[1]], "a": [2], "U": [[0], [0]], "b": [0, 0]}
    for name, gradient in gradients.items():
        assert_same(gradient, expected[name])


@each_backend
@each_precision
def test_the_state_is_that_of_any_cell_on_projected_words(backend, dtype):
    """The states and gradients are those of elman on the columns of P."""
    plain = refrnn.load("elman")
    values = zeroed(spec.draw(seed=1, dtype=dtype), "a", "U")
    x = np.moveaxis(values["P"][:, values["w"]], 0, -1)
    weights = {"W_xh": values["A"].T, "W_hh": values["R"].T, "W_hy": values["U"].T}
    run = spec.forward(values, backend)
    other = plain.forward({**weights, "x": x, "h0": values["h0"], "simple": 0}, backend)
    assert_near(run.outputs["h"], other.outputs["h"], ulp=8)
    upstream = {"h": draw_upstream(run)["h"]}
    gradients, of_cell = run.backward(upstream), other.backward(upstream)
    for name, of_plain in (("h0", of_cell["h0"]), ("A", of_cell["W_xh"].T), ("R", of_cell["W_hh"].T)):
        assert_added_near(gradients[name], of_plain, terms=32)
    gathered = np.zeros_like(values["P"])
    for step, item in np.ndindex(values["w"].shape):
        gathered[:, values["w"][step, item]] += of_cell["x"][step, item]
    assert_added_near(gradients["P"], gathered, terms=32)


@each_backend
@each_precision
def test_a_text_is_written_on_from_several_words(backend, dtype):
    """Generation, started with the state behind the words, goes on as the model itself does with the words drawn."""
    generation = refrnn.load("generation")
    primed = zeroed(spec.draw({"T": 4}, batch=3, seed=2, dtype=dtype), "a", "b")
    behind = spec.forward(primed, backend)
    drawn = generation.forward(
        {
            "w0": primed["d"][-1], "h0": behind.state["h0"], "u": np.random.default_rng(3).random((5, 3)).astype(dtype),
            "W_xh": (primed["A"] @ primed["P"]).T, "W_hh": primed["R"].T, "W_hy": primed["U"].T, "temperature": 1, "end": -1,
        },
        backend,
    )  # fmt: skip
    words = np.concatenate((primed["d"][-1:], drawn.outputs["w"][:-1].astype(int)))
    on = spec.forward({**primed, "w": words, "d": np.zeros_like(words), "h0": behind.state["h0"]}, backend)
    assert_near(on.outputs["W"], drawn.outputs["P"], ulp=64)  # the projection is multiplied out in one of them


@each_backend
@each_precision
def test_chunks_join(backend, dtype):
    """The sum over the text is that of the chunks, so that only outputs by step are joined here."""
    values = spec.draw({"T": 7}, 3, seed=3, dtype=dtype)
    whole = spec.forward(values, backend)
    first = spec.forward({**values, "w": values["w"][:3], "d": values["d"][:3]}, backend)
    second = spec.forward({**values, "w": values["w"][3:], "d": values["d"][3:], **first.state}, backend)
    for name in ("h", "W", "Div"):
        assert_same(whole.outputs[name], np.concatenate((first.outputs[name], second.outputs[name])))
    assert_near(whole.outputs["DIV"], first.outputs["DIV"] + second.outputs["DIV"], ulp=8)


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
