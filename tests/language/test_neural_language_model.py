"""Neural language model: a word from those before it."""

import math

import numpy as np
from differential import assert_backends_agree, assert_near, assert_same, each_backend, each_precision, given, zeroed

import refrnn

spec = refrnn.load("neural-language-model")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_two_words_by_hand(backend, dtype):
    """Both words are known by one number each, 1/2 and 1/4: 2 * 1/2 - 4 * 1/4 = 0, so that the hidden unit is tanh(0) = 0."""
    values = given(dtype, P=[[0.25, 0.5]], A=[[[2]], [[-4]]], a=[0], U=[[1], [3]], b=[0, 0])
    run = spec.forward({**values, "w": np.array([[1, 0]]), "d": np.array([1])}, backend)
    assert_same(run.outputs["W"], [[0.5, 0.5]])
    assert_near(run.outputs["Div"], [math.log(2)], ulp=1)
    gradients = run.backward(given(dtype, Div=[1]))
    # The scores receive (1/2, -1/2), so the hidden unit 1/2 - 3/2 = -1, the first word 2 times that, the second -4 times.
    expected = {"P": [[4, -2]], "A": [[[-0.5]], [[-0.25]]], "a": [-1], "U": [[0], [0]], "b": [0.5, -0.5]}
    for name, gradient in gradients.items():
        assert_same(gradient, expected[name])


@each_backend
@each_precision
def test_without_output_weights_the_words_have_even_chances(backend, dtype):
    values = zeroed(spec.draw({"N": 8}, batch=2, seed=1, dtype=dtype), "U", "b")
    run = spec.forward(values, backend)
    assert_near(run.outputs["W"], np.full((2, 8), 0.125), ulp=4)
    assert_near(run.outputs["Div"], np.full(2, math.log(8)), ulp=1)
    assert not run.backward({"Div": np.ones(2, dtype)})["P"].any()


@each_backend
@each_precision
def test_places_matter(backend, dtype):
    """Exchanged words give another distribution, unless both places have the same weights."""
    values = spec.draw({"K": 2}, batch=4, seed=2, dtype=dtype)
    values["w"] = np.array([[0, 1], [1, 0], [2, 3], [3, 2]])
    W = spec.forward(values, backend).outputs["W"]
    assert np.abs(W[0] - W[1]).max() > 1e-3
    values["A"][1] = values["A"][0]
    W = spec.forward(values, backend).outputs["W"]
    assert_near(W[0], W[1], ulp=8)
    assert_near(W[2], W[3], ulp=8)


@each_backend
@each_precision
def test_very_unlikely_word_has_a_finite_divergence(backend, dtype):
    """Its probability is rounded to 0, the logarithm is not taken of that."""
    values = zeroed(spec.draw({"N": 2}, batch=1, dtype=dtype), "U")
    values |= {**given(dtype, b=[2000, 0]), "d": np.array([1])}
    run = spec.forward(values, backend)
    assert_same(run.outputs["W"], [[1, 0]])
    assert_same(run.outputs["Div"], [2000])
    assert_same(run.backward(given(dtype, Div=[1]))["b"], [1, -1])
