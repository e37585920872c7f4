"""Projection: a look-up, and on the way back a sum of what each word received."""

import numpy as np
from differential import assert_backends_agree, assert_items_run_alone, assert_same, each_backend, each_precision, given

import refrnn
from refrnn.kernels.primitives import threads

spec = refrnn.load("projection")


def test_backends_agree():
    assert_backends_agree(spec, exact=("forward",))


@each_backend
@each_precision
def test_three_words_by_hand(backend, dtype):
    """The word 2 comes twice: its column receives both errors; the word 1 does not come at all."""
    values = {**given(dtype, P=[[1, 2, 3], [4, 5, 6]]), "w": np.array([[2], [0], [2]])}
    run = spec.forward(values, backend)
    assert_same(run.outputs["PW"], [[[3, 6]], [[1, 4]], [[3, 6]]])
    gradients = run.backward(given(dtype, PW=[[[1, 10]], [[2, 20]], [[4, 40]]]))
    assert list(gradients) == ["P"]
    assert_same(gradients["P"], [[2, 0, 5], [20, 0, 50]])


@each_precision
def test_gradient_has_the_same_bits_for_any_number_of_threads(dtype):
    """Large enough that a second thread is worth its while, with words that come a thousand times."""
    values = spec.draw({"T": 300, "N": 9, "M": 150}, batch=40, seed=1, dtype=dtype)
    upstream = {"PW": np.random.default_rng(2).standard_normal((300, 40, 150)).astype(dtype)}
    found = []
    for number in range(1, threads.most() + 1):
        with threads.using(number):
            found.append(spec.forward(values, "kernel").backward(upstream)["P"])
    for other in found[1:]:
        assert_same(other, found[0])


@each_backend
@each_precision
def test_items_run_alone(backend, dtype):
    assert_items_run_alone(spec, backend, dtype)
