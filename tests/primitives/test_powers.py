"""All powers of a matrix and sums through them, against plain NumPy."""

import numpy as np
import pytest

from refrnn.kernels.families import powers

TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
each_dtype = pytest.mark.parametrize("dtype", ("float64", "float32"))


def _matrix(size, seed, dtype):
    return (0.7 * np.random.default_rng(seed).standard_normal((size, size)) / np.sqrt(size)).astype(dtype)


@each_dtype
@pytest.mark.parametrize("most", (0, 1, 2, 3, 4, 5, 8, 9, 21))
def test_powers(most, dtype):
    W = _matrix(5, most, dtype)
    found = powers.powers(W, most)
    assert found.shape == (most + 1, 5, 5) and found.dtype == dtype
    expected = [np.linalg.matrix_power(W.astype("float64"), power) for power in range(most + 1)]
    np.testing.assert_allclose(found, expected, atol=TOLERANCE[dtype])


def test_few_powers_have_the_bits_of_many():
    W = _matrix(4, 1, "float32")
    np.testing.assert_array_equal(powers.powers(W, 5), powers.powers(W, 40)[:6])


@each_dtype
@pytest.mark.parametrize("most", (0, 1, 2, 3, 7, 12))
def test_gradient_of_the_powers(most, dtype):
    """d W^m along E is the sum of W^i E W^(m-1-i)."""
    W, direction = _matrix(4, 2, dtype), _matrix(4, 3, dtype)
    d_P = np.random.default_rng(4).standard_normal((most + 1, 4, 4)).astype(dtype)
    gradient = powers.pulled_back(powers.powers(W, most), d_P)
    P = [np.linalg.matrix_power(W.astype("float64"), power) for power in range(most + 1)]
    along = sum(np.sum(d_P[m] * (P[i] @ direction @ P[m - 1 - i])) for m in range(most + 1) for i in range(m))
    np.testing.assert_allclose(np.sum(gradient * direction), along, atol=10 * TOLERANCE[dtype])


@each_dtype
@pytest.mark.parametrize("steps", (1, 2, 9, powers.STEPS, powers.STEPS + 1, 2 * powers.STEPS + 6))
@pytest.mark.parametrize("ragged", (False, True))
def test_a_recursion_unrolled_and_its_gradients(steps, ragged, dtype):
    """Step by step in float64; what is past a sequence's end has no error."""
    random = np.random.default_rng(5)
    start, x = (random.standard_normal(shape).astype(dtype) for shape in ((3, 4), (steps, 3, 4)))
    W, lengths = _matrix(4, 6, dtype), np.array([steps, 1, -(-steps // 2)]) if ragged else None
    runs = np.arange(steps)[:, None, None] < (steps if lengths is None else lengths[:, None])
    d_h = np.where(runs, random.standard_normal(x.shape), 0).astype(dtype)
    given = d_h.copy()
    h, saved = powers.unrolled(start, x, W, lengths)
    d_start, d_x, d_W = powers.unrolled_pulled_back(saved, d_h)
    assert np.array_equal(d_h, given)

    before, expected, error, right_W = start.astype("float64"), [], np.zeros((3, 4)), np.zeros((4, 4))
    for k in range(steps):
        before = x[k] + before @ W
        expected.append(before)
    right_x = np.zeros(x.shape)
    for k in reversed(range(steps)):
        right_x[k] = error = d_h[k] + error @ W.T.astype("float64")
        right_W += (expected[k - 1] if k else start.astype("float64")).T @ error
    close = {"rtol": 0, "atol": 100 * TOLERANCE[dtype]}
    np.testing.assert_allclose(np.where(runs, h, 0), np.where(runs, expected, 0), **close)
    np.testing.assert_allclose(d_x, right_x, **close)
    np.testing.assert_allclose(d_start, error @ W.T, **close)
    np.testing.assert_allclose(d_W, right_W, **close)
