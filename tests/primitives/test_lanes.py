"""What lanes can do, against NumPy: bit for bit, and for what is no ordinary number, too."""

import ctypes
import itertools

import numpy as np
import pytest
from lanes import over_lanes

from refrnn.kernels.primitives import activations
from refrnn.kernels.primitives.compile import native, shift
from refrnn.kernels.primitives.lanes import copy_sign, interleaving, load, select, store, transpose
from refrnn.kernels.primitives.tiles import vector_bytes

DTYPES = (np.float32, np.float64)


def pairs(dtype):
    """Every number of a few, special ones among them, with every other, and random ones, as many as fill vectors."""
    info = np.finfo(dtype)
    some = [0.0, -0.0, 1, -1, 0.1, -2.5, np.inf, -np.inf, np.nan, info.max, -info.max, info.tiny, info.smallest_subnormal]
    a, b = np.array(list(itertools.product(some, some)), dtype).T
    random = np.random.default_rng(0)
    count = -len(a) % 64 + 640
    return np.concatenate((a, random.normal(size=count))).astype(dtype), np.concatenate((b, random.normal(size=count))).astype(dtype)


def same(found, true):
    """Bit for bit, but for which NaN it is."""
    assert found.dtype == true.dtype
    return np.array_equal(found, true, equal_nan=True) and np.array_equal(np.signbit(found)[~np.isnan(true)], np.signbit(true)[~np.isnan(true)])


def arithmetic(a, b):
    return a + b, a - b, a * b, a / b, -a, abs(a), copy_sign(a, b)


@pytest.mark.parametrize("dtype", DTYPES)
def test_arithmetic(dtype):
    a, b = pairs(dtype)
    with np.errstate(all="ignore"):
        true = a + b, a - b, a * b, a / b, -a, np.abs(a), np.copysign(a, b)
    for found, expected, name in zip(over_lanes(arithmetic, 7, a, b), true, "+ - * / neg abs copysign".split(), strict=True):
        assert same(found, expected), name


def with_numbers(a):
    return a + 3, 3 - a, 0.1 * a, 1 / a, select(a > 0, a, 2), select(a > 0, 0.1, a)


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_beside_lanes_are_of_the_lanes_type(dtype):
    a, _ = pairs(dtype)
    three, tenth, one, two = map(dtype, (3, 0.1, 1, 2))
    with np.errstate(all="ignore"):
        true = a + three, three - a, tenth * a, one / a, np.where(a > 0, a, two), np.where(a > 0, tenth, a)
    for found, expected in zip(over_lanes(with_numbers, 6, a), true, strict=True):
        assert same(found, expected)


def comparisons(a, b):
    return (
        select(a < b, a, b), select(a <= b, a, b), select(a > b, a, b), select(a >= b, a, b), select(a == b, a, b), select(b > 1, a, b),
        select(0.1 > b, a, b),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_comparisons_and_select(dtype):
    """No comparison with NaN is true; where it is true the first is taken, sign of zero and all."""
    a, b = pairs(dtype)
    with np.errstate(invalid="ignore"):
        conditions = a < b, a <= b, a > b, a >= b, a == b, b > 1, dtype(0.1) > b
    for found, condition in zip(over_lanes(comparisons, 7, a, b), conditions, strict=True):
        assert 0 < condition.sum() < a.size and same(found, np.where(condition, a, b))


def fused(a, b, c):
    return a * b + c, (a * b) - c


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_product_and_a_sum_are_rounded_once_or_twice(dtype):
    a, b, c = np.random.default_rng(1).normal(size=(3, 64)).astype(dtype)
    wide = np.longdouble if dtype == np.float64 else np.float64
    for found, sign in zip(over_lanes(fused, 2, a, b, c), (1, -1), strict=True):
        c_signed = dtype(sign) * c
        once, twice = (a.astype(wide) * b + c_signed).astype(dtype), a * b + c_signed
        assert np.all((np.abs(found - once) <= np.spacing(np.abs(once))) | (found == twice))


def all_activations(x):
    return activations.exp(x), activations.sigmoid(x), activations.tanh(x), activations.elu(x), activations.relu(x)


@native("FFFFFFi")
def _one_by_one(e, s, t, l, r, x, count):  # noqa: E741
    for j in range(count):
        e[j], s[j], t[j] = activations.exp(x[j]), activations.sigmoid(x[j]), activations.tanh(x[j])
        l[j], r[j] = activations.elu(x[j]), activations.relu(x[j])


@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_of_lanes_are_those_of_numbers(dtype):
    random = np.random.default_rng(2)
    x = np.concatenate((pairs(dtype)[0], random.uniform(-20, 20, 6400), random.uniform(-800, 800, 640))).astype(dtype)
    x = np.concatenate((x, np.zeros(-len(x) % 64, dtype)))
    alone = [np.empty_like(x) for _ in range(5)]
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 6, ctypes.c_int64)
    function(_one_by_one.address(dtype))(*(array.ctypes.data for array in alone), x.ctypes.data, len(x))
    for found, expected, name in zip(over_lanes(all_activations, 5, x), alone, "exp sigmoid tanh elu relu".split(), strict=True):
        assert same(found, expected), name
    for code, place in ((activations.SIGMOID, 1), (activations.TANH, 2), (activations.ELU, 3), (activations.RELU, 4)):
        row = x.copy()
        activate = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
        activate(activations.activate.address(dtype))(code, row.ctypes.data, len(row))
        assert same(row, alone[place])


@native("FiFi")
def _turned(source, source_row, target, target_row):
    transpose(source, source_row, target, target_row)


@pytest.mark.parametrize("dtype", DTYPES)
def test_transpose(dtype):
    lanes = vector_bytes() // np.dtype(dtype).itemsize
    source = np.random.default_rng(3).normal(size=(lanes, lanes + 3)).astype(dtype)
    source[1, 2], source[2, 0] = np.nan, -0.0
    target = np.full((lanes + 2, lanes + 5), 7, dtype)
    inside = target[1:-1, 2:-3]
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
    function(_turned.address(dtype))(source.ctypes.data, lanes + 3, inside.ctypes.data, lanes + 5)
    assert same(inside, source[:, :lanes].T)
    assert np.sum(target == 7) == target.size - lanes * lanes


MOST = 5
_interleave = interleaving(MOST)


@native("FiiF")
def _interleaved(source, source_row, rows, target):
    _interleave(source, source_row, rows, target)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", range(1, MOST + 1))
def test_interleave(rows, dtype):
    """The transpose of rows as long as a vector, and nothing beside it is written."""
    lanes = vector_bytes() // np.dtype(dtype).itemsize
    source = np.random.default_rng(4).normal(size=(rows, lanes + 3)).astype(dtype)
    source[0, 1], source[-1, 2] = np.nan, -0.0
    target = np.full(rows * lanes + 8, 7, dtype)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
    function(_interleaved.address(dtype))(source[:, 1:].ctypes.data, lanes + 3, rows, target[4:].ctypes.data)
    assert same(target[4:-4].reshape(lanes, rows), np.ascontiguousarray(source[:, 1 : lanes + 1].T))
    assert np.all(target[:4] == 7) and np.all(target[-4:] == 7)


@native("FFi")
def _copied(source, target, first):
    store(load(shift(source, first)), shift(target, first))


@pytest.mark.parametrize("dtype", DTYPES)
def test_load_and_store_move_one_vector_from_anywhere(dtype):
    lanes = vector_bytes() // np.dtype(dtype).itemsize
    source, target = np.arange(1, 4 * lanes, dtype=dtype), np.zeros(4 * lanes - 1, dtype)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    for first in (0, 1, lanes, 3 * lanes - 1):
        target[:] = 0
        function(_copied.address(dtype))(source.ctypes.data, target.ctypes.data, first)
        assert np.array_equal(target[first : first + lanes], source[first : first + lanes])
        assert np.count_nonzero(target) == lanes


def test_lanes_take_no_other_operands():
    from numba.core.errors import TypingError

    def with_a_text(a):
        return a + "1"

    with pytest.raises(TypingError):
        over_lanes(with_a_text, 1, np.zeros(64))
