"""Gradients of matrices, their totals, and gradients of inputs, against NumPy in extended precision."""

import numpy as np
import pytest
from packing import packed

from refrnn.kernels.engine.panels import packed_back
from refrnn.kernels.engine.rows import Panels, lanes_of
from refrnn.kernels.engine.sums import BLOCK, Errors, inputs, outer, slices, steps_of_block, sum_blocks

DTYPES = (np.float32, np.float64)


def draw(dtype, *shape):
    return np.random.default_rng(shape).uniform(-1, 1, shape).astype(dtype)


def worst(terms, dtype):
    return (terms + 3) * np.sqrt(terms) * np.finfo(dtype).eps


def test_slices_cover_everything_once():
    for count in range(1, 12):
        for workers in range(1, 6):
            parts = slices(count, workers)
            assert parts.dtype == np.int64 and len(parts) == min(workers, count) and np.all(parts[:, 1] > parts[:, 0])
            assert [k for first, last in parts for k in range(first, last)] == list(range(count))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("vectors", (1, 3, 4, 6))
@pytest.mark.parametrize("rows", (1, 7, BLOCK, BLOCK + 1, 3 * BLOCK + 5))
def test_outer(rows, vectors, dtype):
    columns, panels = vectors * lanes_of(dtype), 3
    for terms in (0, 1, 13):
        wide, whole = draw(dtype, rows, terms + 4), draw(dtype, rows, panels * (columns + 8))
        deltas = whole.reshape(rows, panels, -1).swapaxes(0, 1)[:, :, 3 : 3 + columns]
        wide[:, terms:] = np.nan
        totals, blocks = np.zeros(panels * columns, dtype), sum_blocks(np.ones(rows), 1)
        found = outer(wide, terms, Errors(deltas), 1, blocks, totals)
        assert found.shape == (panels, terms, columns) and found.dtype == dtype
        true = wide[:, :terms].astype(np.longdouble).T @ deltas
        assert np.all(np.abs(found - true) <= worst(rows, dtype))
        assert np.all(np.abs(totals - deltas.sum(axis=1, dtype=np.longdouble).ravel()) <= worst(rows, dtype))
        for workers in (1, 2, 3):
            others = np.zeros_like(totals)
            assert np.array_equal(found, outer(wide, terms, Errors(deltas), workers, blocks, others)) and np.array_equal(totals, others)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("B, cut", [(1, 2 * BLOCK), (100, 4), (BLOCK + 44, 1)])
def test_sums_go_on_bit_for_bit(B, cut, dtype):
    """Over the steps from a cut on, then over those before it: the sums over all. The cut is where a block begins."""
    T, columns, terms = cut + steps_of_block(B) + 1, lanes_of(dtype), 7
    assert cut % steps_of_block(B) == 0
    running = np.maximum(np.full(T, B) - np.arange(T) // 2, 1)
    operand, deltas = draw(dtype, running.sum(), terms), draw(dtype, 2, running.sum(), columns)
    totals, parts, row = np.zeros(2 * columns, dtype), np.zeros(2 * columns, dtype), running[:cut].sum()
    found = outer(operand, terms, Errors(deltas), 1, sum_blocks(running, B), totals)
    later = outer(operand[row:], terms, Errors(deltas[:, row:]), 1, sum_blocks(running[cut:], B), parts)
    both = outer(operand[:row], terms, Errors(deltas[:, :row]), 1, sum_blocks(running[:cut], B), parts, later)
    assert both is later and np.array_equal(both, found) and np.array_equal(parts, totals)
    later[...] = np.nan
    assert np.array_equal(outer(operand, terms, Errors(deltas), 1, sum_blocks(running, B), parts, later, adding=False), found)


def test_long_sums_are_cut_into_parts():
    rows = 2**18
    columns = lanes_of(np.float32)
    tenths = np.full((1, rows, columns), 0.1, np.float32)
    totals, exact = np.zeros(columns, np.float32), rows * float(np.float32(0.1))
    found = outer(np.ones((rows, 1), np.float32), 1, Errors(tenths), 1, sum_blocks(np.ones(rows), 1), totals)
    assert np.abs(found / exact - 1).max() < 1e-4 and np.abs(totals / exact - 1).max() < 1e-4  # one after the other is off by 3e-3


def running_of(lengths, T):
    return np.count_nonzero(np.array(lengths) > np.arange(T)[:, None], axis=1)


STEPS = [(1, [1]), (4, [4, 4, 4]), (4, [4, 2, 1]), (4, [2, 2]), (300, [300]), (3, [3] * 250), (2, [2] * 100 + [1] * 100), (2, [2] * 600)]


@pytest.mark.parametrize("T, lengths", STEPS)
def test_sum_blocks_are_all_rows_from_the_last_on(T, lengths):
    running = running_of(lengths, T)
    blocks = sum_blocks(running, len(lengths))
    assert blocks.dtype == np.int64 and np.all(blocks[:, 1] > 0) and np.all(blocks[:, 1] <= BLOCK)
    assert [row for first, count in blocks[::-1] for row in range(first, first + count)] == list(range(running.sum()))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lengths", ([5] * 7, [5, 5, 3, 2, 2, 1, 1], [3, 3, 2, 2, 2, 1, 1], [4] * 60 + [2] * 60))
@pytest.mark.parametrize("gates", (1, 3))
def test_inputs(gates, lengths, dtype):
    T, B, lanes = 5, len(lengths), lanes_of(dtype)
    order = np.random.default_rng(0).permutation(B)
    rows = np.flatnonzero(np.arange(B) < running_of(lengths, T)[:, None])
    for H, I in ((3, 1), (2 * lanes + 1, lanes), (lanes, 5 * lanes + 3)):
        panels, into = Panels(gates, H, dtype), Panels(1, I, dtype)
        matrices = [draw(dtype, H, I) + gate for gate in range(gates)]
        deltas = draw(dtype, T * B, panels.row)
        for t in range(T):
            deltas[t * B + running_of(lengths, T)[t] : (t + 1) * B] = np.nan
        true = np.full((T, B, I), np.nan)
        for t in range(T):
            for b in range(B):
                if lengths[b] > t:
                    row = deltas[t * B + b].astype(np.longdouble)
                    true[t, order[b]] = sum(panels.values(row, gate) @ matrix for gate, matrix in enumerate(matrices))
        for workers in (1, 2):
            found = np.full((T, B, I), np.nan, dtype)
            taken = np.ascontiguousarray(deltas[rows].reshape(len(rows), panels.count, -1).swapaxes(0, 1))
            inputs(Errors(taken), packed_back(packed(matrices, panels), panels, into), rows // B * B + order[rows % B], workers, found)
            assert np.array_equal(np.isnan(found), np.isnan(true))
            assert np.nanmax(np.abs(found - true)) <= worst(gates * H, dtype) * gates
