"""Activations against NumPy in extended precision, in units of the last place of the exact result."""

import ctypes
import os
import subprocess
import sys

import numpy as np
import pytest

from refrnn.kernels.primitives import activations
from refrnn.kernels.primitives.activations import ELU, IDENTITY, RELU, SIGMOID, TANH
from tests.lanes import over_lanes

DTYPES = (np.float32, np.float64)
WORST = {SIGMOID: 2.5, TANH: 3.0, ELU: 1.5, RELU: 0.0, IDENTITY: 0.0}


def activate(code, x):
    y = np.array(x)
    function = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
    function(activations.activate.address(y.dtype))(code, y.ctypes.data, y.size)
    return y


def pull_back(code, after, d_after):
    d_before = np.empty_like(after)
    function = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * 3, ctypes.c_int64)
    addresses = (d_before.ctypes.data, after.ctypes.data, d_after.ctypes.data)
    function(activations.pull_back.address(after.dtype))(code, *addresses, after.size)
    return d_before


def exact(code, x):
    x = x.astype(np.longdouble)
    small = np.exp(-np.abs(x))
    return {
        SIGMOID: lambda: np.where(x >= 0, 1, small) / (1 + small),
        TANH: lambda: np.tanh(x),
        ELU: lambda: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        RELU: lambda: np.maximum(x, 0),
        IDENTITY: lambda: x,
    }[code]()


def numbers(dtype):
    """Where most pre-activations are, where the results saturate, where they become subnormal, and tiny ones."""
    random = np.random.default_rng(0)
    info = np.finfo(dtype)
    deepest = np.log(info.smallest_subnormal) - 3
    tiny = 10 ** random.uniform(np.log10(info.smallest_subnormal) + 1, 0, 20_000)
    ranges = [random.uniform(-1, 1, 50_000), random.uniform(-12, 12, 50_000), random.uniform(deepest, 100, 50_000)]
    return np.concatenate([*ranges, tiny, -tiny]).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("code", WORST)
def test_few_units_in_the_last_place(code, dtype):
    x = numbers(dtype)
    true = exact(code, x)
    unit = np.spacing(np.abs(true).astype(dtype)).astype(np.longdouble)
    errors = np.abs(activate(code, x) - true) / unit
    assert errors.max() <= WORST[code], f"{errors.max()} ulp at {x[errors.argmax()]}"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_finer_tanh(dtype):
    huge, small = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
    x = np.concatenate([numbers(dtype), np.array([0.0, -0.0, small, -small, np.inf, -np.inf, huge, -huge] * 16, dtype)])
    (y,) = over_lanes(lambda a: activations.finer_tanh(a), 1, x)
    true = exact(TANH, x)
    errors = np.abs(y - true) / np.spacing(np.abs(true).astype(dtype)).astype(np.longdouble)
    assert errors.max() <= 1.6 and errors[:50_000].mean() <= 0.3
    assert np.array_equal(np.signbit(y), np.signbit(x)) and np.abs(y).max() == 1
    (y,) = over_lanes(lambda a: activations.finer_tanh(a), 1, np.full(16, np.nan, dtype))
    assert np.isnan(y).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_limits_and_not_a_number(dtype):
    huge = np.finfo(dtype).max
    x = np.array([np.nan, np.inf, -np.inf, huge, -huge], dtype)
    assert np.array_equal(activate(SIGMOID, x), np.array([np.nan, 1, 0, 1, 0], dtype), equal_nan=True)
    assert np.array_equal(activate(TANH, x), np.array([np.nan, 1, -1, 1, -1], dtype), equal_nan=True)
    assert np.array_equal(activate(ELU, x), np.array([np.nan, np.inf, -1, huge, -1], dtype), equal_nan=True)
    assert np.array_equal(activate(RELU, x), np.array([np.nan, np.inf, 0, huge, 0], dtype), equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_zero_keeps_its_sign_and_the_smallest_numbers_stay(dtype):
    x = np.array([0.0, -0.0, np.finfo(dtype).smallest_subnormal, -np.finfo(dtype).smallest_subnormal], dtype)
    y = activate(TANH, x)
    assert np.array_equal(y, x) and np.array_equal(np.signbit(y), np.signbit(x))
    assert np.array_equal(activate(ELU, x), x)
    assert np.array_equal(activate(SIGMOID, x), np.full(4, 0.5, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_place_in_the_row_does_not_matter(dtype):
    x = numbers(dtype)[:4001]
    for code in (SIGMOID, TANH, ELU):
        together = activate(code, x)
        alone = np.concatenate([activate(code, x[j : j + 3]) for j in range(0, len(x), 3)])
        assert np.array_equal(together, alone)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("code", WORST)
def test_slope_is_the_derivative(code, dtype):
    x = np.random.default_rng(1).uniform(-3, 3, 1001)
    d_after = np.random.default_rng(2).standard_normal(1001)
    step = 1e-4
    slope = (exact(code, x + step) - exact(code, x - step)) / (2 * step)
    away_from_the_kink = np.abs(x) > 2 * step
    slope_from = x.astype(dtype) if code == ELU else activate(code, x.astype(dtype))
    found = pull_back(code, slope_from, d_after.astype(dtype))
    assert np.allclose(found[away_from_the_kink], (d_after * slope)[away_from_the_kink], rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_slope_of_elu_has_all_its_digits_where_it_is_small(dtype):
    z = -np.geomspace(1, -np.log(np.finfo(dtype).tiny) - 1, 1001).astype(dtype)
    true = np.exp(z.astype(np.longdouble))
    assert np.abs(pull_back(ELU, z, np.ones_like(z)) / true - 1).max() < 4 * np.finfo(dtype).eps
    far = np.array([-np.inf, np.inf, np.nan, 0], dtype)
    assert np.array_equal(pull_back(ELU, far, np.ones_like(far)), np.array([0, 1, np.nan, 1], dtype), equal_nan=True)


def test_a_lesser_processor_than_this_is_compiled_for(tmp_path):
    """What the processor has and the code is not compiled for would end the process."""
    code = (
        "import ctypes, sys, numpy as np; from refrnn.kernels.primitives import activations; y = np.linspace(-30, 30, 64, dtype=np.float32)\n"
        "call = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)(activations.activate.address(y.dtype))\n"
        f"call({SIGMOID}, y.ctypes.data, y.size); print(*y)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "NUMBA_CPU_NAME": "generic", "XDG_CACHE_HOME": str(tmp_path)}
    )  # fmt: skip
    np.testing.assert_allclose(np.array(found.stdout.split(), np.float32), activate(SIGMOID, np.linspace(-30, 30, 64, dtype=np.float32)), rtol=1e-6)
