"""The words around from one word."""

import math

import numpy as np
from differential import assert_backends_agree, assert_near, assert_same, each_backend, each_precision, given

import refrnn

spec = refrnn.load("skip-gram")


def test_backends_agree():
    assert_backends_agree(spec)


@each_backend
@each_precision
def test_three_words_around_by_hand(backend, dtype):
    """Scores 0 and log 3: the words have the chances 1/4 and 3/4, and came once and twice."""
    values = given(dtype, P=[[5, 1]], U=[[0], [math.log(3)]])
    values |= {"w": np.array([1]), "d": np.array([[0], [1], [1]])}
    run = spec.forward(values, backend)
    assert_near(run.outputs["W"], [[0.25, 0.75]], ulp=2)
    Div = [[math.log(4)], [math.log(4 / 3)], [math.log(4 / 3)]]
    assert_near(run.outputs["Div"], Div, ulp=2)
    assert_near(run.outputs["DIV"], np.sum(Div, axis=0), ulp=2)
    gradients = run.backward(given(dtype, DIV=[1]))
    # Each of the three pulls the chances towards itself: 3/4 - 1 and 9/4 - 2. An ulp of 9/4 is nine of what is left.
    assert_near(gradients["U"], [[-0.25], [0.25]], ulp=2 * 9)
    assert_near(gradients["P"], [[0, 0.25 * math.log(3)]], ulp=2 * 9)


@each_backend
@each_precision
def test_words_past_the_end_do_not_count(backend, dtype):
    values = spec.draw({"K": 4}, batch=2, seed=1, dtype=dtype)
    values["d"][2:, 1] = -5
    run = spec.forward(values, backend, [4, 2])
    assert not run.outputs["Div"][2:, 1].any()
    alone = spec.forward({**values, "w": values["w"][1:], "d": values["d"][:2, 1:]}, backend)
    for name in ("W", "DIV"):
        assert_same(run.outputs[name][1:], alone.outputs[name])
    upstream = {name: np.ones_like(run.outputs[name]) for name in ("Div", "DIV")}
    upstream["Div"][2:, 1] = np.nan
    for gradient in run.backward(upstream).values():
        assert np.isfinite(gradient).all()


@each_backend
@each_precision
def test_only_the_column_of_the_word_is_learned(backend, dtype):
    values = spec.draw({"N": 6}, batch=1, seed=3, dtype=dtype)
    values["w"][:] = 4
    d_P = spec.forward(values, backend).backward({"DIV": np.ones(1, dtype)})["P"]
    assert d_P[:, 4].all()
    assert not np.delete(d_P, 4, axis=1).any()


@each_backend
@each_precision
def test_one_word_alone_has_nothing_to_learn(backend, dtype):
    """Its chance is 1 whatever its score: what pulls it up and down is the same sum, and not what rounding leaves of two."""
    values = spec.draw({"K": 13, "N": 1}, batch=2, seed=5, dtype=dtype)
    run = spec.forward(values, backend, [13, 6])
    upstream = {name: np.random.default_rng(6).standard_normal(array.shape).astype(dtype) for name, array in run.outputs.items()}
    for gradient in run.backward(upstream).values():
        assert not gradient.any()
