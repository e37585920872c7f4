"""The norm of several arrays together, and their rescaling, safe from overflow and underflow.

Sums are kept in float64, in units of a power of two near the largest entry, and added in the order of fixed chunks.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..primitives.arrays import dense
from ..primitives.compile import shift
from ..primitives.tasks import Tasks

CHUNK = 16384  # numbers per task
SUMMED = 256  # numbers per part of its sum: rounding errors grow with that and with the number of parts, not with their product


@dataclass(frozen=True)
class Norm:
    """A norm of ``size`` times 2^``unit``: known even where it is beyond the largest float."""

    size: float
    unit: int

    def rounded(self, dtype):
        """The norm as a number of ``dtype``, infinite where it is too large for one."""
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(np.float64(self.size), self.unit).astype(dtype)


def norm(*arrays):
    """The Norm of all ``arrays``, of one float type, together."""
    largest = max((float(np.max(np.abs(array))) for array in arrays if array.size), default=0.0)
    unit = math.frexp(largest)[1] if math.isfinite(largest) else 0
    unit = min(max(unit, -1000), 1000)  # so that 2^-unit is a float64
    total = sum(_product(array, unit, array, unit) for array in arrays)
    return Norm(math.sqrt(total), unit)


def along(length, arrays, others):
    """The sum of products of ``others`` with the direction of ``arrays``, whose Norm is ``length``."""
    total = sum(_product(array, length.unit, other, 0) for array, other in zip(arrays, others, strict=True))
    return total / length.size if length.size else 0.0


def ratio(number, length):
    """``number`` / ``length``, a Norm, as (fraction, power): fraction 2^power, 1/2 <= fraction < 1."""
    over, under = math.frexp(float(number)), math.frexp(length.size)
    fraction, power = math.frexp(over[0] / under[0])
    return fraction, power + over[1] - under[1] - length.unit


def scaled(array, fraction, power):
    """``array`` times fraction 2^power."""
    return _combined(array, fraction, power, array, 0.0, 0)


def turned(array, fraction, power, other, part, length):
    """``array`` times fraction 2^power, plus ``part`` times the direction of ``other``, whose Norm is ``length``."""
    return _combined(array, fraction, power, other, part / length.size if length.size else 0.0, -length.unit)


def bounded(array, bound):
    """``array`` with every entry brought between -bound and bound."""
    found = np.empty(array.shape, array.dtype)
    bounds = np.array([bound], array.dtype)
    _bound.run(_chunks(array), array.dtype, a=dense(array), bounds=bounds, found=found, work=2 * array.size)
    return found


def bounded_pulled_back(array, bound, d_found):
    """The error of ``array`` from the error of what ``bounded`` made of it: nothing where an entry was beyond the bound."""
    d_array = np.empty(array.shape, array.dtype)
    bounds = np.array([bound], array.dtype)
    given = {"a": dense(array), "bounds": bounds, "d_found": dense(d_found), "d_a": d_array}
    _bound_back.run(_chunks(array), array.dtype, **given, work=2 * array.size)
    return d_array


def _product(a, a_unit, b, b_unit):
    """The sum of the products of a 2^-a_unit and b 2^-b_unit, as float64."""
    parts, units = np.zeros(_chunks(a)), np.ldexp(1.0, [-a_unit, -b_unit])
    _sum_products.run(len(parts), a.dtype, a=dense(a), b=dense(b), units=units, parts=parts, work=2 * a.size)
    return sum(parts.tolist())


def _combined(a, fraction, power, b, part, b_power):
    """a fraction 2^power + b part 2^b_power; b is not read where part is 0."""
    first, found = max(min(power, 500), -1000), np.empty(a.shape, a.dtype)
    powers = [math.ldexp(1.0, p) for p in (first, max(power - first, -1074), b_power)]
    numbers = np.array([fraction, *powers, part])
    _combine.run(_chunks(a), a.dtype, a=dense(a), b=dense(b), numbers=numbers, found=found, work=4 * a.size)
    return found


def _chunks(array):
    return -(-array.size // CHUNK)


@Tasks("a, b: floats (*size); units: doubles (two); parts: doubles (chunks)")
def _sum_products(index, size, a, b, units, parts):
    first = index * CHUNK
    count = min(CHUNK, size - first)
    a, b, a_unit, b_unit = shift(a, first), shift(b, first), units[0], units[1]
    total = 0.0
    for start in range(0, count, SUMMED):
        stop = min(start + SUMMED, count)
        even, odd = 0.0, 0.0
        for j in range(start, stop - 1, 2):
            even += (a[j] * a_unit) * (b[j] * b_unit)
            odd += (a[j + 1] * a_unit) * (b[j + 1] * b_unit)
        if (stop - start) % 2:
            even += (a[stop - 1] * a_unit) * (b[stop - 1] * b_unit)
        total += even + odd
    parts[index] = total


@Tasks("a, b, found: floats (*size); numbers: doubles (five)")
def _combine(index, size, a, b, numbers, found):
    first = index * CHUNK
    a, b, found = shift(a, first), shift(b, first), shift(found, first)
    fraction, power, more, b_unit, part = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    for j in range(min(CHUNK, size - first)):
        number = a[j] * fraction * power * more
        if part != 0:
            number = number + b[j] * b_unit * part
        found[j] = number


@Tasks("a, found: floats (*size); bounds: floats (one)")
def _bound(index, size, a, bounds, found):
    first, bound = index * CHUNK, bounds[0]
    a, found = shift(a, first), shift(found, first)
    for j in range(min(CHUNK, size - first)):
        above = -bound if a[j] < -bound else a[j]
        found[j] = bound if above > bound else above


@Tasks("a, d_found, d_a: floats (*size); bounds: floats (one)")
def _bound_back(index, size, a, bounds, d_found, d_a):
    first, bound = index * CHUNK, bounds[0]
    a, d_found, d_a = shift(a, first), shift(d_found, first), shift(d_a, first)
    for j in range(min(CHUNK, size - first)):
        d_a[j] = d_found[j] if abs(a[j]) <= bound else bound - bound
