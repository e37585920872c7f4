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
@pytest.mark.parametrize("steps", (1, 2, 9))
def test_convolution_and_its_gradients(steps, dtype):
    """h is linear in u and in P: so <d_h, h> = <d_u, u> = <d_P, P>, and h is the plain double sum."""
    random = np.random.default_rng(5)
    u, P = (random.standard_normal(shape).astype(dtype) for shape in ((steps + 1, 3, 4), (steps + 1, 4, 4)))
    h = powers.convolve(u, P)
    expected = [sum(u[j] @ P[k + 1 - j] for j in range(k + 2)) for k in range(steps)]
    np.testing.assert_allclose(h, expected, atol=10 * TOLERANCE[dtype])
    d_h = random.standard_normal(h.shape).astype(dtype)
    d_u, d_P = powers.convolve_pulled_back(u, P, d_h)
    for gradient, array in ((d_u, u), (d_P, P)):
        np.testing.assert_allclose(np.sum(gradient * array), np.sum(d_h * h), rtol=100 * TOLERANCE[dtype])
