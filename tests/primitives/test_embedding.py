"""Rows taken from a table, and the softmax over a vocabulary, against plain loops."""

import numpy as np
import pytest

from refrnn.kernels.families import embedding, softmax
from refrnn.kernels.primitives import threads

LENGTHS = np.array([4, 1, 3])


def table(dtype="float64", N=7, M=70):
    return np.random.default_rng(0).standard_normal((N, M)).astype(dtype)


def words(N=7, shape=(4, 3)):
    return np.random.default_rng(1).integers(0, N, shape)


def test_places_past_the_end_name_no_row():
    w = words()
    places = embedding.places(w, LENGTHS)
    assert places.dtype == np.int64
    for b, length in enumerate(LENGTHS):
        assert np.array_equal(places[:length, b], w[:length, b])
        assert (places[length:, b] == -1).all()


@pytest.mark.parametrize("view", (lambda a: a, np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2], lambda a: a.T.copy().T))
@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_rows_of_any_view(view, dtype):
    rows, places = table(dtype), embedding.places(words(), LENGTHS)
    found = embedding.look_up(view(rows), places)
    assert found.dtype == rows.dtype
    assert np.array_equal(found, np.where(places[..., None] < 0, 0, rows[places]))
    mean = embedding.mean(view(rows), places, LENGTHS)
    expected = [rows[places[:length, b]].mean(axis=0, dtype=np.float64) for b, length in enumerate(LENGTHS)]
    assert np.allclose(mean, expected, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("M", (1, 31, 32, 33, 70))
def test_sum_of_rows_in_their_order(M):
    """NumPy adds in the same order, so the bits are the same; what has no place is not read."""
    d_rows, places = np.random.default_rng(2).standard_normal((4, 3, M)), embedding.places(words(), LENGTHS)
    expected = np.zeros((7, M))
    np.add.at(expected, places[places >= 0], d_rows[places >= 0])
    d_rows[places < 0] = np.nan
    assert np.array_equal(embedding.scattered(d_rows, places, 7), expected)


def test_rows_that_serve_several_times():
    d_rows, places = np.random.default_rng(3).standard_normal((3, 5)), embedding.places(words(), LENGTHS)
    whole = embedding.scattered(np.broadcast_to(d_rows, (4, 3, 5)), places, 7)
    assert np.array_equal(embedding.scattered(d_rows, places, 7), whole)


@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_same_bits_for_any_number_of_threads(dtype):
    places = words(5, (3000, 8))
    d_rows, rows = table(dtype, 24000, 200).reshape(3000, 8, 200), table(dtype, 5, 200)
    found = []
    for number in range(1, threads.most() + 1):
        with threads.using(number):
            found.append((embedding.scattered(d_rows, places, 5), embedding.look_up(rows, places), embedding.mean(rows, places)))
    for other in found[1:]:
        for array, first in zip(other, found[0]):
            assert np.array_equal(array, first)


# ------------------------------------------------------------ softmax and cross-entropy


def plain(y, places):
    """The softmax (rows, N) and the cross-entropies (K, rows)."""
    log = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    return np.exp(log), np.array([[0 if place < 0 else -log[row, place] for row, place in enumerate(step)] for step in places])


@pytest.mark.parametrize("K", (1, 3))
def test_softmax_with_places_that_came_true(K):
    random = np.random.default_rng(4)
    y, places = random.standard_normal((5, 6)), words(6, (K, 5))
    if K > 1:
        places[1:, 2] = -1
    W, Div = softmax.forward(y, places)
    for found, expected in zip((W, Div), plain(y, places)):
        assert np.allclose(found, expected, rtol=1e-14, atol=1e-15)

    d_W, d_Div = random.standard_normal(W.shape), random.standard_normal(Div.shape)
    d_y, step = softmax.backward(W, places, d_W, d_Div), 1e-6
    for row in range(5):
        for j in range(6):
            moved = []
            for sign in (1, -1):
                other = y.copy()
                other[row, j] += sign * step
                probabilities, divergences = plain(other, places)
                moved.append(np.sum(probabilities * d_W) + np.sum(divergences * d_Div))
            assert abs((moved[0] - moved[1]) / (2 * step) - d_y[row, j]) < 1e-8


def test_row_without_a_place_is_not_there():
    y, places = np.zeros((2, 3)), np.array([[1, -1]])
    W, Div = softmax.forward(y, places)
    assert not W[1].any() and not Div[0, 1]
    d_y = softmax.backward(W, places, np.full((2, 3), [[0.0], [np.nan]]), np.array([[1, np.nan]]))
    assert not d_y[1].any() and d_y[0].all()


def test_scores_of_any_size():
    """Nothing overflows, and no logarithm is taken of a probability that was rounded to 0."""
    W, Div = softmax.forward(np.array([[1000.0, 0.0, -1000.0]]), np.array([[2]]))
    assert np.array_equal(W, [[1, 0, 0]])
    assert Div == 2000
