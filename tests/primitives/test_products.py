"""Matrix products against NumPy in extended precision, over every remainder of the tiles."""

import numpy as np
import pytest

from refrnn.kernels.primitives import threads
from refrnn.kernels.primitives.products import CLEAR, KEEP, SUMMED, multiply, packed, panel, product, times_packed
from refrnn.kernels.primitives.tasks import Tasks

DTYPES = (np.float32, np.float64)


@Tasks("start: number; c: floats (rows, columns); a: floats (rows, terms); b: floats (panels, terms, width); ends: integers (rows); multiply: function")
def _times_packed(index, rows, terms, columns, start, c, a, b, ends, multiply):
    times_packed(multiply, start, c, a, b, ends, 0, rows, terms, columns, columns, terms)


def draw(dtype, *shape):
    return np.random.default_rng(shape).uniform(-1, 1, shape).astype(dtype)


def assert_close(found, true, terms):
    """Within the worst rounding errors of a sum of ``terms`` numbers between -1 and 1, cut into parts."""
    longest = min(terms, SUMMED) + terms / SUMMED + 2
    assert np.abs(found - true).max() <= longest * terms * np.finfo(found.dtype).eps


def around(width):
    return (1, 2, 3, 5, 15, 16, 17, 31, width - 1, width, width + 1, 2 * width, 2 * width + 17)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", range(1, 15))
def test_every_shape_of_tile(rows, dtype):
    for columns in around(panel(dtype)):
        for terms in (1, 2, SUMMED, SUMMED + 1):
            a, b, start = draw(dtype, rows, terms), draw(dtype, terms, columns), draw(dtype, columns)
            true = a.astype(np.longdouble) @ b
            c = np.full((rows, columns), np.nan, dtype)
            multiply((c, a, b))
            assert_close(c, true, terms)
            multiply((c, a, b, start))
            assert_close(c, start + true, terms)
            given = {"c": c, "a": a, "b": packed(b), "ends": np.ones(rows, int), "multiply": product}
            _times_packed.run(1, dtype, start=CLEAR, **given, work=0)
            assert_close(c, true, terms)
            _times_packed.run(1, dtype, start=KEEP, **given, work=0)
            assert_close(c, 2 * true, 2 * terms)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_beside_the_result_is_touched(dtype):
    around_it = np.full((9, 40), np.nan, dtype)
    a, b = draw(dtype, 7, 5), draw(dtype, 5, 19)
    multiply((around_it[1:8, 3:22], a, b))
    assert_close(around_it[1:8, 3:22], a.astype(np.longdouble) @ b, 5)
    assert np.isnan(around_it).sum() == 9 * 40 - 7 * 19


@pytest.mark.parametrize("dtype", DTYPES)
def test_transposed_and_repeated_left_factors(dtype):
    rows, columns = draw(dtype, 1000, 37), draw(dtype, 1000, 50)
    gradient, total = np.empty((37, 50), dtype), np.empty((1, 50), dtype)
    multiply((gradient, rows.T, columns), (total, np.broadcast_to(dtype(1), (1, 1000)), columns))
    assert_close(gradient, rows.T.astype(np.longdouble) @ columns, 1000)
    assert_close(total, columns.sum(axis=0, dtype=np.longdouble), 1000)


def test_long_sums_are_cut_into_parts():
    count = 2**20
    total, numbers = np.empty((1, 1), np.float32), np.full((count, 1), 0.1, np.float32)
    multiply((total, np.broadcast_to(np.float32(1), (1, count)), numbers))
    exact = count * float(np.float32(0.1))
    assert abs(total[0, 0] - exact) / exact < 1e-4  # one sum after the other is off by 1e-2


@pytest.mark.parametrize("dtype", DTYPES)
def test_same_bits_for_every_number_of_threads_and_every_neighbour(dtype):
    a, b, c = draw(dtype, 333, 200), draw(dtype, 200, 77), np.empty((333, 77), dtype)
    found = []
    for count in range(1, threads.most() + 1):
        with threads.using(count):
            multiply((c, a, b))
        found.append(c.copy())
    assert all(np.array_equal(found[0], other) for other in found)
    for row in (0, 7, 331, 332):
        alone = np.empty((1, 77), dtype)
        multiply((alone, a[row : row + 1], b))
        assert np.array_equal(alone[0], c[row])


def test_not_a_number_stays_in_its_row():
    a, b, c = draw(np.float32, 9, 20), draw(np.float32, 20, 30), np.empty((9, 30), np.float32)
    a[4] = np.nan
    multiply((c, a, b))
    assert np.isnan(c[4]).all() and np.isfinite(np.delete(c, 4, axis=0)).all()


@pytest.mark.parametrize("ends", [[0, 0, 0], [1, 0, 0, 1, 1, 0, 1], [0, 1, 1, 1, 1, 1, 1, 1, 0], [0, 1]])
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_that_ended_are_not_touched(ends, dtype):
    alive, rows = np.array(ends, bool), len(ends)
    a, b = draw(dtype, rows, 5), draw(dtype, 5, 19)
    whole = np.zeros((rows, 19), dtype)
    given = {"start": CLEAR, "a": a, "b": packed(b), "multiply": product}
    _times_packed.run(1, dtype, c=whole, ends=np.ones(rows, int), **given, work=0)
    a[~alive] = np.nan
    c = np.full((rows, 19), 7, dtype)
    _times_packed.run(1, dtype, c=c, ends=np.array(ends), **given, work=0)
    assert np.array_equal(c[alive], whole[alive]) and np.all(c[~alive] == 7)
