"""Norms and rescaling at the ends of the float range."""

import math

import numpy as np
import pytest

from refrnn.kernels.families import clipping
from refrnn.kernels.learning import clip_halving, clip_norm, clip_value

DTYPES = (np.float32, np.float64)


def pair(dtype, first, second):
    return np.array([first], dtype), np.array([[second]], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("power", [-1, -0.9, -0.5, 0, 0.5, 0.9, 0.98])
def test_norm_over_the_whole_range(power, dtype):
    scale = float(np.finfo(dtype).max) ** power
    g, G = pair(dtype, 3 * scale, -4 * scale)
    assert math.isclose(clipping.norm(g, G).rounded(dtype), 5 * scale, rel_tol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_norm_beyond_the_largest_float_still_clips(dtype):
    largest = np.finfo(dtype).max
    g, G = pair(dtype, largest, largest)
    outputs, _ = clip_norm.forward(g, G, dtype(2))
    assert np.isinf(outputs["length"])
    clipped = [outputs["g_clipped"][0], outputs["G_clipped"][0, 0]]
    assert np.allclose(clipped, math.sqrt(2), rtol=4 * np.finfo(dtype).eps, atol=0)


def test_threshold_and_norm_far_apart():
    g, G = pair(np.float64, 3e300, 4e-10)
    outputs, _ = clip_norm.forward(g, G, 1e-15)
    assert math.isclose(outputs["g_clipped"][0], 1e-15, rel_tol=1e-15)
    assert outputs["G_clipped"][0, 0] == pytest.approx(4e-10 / 3e300 * 1e-15, abs=5e-324)


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_gradient_at_all(dtype):
    g, G = pair(dtype, 0, 0)
    outputs, saved = clip_norm.forward(g, G, dtype(1))
    assert outputs["length"] == 0 and outputs["g_clipped"] == 0 and outputs["G_clipped"] == 0
    gradients = clip_norm.backward(saved, *pair(dtype, 2, 3), dtype(5))
    assert gradients["g"] == 2 and gradients["G"] == 3


@pytest.mark.parametrize("dtype", DTYPES)
def test_norm_at_the_threshold_clips(dtype):
    g, G = pair(dtype, 3, 4)
    assert clip_halving.forward(g, G, dtype(5))[0]["g_clipped"] == 1.5
    assert clip_halving.forward(g, G, np.nextafter(dtype(5), dtype(6)))[0]["g_clipped"] == 3
    assert clip_norm.forward(g, G, dtype(5))[1]["clipped"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinity_and_not_a_number(dtype):
    g, G = pair(dtype, np.inf, 4)
    halved = clip_halving.forward(g, G, dtype(5))[0]
    assert np.isinf(halved["g_clipped"]) and halved["G_clipped"] == 2
    g, G = pair(dtype, np.nan, 4)
    assert np.isnan(clipping.norm(g, G).rounded(dtype)) and clip_halving.forward(g, G, dtype(5))[0]["G_clipped"] == 4
    clipped = clip_value.forward(np.array([np.nan, np.inf, -np.inf, 0.5], dtype), dtype(1))[0]["g_clipped"]
    assert np.array_equal(clipped, np.array([np.nan, 1, -1, 0.5], dtype), equal_nan=True)


def test_many_chunks_are_summed_in_one_order():
    g = np.random.default_rng(0).standard_normal(5 * clipping.CHUNK + 3)
    exact = math.sqrt(math.fsum((g * g).tolist()))
    assert math.isclose(clipping.norm(g).rounded(np.float64), exact, rel_tol=1e-14)
