"""Packing against one number after the other, and rows times panels against NumPy in extended precision."""

import ctypes
import itertools

import numpy as np
import pytest
from packing import packed, unpacked

from refrnn.kernels.engine.panels import HIGHEST, Packing, in_blocks, packed_back, row_gates, rows_by_panel
from refrnn.kernels.engine.rows import Panels, lanes_of
from refrnn.kernels.primitives import threads
from refrnn.kernels.primitives.compile import address
from refrnn.kernels.primitives.products import CLEAR, KEEP, SUMMED
from refrnn.kernels.primitives.tiles import WIDEST

DTYPES = (np.float32, np.float64)


def draw(dtype, *shape):
    return np.random.default_rng(shape).uniform(-1, 1, shape).astype(dtype)


def laid_out(layout, matrix):
    """The same numbers, differently in memory."""
    units, terms = matrix.shape
    if layout == "C":
        return np.ascontiguousarray(matrix)
    if layout == "transposed":
        return np.asfortranarray(matrix)
    if layout == "part of a wider one":
        wide = np.full((units, terms + 3), np.nan, matrix.dtype)
        wide[:, 2:-1] = matrix
        return wide[:, 2:-1]
    if layout == "part of a taller one":
        tall = np.full((terms, units + 3), np.nan, matrix.dtype)
        tall[:, 2:-1] = matrix.T
        return tall[:, 2:-1].T
    holes = np.full((2 * units, 3 * terms), np.nan, matrix.dtype)
    holes[::-2, ::3] = matrix
    return holes[::-2, ::3]


LAYOUTS = ("C", "transposed", "part of a wider one", "part of a taller one", "strided")


def dense(panel, columns, lanes):
    """A panel (terms * columns) as its matrix (terms, columns)."""
    terms, group, parts, done = panel.size // columns, WIDEST * lanes, [], 0
    for first in range(0, columns, group):
        wide = min(group, columns - first)
        parts.append(panel[done : done + terms * wide].reshape(terms, wide))
        done += terms * wide
    return np.concatenate(parts, axis=1)


def sizes(dtype):
    lanes = lanes_of(dtype)
    return [(1, 1), (lanes - 1, lanes + 1), (lanes, 2 * lanes), (2 * lanes + 3, 3 * lanes + 5), (9 * lanes + 1, lanes + 2)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gates", (1, 2, 3, 4, 6))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_packed_and_back(layout, gates, dtype):
    lanes = lanes_of(dtype)
    for units, terms in sizes(dtype):
        panels = Panels(gates, units, dtype)
        blocks = [laid_out(layout, draw(dtype, units, terms) + gate) for gate in range(gates)]
        found = packed(blocks, panels)
        assert found.shape == (panels.count, terms * panels.width) and found.dtype == dtype
        rows = np.concatenate([dense(panel, panels.width, lanes) for panel in found], axis=1)
        for gate, block in enumerate(blocks):
            assert np.array_equal(panels.values(rows, gate), block.T)
        pads = np.zeros(panels.row, bool)
        pads[np.concatenate([np.atleast_1d(panels.values(np.arange(panels.row), gate)) for gate in range(gates)])] = True
        assert not rows[:, ~pads].any()
        into = [laid_out(layout, np.full((units, terms), np.nan, dtype)) for _ in range(gates)]
        unpacked(flat(rows, panels), into, panels)
        assert all(np.array_equal(one, other) for one, other in zip(into, blocks, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("units", (1, 3, 40))
def test_rows_of_gates_and_numbers_beside_one_another(units, dtype):
    """Of one array of gates, of an array for each, strided, and of numbers; each in its place, and nothing else is touched."""
    panels, single = Panels(3, units, dtype), Panels(1, 1, dtype, lanes_of(dtype))
    parts = [("a", 1, row_gates(0, panels, [2, 0])), ("b", 1, row_gates(0, panels, [1])), ("number", 0, row_gates(1, single, [0]))]
    packing = Packing(dtype, 2, parts)
    for a in (draw(dtype, 2, units), draw(dtype, units, 2).T, list(draw(dtype, 2, 2 * units)[:, ::2])):
        arrays = {"a": a, "b": (draw(dtype, 1, units + 1)[0, :0:-1],), "number": np.array(0.25, dtype)}
        row, number = np.full(panels.row, np.nan, dtype), np.full(lanes_of(dtype), np.nan, dtype)
        packed_ones = [address(row), address(number)]
        packing.pack(packed_ones, arrays)
        assert np.array_equal([panels.values(row, gate) for gate in (2, 0, 1)], [*a, *arrays["b"]])
        assert number[0] == 0.25 and not number[1:].any() and np.count_nonzero(row) <= 3 * units
        into = {"a": [np.full_like(one, np.nan) for one in a], "b": np.full((1, units), np.nan, dtype), "number": np.array(np.nan, dtype)}
        packing.unpack(packed_ones, into)
        assert np.array_equal(into["a"], a) and np.array_equal(into["b"], arrays["b"]) and into["number"] == 0.25


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_pack_what_one_does(dtype):
    units, terms = 9 * lanes_of(dtype) + 1, 5
    blocks, panels = draw(dtype, 3, units, terms), Panels(3, units, dtype)
    expected = packed(list(blocks), panels)
    with threads.using(threads.most(), little=0):
        assert panels.count > 1 and np.array_equal(packed(blocks, panels), expected)


def flat(rows, panels):
    """Panels whose rows are dense, however wide they are: as gradients of matrices come."""
    return np.stack([np.ascontiguousarray(rows[:, p * panels.width : (p + 1) * panels.width]).ravel() for p in range(panels.count)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_unpacked_writes_nothing_beside_its_matrices(layout, dtype):
    lanes = lanes_of(dtype)
    units, terms = 2 * lanes + 3, lanes + 5
    panels = Panels(1, units, dtype)
    into = laid_out(layout, np.zeros((units, terms), dtype))
    whole = into if into.base is None else into.base
    before = np.isnan(whole).sum()
    unpacked(np.ones((panels.count, terms * panels.width), dtype), [into], panels)
    assert np.all(into == 1) and np.isnan(whole).sum() == before


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gates", (1, 2, 3, 4))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_packed_back(layout, gates, dtype):
    lanes = lanes_of(dtype)
    for (units, terms), wide in itertools.product(sizes(dtype), (1, 2)):
        panels, into = Panels(gates, units, dtype), Panels(1, terms, dtype, wide * lanes)
        blocks = [laid_out(layout, draw(dtype, units, terms) + gate) for gate in range(gates)]
        found = packed_back(packed(blocks, panels), panels, into)
        assert found.shape == (into.count, panels.row * into.width)
        columns = np.concatenate([dense(panel, into.width, lanes) for panel in found], axis=1)
        assert not columns[:, terms:].any()
        gradients = draw(dtype, panels.row)
        true = sum(panels.values(gradients, gate).astype(np.longdouble) @ block for gate, block in enumerate(blocks))
        assert np.allclose((gradients.astype(np.longdouble) @ columns)[:terms], true, rtol=1e-12, atol=1e-12)
        used = np.zeros(panels.row, bool)
        used[np.concatenate([np.atleast_1d(panels.values(np.arange(panels.row), gate)) for gate in range(gates)])] = True
        assert not columns[~used].any()


# ------------------------------------------------------------ products


def multiply(start, c, a, b, columns):
    """c (rows, columns) and a (rows, terms) of any distances, b one panel."""
    function = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * 4, *[ctypes.c_int64] * 4)
    laid = blocks_of(a)
    pointers = (c.ctypes.data, laid.ctypes.data, b.ctypes.data, b.ctypes.data)
    function(rows_by_panel.address(c.dtype))(start, *pointers, len(a), a.shape[1], columns // lanes_of(c.dtype), c.strides[0] // c.itemsize)


def blocks_of(a, piece=None, apart=0):
    """As the kernel lays it out, a whole or in pieces of its terms; around it nothing is written."""
    rows, terms = a.shape if piece is None else (len(a), a.shape[1] // (piece + apart) * piece)
    around = np.full(rows * terms + 40, 7, a.dtype)
    lay_out = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 6)(in_blocks.address(a.dtype))
    by_row, by_term = (stride // a.itemsize for stride in a.strides)
    lay_out(around[20:-20].ctypes.data, a.ctypes.data, rows, terms, by_row, by_term, piece or terms, (piece or 0) * by_term + apart * by_term)
    assert np.all(around[:20] == 7) and np.all(around[-20:] == 7)
    return around[20:-20]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_in_blocks(layout, dtype):
    """In each block of rows one term after the other: the transpose of the block."""
    for rows, terms in itertools.product(range(1, 5 * HIGHEST), (1, 3, 8, 17, 40)):
        a, count = draw(dtype, rows, terms), -(-rows // HIGHEST)
        cuts = [rows * block // count for block in range(count + 1)]
        expected = np.concatenate([a[first:last].T.ravel() for first, last in itertools.pairwise(cuts)])
        assert np.array_equal(blocks_of(laid_out(layout, a)), expected)
        for piece, apart in ((terms, 0), (terms, 5), (2 * lanes_of(dtype) + 1, 3)):
            wide = draw(dtype, rows, 3 * (piece + apart))
            taken = wide.reshape(rows, 3, -1)[:, :, :piece].reshape(rows, -1)
            assert np.array_equal(blocks_of(laid_out(layout, wide), piece, apart), blocks_of(taken))


def panel_of(matrix):
    """(terms, columns) as one panel: groups of tiles' width, each dense."""
    group = WIDEST * lanes_of(matrix.dtype)
    return np.concatenate([matrix[:, k : k + group].ravel() for k in range(0, matrix.shape[1], group)])


def worst(terms, dtype):
    """Of rounding a sum of so many numbers between -1 and 1, cut into parts, added to one more."""
    return (min(terms, SUMMED) + terms / SUMMED + 3) * (terms + 1) * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", range(1, 2 * HIGHEST + 2))
def test_rows_by_panel(rows, dtype):
    lanes = lanes_of(dtype)
    for terms, vectors in itertools.product((1, 2, 3, 17, SUMMED - 1, SUMMED, SUMMED + 1, 2 * SUMMED, 300), range(1, 2 * WIDEST + 2)):
        columns = vectors * lanes
        a, b, before = draw(dtype, rows, terms), draw(dtype, terms, columns), draw(dtype, rows, columns)
        true = a.astype(np.longdouble) @ b
        around = np.full((rows + 2, columns + 6), np.nan, dtype)
        c = around[1:-1, 3:-3]
        for start, begin in ((CLEAR, np.nan), (KEEP, before)):
            c[:] = begin
            multiply(start, c, a, panel_of(b), columns)
            assert np.abs(c - true - (before if start == KEEP else 0)).max() <= worst(terms, dtype)
            assert np.isnan(around).sum() == around.size - c.size


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_number_of_terms(dtype):
    columns = WIDEST * lanes_of(dtype)
    for terms in range(1, 301):
        a, b, c = draw(dtype, 2, terms), draw(dtype, terms, columns), np.empty((2, columns), dtype)
        multiply(CLEAR, c, a, panel_of(b), columns)
        assert np.abs(c - a.astype(np.longdouble) @ b).max() <= worst(terms, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_left_factors_of_any_layout(dtype):
    columns = WIDEST * lanes_of(dtype)
    a, b = draw(dtype, 13, 150), draw(dtype, 150, columns)
    found = []
    for layout in LAYOUTS:
        found.append(np.empty((13, columns), dtype))
        multiply(CLEAR, found[-1], laid_out(layout, a), panel_of(b), columns)
    assert np.abs(found[0] - a.astype(np.longdouble) @ b).max() <= worst(150, dtype)
    assert all(np.array_equal(found[0], other) for other in found)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_has_the_same_bits_alone_and_among_others(dtype):
    columns = (WIDEST + 1) * lanes_of(dtype)
    for terms in (5, SUMMED, 300):
        a, b = draw(dtype, 13, terms), draw(dtype, terms, columns)
        together = np.empty((13, columns), dtype)
        multiply(CLEAR, together, a, panel_of(b), columns)
        for first, last in [(row, row + 1) for row in range(13)] + [(2, 5), (0, 8), (4, 11), (1, 13)]:
            part = np.empty((last - first, columns), dtype)
            multiply(CLEAR, part, a[first:last], panel_of(b), columns)
            assert np.array_equal(part, together[first:last])


def test_not_a_number_stays_in_its_row():
    columns = WIDEST * lanes_of(np.float32)
    a, b, c = draw(np.float32, 9, 20), draw(np.float32, 20, columns), np.empty((9, columns), np.float32)
    a[4] = np.nan
    multiply(CLEAR, c, a, panel_of(b), columns)
    assert np.isnan(c[4]).all() and np.isfinite(np.delete(c, 4, axis=0)).all()
