"""One-hot vectors."""

import tracemalloc

import numpy as np
import pytest
from differential import assert_backends_agree, assert_same, each_backend

import refrnn
from refrnn.errors import ValuesError

spec = refrnn.load("one-hot")


def test_backends_agree():
    assert_backends_agree(spec, exact=("forward",))


@each_backend
def test_hello_by_hand(backend):
    """With the vocabulary h, e, l, o."""
    places = np.array([["helo".index(letter)] for letter in "hello"])
    W = spec.forward({"w": places, "N": 4}, backend).outputs["W"]
    expected = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert_same(W[:, 0], expected)


@each_backend
def test_what_lies_past_the_end_is_no_word(backend):
    """It may be any number, and gives zeros."""
    W = spec.forward({"w": np.array([[1, 0], [0, 99]]), "N": 2}, backend, [2, 1]).outputs["W"]
    assert_same(W, [[[0, 1], [1, 0]], [[1, 0], [0, 0]]])


@pytest.mark.parametrize("word", (-1, 3))
def test_words_are_those_of_the_vocabulary(word):
    with pytest.raises(ValuesError, match=r"w at \[1, 0\]"):
        spec.forward({"w": np.array([[0], [word]]), "N": 3})


@each_backend
def test_items_run_alone(backend):
    values = {**spec.draw({"T": 5, "N": 4}, batch=3, seed=1)}
    W = spec.forward(values, backend, [5, 1, 3]).outputs["W"]
    for item, length in enumerate((5, 1, 3)):
        alone = spec.forward({**values, "w": values["w"][:length, item : item + 1]}, backend).outputs["W"]
        assert_same(W[:length, item], alone[:, 0])
        assert not W[length:, item].any()


def test_the_kernel_makes_no_square_of_the_vocabulary():
    """Its room is that of its result, and of a few copies."""
    values = {"w": np.array([[1], [29_999]]), "N": 30_000}
    spec.forward(values, "kernel")
    tracemalloc.start()
    W = spec.forward(values, "kernel").outputs["W"]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert W.sum() == 2 and W[1, 0, -1] == 1 and peak < 20 * W.nbytes
