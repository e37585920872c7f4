"""Activations as polynomial code that the compiler turns into vector instructions, and their slopes.

One number, or lanes of them: ``exp``, ``sigmoid``, ``tanh``, ``finer_tanh``, ``elu``, ``relu``. A row of numbers, by code: ``activate`` and ``pull_back``.
NaN gives NaN, infinities give the limits, and small results keep their digits down to the subnormal numbers.

Numbers are reduced as Cody and Waite do: x = n log 2 + r with |r| <= log(2) / 2. The coefficients are the Chebyshev fit
of (exp(r) - 1 - r) / r^2 on that interval, made in 40 digits; its error is 8e-9 (float32) and 2e-19 (float64) of exp.
"""

import numpy as np
from numba import types
from numba.extending import overload

from .compile import OPTIONS, part, native, one, power_of_two
from .compiler import PartCompiler
from .lanes import Lanes, copy_sign, has_scaling, scaled, select

IDENTITY, SIGMOID, TANH, RELU, ELU = 0, 1, 2, 3, 4

# 1 / log 2; log 2 in two parts, the first with trailing zeros so that n times it is exact; the rounder; where exp is 0,
# where it is infinite, and where exp - 1 is -1; one, two and a half.
# Adding the rounder to n leaves n, plus the bias of the exponents, in the lowest bits.
_SINGLE = tuple(
    np.float32(number)
    for number in (
        1.4426950408889634, 0.693145751953125, 1.4286068203094172e-6, 1.5 * 2**23 + 127, -104, 89, -44, 1, 2, 0.5,
    )  # fmt: skip
)
_DOUBLE = (
    1.4426950408889634, 0.693147180559663, 2.823529056303157e-13, 1.5 * 2.0**52 + 1023, -746.0, 710.0, -44.0, 1.0, 2.0, 0.5,
)  # fmt: skip
_SINGLE_FIT = tuple(
    np.float32(number) for number in (0.5, 0.16666576986989698, 0.041666554617204574, 0.0083631790527225774, 0.0013926183587713495)
)
_DOUBLE_FIT = (
    0.5, 0.16666666666666671, 0.041666666666666669755, 0.0083333333333261351, 0.0013888888888883748, 1.9841269874820625e-4,
    2.4801587325547741e-5, 2.7557255400206424e-6, 2.7557273643110295e-7, 2.5105217004720745e-8, 2.0914686968086877e-9,
)  # fmt: skip

_INLINED = {"error_model": OPTIONS["error_model"], "fastmath": OPTIONS["fastmath"], "pipeline_class": PartCompiler}


def _constants(x):
    """The constants of x's float type."""


@overload(_constants, jit_options=_INLINED)
def _constants_of(x):
    if _number(x) == types.float32:
        return lambda x: _SINGLE
    return lambda x: _DOUBLE


def _number(kind):
    """The type of one number of it."""
    return kind.dtype if isinstance(kind, Lanes) else kind


def _fit(r):
    """(exp(r) - 1 - r) / r^2 near zero."""


@overload(_fit, jit_options=_INLINED)
def _fit_of(r):
    if _number(r) == types.float32:
        return _single_fit
    return _double_fit


def _single_fit(r):
    a, b, c, d, e = _SINGLE_FIT
    return a + r * (b + r * (c + r * (d + r * e)))


def _double_fit(r):
    a, b, c, d, e, f, g, h, i, j, k = _DOUBLE_FIT
    return a + r * (b + r * (c + r * (d + r * (e + r * (f + r * (g + r * (h + r * (i + r * (j + r * k)))))))))


@part
def _reduced(x):
    """(n, n plus the rounder, r, exp(r) - 1 - r) with x = n log 2 + r."""
    per_log2, log2_high, log2_low, rounder, _, _, _, _, _, _ = _constants(x)
    shifted = x * per_log2 + rounder
    n = shifted - rounder
    r = (x - n * log2_high) - n * log2_low
    return n, shifted, r, r * r * _fit(r)


def _raised(excess, n):
    """(1 + excess) 2^n, where 2^n alone can be beyond the exponents there are."""


@overload(_raised, jit_options=_INLINED)
def _raised_of(excess, n):
    return _raised_at_once if isinstance(n, Lanes) and has_scaling() else _raised_in_two_steps


def _raised_at_once(excess, n):
    _, _, _, _, _, _, _, unit, _, _ = _constants(n)
    return scaled(unit + excess, n)


def _raised_in_two_steps(excess, n):
    _, _, _, rounder, _, _, _, _, _, half = _constants(n)
    shifted_half = n * half + rounder
    shifted_rest = (n - (shifted_half - rounder)) + rounder
    power = power_of_two(shifted_half)
    return (power + power * excess) * power_of_two(shifted_rest)


@part
def exp(x):
    """e to the power x."""
    _, _, _, _, _, high, _, _, _, _ = _constants(x)
    return _exp_below(select(x > high, high, x))


@part
def _exp_below(x):
    """e to the power x, where it is finite."""
    _, _, _, _, low, _, _, _, _, _ = _constants(x)
    n, _, r, rest = _reduced(select(x < low, low, x))
    return _raised(r + rest, n)


@part
def _exp_minus_one(x):
    """e to the power x, minus one, for x <= 0, near zero as exact as elsewhere; and about what rounding took from it."""
    _, _, _, _, _, _, low, unit, _, _ = _constants(x)
    _, shifted, r, rest = _reduced(select(x < low, low, x))
    excess, power = r + rest, power_of_two(shifted)
    e = power * excess + (power - unit)
    return e, ((power - unit) - e) + power * excess + power * ((r - excess) + rest)


@part
def sigmoid(x):
    """1 / (1 + exp(-x)); never overflows, and is never rounded to 0 where the result is not."""
    _, _, _, _, _, _, _, unit, _, _ = _constants(x)
    e = _exp_below(-abs(x))
    return select(x < 0, e, unit) / (unit + e)


@part
def tanh(x):
    """The hyperbolic tangent."""
    _, _, _, _, _, _, _, _, two, _ = _constants(x)
    e, _ = _exp_minus_one(-two * abs(x))
    return copy_sign(e / (two + e), x)


@part
def finer_tanh(x):
    """As ``tanh``, with half of its error, in half as much time again: what the sum and the quotient lose is found and given back."""
    _, _, _, _, _, _, _, _, two, half = _constants(x)
    e, lost = _exp_minus_one(-two * abs(x))
    below = two + e
    quotient = e / below
    rest = (e - quotient * below) + (lost - quotient * ((two - below) + e))
    return copy_sign(quotient + rest * (half - half * e), x)  # nearly rest / below


@part
def elu(x):
    """x where it is not negative, exp(x) - 1 elsewhere."""
    e, _ = _exp_minus_one(select(x > 0, x - x, x))
    return select(x >= 0, x, e)  # of -0.0 itself


@part
def relu(x):
    """x where it is positive, 0 elsewhere."""
    _, _, _, _, _, _, _, unit, _, _ = _constants(x)
    return select(x <= 0, unit - unit, x)


@native("iFi")
def activate(code, row, count):
    """Replace the ``count`` numbers at ``row`` by their activations."""
    if code == TANH:
        for j in range(count):
            row[j] = tanh(row[j])
    elif code == SIGMOID:
        for j in range(count):
            row[j] = sigmoid(row[j])
    elif code == RELU:
        for j in range(count):
            row[j] = relu(row[j])
    elif code == ELU:
        for j in range(count):
            row[j] = elu(row[j])


@native("iFFFi")
def pull_back(code, d_before, after, d_after, count):
    """d_before = the slope of the activation times d_after, the slope from the activation's own result ``after``.

    Of ELU from its argument: one plus its result has no digit of a slope that is small beside one.
    """
    unit = one(after)
    if code == TANH:
        for j in range(count):
            d_before[j] = d_after[j] * ((unit - after[j]) * (unit + after[j]))
    elif code == SIGMOID:
        for j in range(count):
            d_before[j] = d_after[j] * (after[j] * (unit - after[j]))
    elif code == RELU:
        for j in range(count):
            d_before[j] = d_after[j] if after[j] > 0 else unit - unit
    elif code == ELU:
        for j in range(count):
            d_before[j] = d_after[j] * select(after[j] > 0, unit, exp(after[j]))
    else:
        for j in range(count):
            d_before[j] = d_after[j]
