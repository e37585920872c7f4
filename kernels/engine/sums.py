"""What follows the time loop backward: the gradients of matrices and biases, sums over all steps and sequences, and of inputs."""

import functools

import numpy as np
from numba import prange

from ..primitives import threads
from ..primitives.compile import call, data_of, kernel, shift
from ..primitives.lanes import load, store
from ..primitives.products import CLEAR, KEEP
from ..primitives.tiles import WIDEST, vector_bytes
from .panels import rows_by_panel

BLOCK = 256  # rows whose products are summed while they are in the cache
ROWS = 96  # rows of an input's gradient in one task
VECTOR_BYTES = vector_bytes()


@functools.lru_cache(1024)
def slices(count, workers):
    """(first, last) of each worker's part of ``count`` things; not to be written into."""
    workers = max(1, min(workers, count))
    return np.array([(count * k // workers, count * (k + 1) // workers) for k in range(workers)], np.int64)


def _run(parts, alone, parallel, *arguments):
    threads.start(parallel, *arguments) if len(parts) > 1 else alone(*arguments)


def outer(operand, terms, deltas, columns, workers, totals=None):
    """The gradient of a matrix, (panels, terms, columns): for each panel of deltas the sum over the rows of operand times delta.

    operand (N, at least ``terms``) and deltas (N, panels * columns) have rows of any distance; ``totals`` (panels *
    columns), if given, takes the sums of deltas alone.
    """
    panels = deltas.shape[1] // columns
    found = np.zeros((panels, terms, columns), deltas.dtype)
    parts = slices(panels, workers)
    sums = np.zeros(panels * columns, deltas.dtype)
    copies = np.empty((len(parts), BLOCK * columns), deltas.dtype)
    _run(parts, _outer_alone, _outer, rows_by_panel.address(deltas.dtype), operand, terms, deltas, columns, parts, copies, found, sums)
    if totals is not None:
        totals[:] = sums
    return found


@kernel(parallel=True)
def _outer(multiply, operand, terms, deltas, columns, parts, copies, found, sums):
    for worker in prange(len(parts)):
        _outer_part(multiply, operand, terms, deltas, columns, parts[worker, 0], parts[worker, 1], copies[worker], found, sums)


@kernel
def _outer_alone(multiply, operand, terms, deltas, columns, parts, copies, found, sums):
    _outer_part(multiply, operand, terms, deltas, columns, parts[0, 0], parts[0, 1], copies[0], found, sums)


@kernel
def _outer_part(multiply, operand, terms, deltas, columns, first, last, copy, found, sums):
    rows, a_row = len(operand), operand.strides[0] // operand.itemsize
    vectors = columns * operand.itemsize // VECTOR_BYTES
    for start in range(0, rows, BLOCK):
        count = min(BLOCK, rows - start)
        for p in range(first, last):
            _copy_block(copy, deltas, start, count, p * columns, columns, sums)
            if terms > 0:
                a, b, c = shift(data_of(operand), start * a_row), data_of(copy), shift(data_of(found), p * terms * columns)
                following = shift(data_of(found), (p + 1 if p + 1 < last else first) * terms * columns)
                call(multiply, (KEEP, c, a, b, following, terms, count, vectors, columns, 1, a_row))


@kernel
def _copy_block(copy, deltas, start, count, column, columns, total):
    """The rows start .. of one panel as ``rows_by_panel`` takes them; what they sum up to is added to ``total``."""
    lane, a_row = VECTOR_BYTES // copy.itemsize, deltas.strides[0] // deltas.itemsize
    rows, sums = shift(data_of(deltas), start * a_row + column), shift(data_of(total), column)
    for j in range(0, columns, lane):
        group = j // (WIDEST * lane) * (WIDEST * lane)
        wide = min(WIDEST * lane, columns - group)
        to = shift(data_of(copy), group * count + j - group)
        first = load(shift(rows, j))
        store(first, to)
        block = first
        for row in range(1, count):
            numbers = load(shift(rows, row * a_row + j))
            store(numbers, shift(to, row * wide))
            block = block + numbers
        store(load(shift(sums, j)) + block, shift(sums, j))


def inputs(deltas, panels, order, blocks, workers, found):
    """The gradient of an input: deltas (T * B, N) times ``packed_back`` panels, into found (T, B, units), rows in ``order``.

    ``blocks``: (first, count) rows of deltas that are to be computed, at most ROWS each.
    """
    B = found.shape[1]
    width = panels.shape[1] // deltas.shape[1]
    parts = slices(len(blocks), workers)
    rows = np.empty((len(parts), ROWS, len(panels) * width), deltas.dtype)
    out = found.reshape(-1, found.shape[2])
    _run(parts, _inputs_alone, _inputs, rows_by_panel.address(deltas.dtype), deltas, panels, width, order, blocks, parts, rows, out, B)


def row_blocks(running, B):
    """(first, count) of all rows (t, b) with b < running[t], among T * B rows."""
    if running[-1] == B:
        starts, counts = [0], [len(running) * B]
    else:
        starts, counts = [t * B for t in range(len(running))], running
    return np.array(
        [(start + k, min(ROWS, count - k)) for start, count in zip(starts, counts) for k in range(0, count, ROWS)], dtype=np.int64
    ).reshape(-1, 2)


@kernel(parallel=True)
def _inputs(multiply, deltas, panels, width, order, blocks, parts, rows, out, B):
    for worker in prange(len(parts)):
        _inputs_part(multiply, deltas, panels, width, order, blocks, parts[worker, 0], parts[worker, 1], rows[worker], out, B)


@kernel
def _inputs_alone(multiply, deltas, panels, width, order, blocks, parts, rows, out, B):
    _inputs_part(multiply, deltas, panels, width, order, blocks, parts[0, 0], parts[0, 1], rows[0], out, B)


@kernel
def _inputs_part(multiply, deltas, panels, width, order, blocks, first, last, rows, out, B):
    terms, units = deltas.shape[1], out.shape[1]
    a_row, vectors = deltas.strides[0] // deltas.itemsize, width * deltas.itemsize // VECTOR_BYTES
    for k in range(first, last):
        start, count = blocks[k, 0], blocks[k, 1]
        a = shift(data_of(deltas), start * a_row)
        for p in range(len(panels)):
            b, following = shift(data_of(panels), p * terms * width), shift(data_of(panels), (p + 1) % len(panels) * terms * width)
            c = shift(data_of(rows), p * width)
            call(multiply, (CLEAR, c, a, b, following, count, terms, vectors, rows.shape[1], a_row, 1))
        for row in range(count):
            place = start + row
            there = place // B * B + order[place % B]
            for j in range(units):
                out[there, j] = rows[row, j]
