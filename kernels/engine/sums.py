"""What follows the time loop backward: the gradients of matrices and biases, sums over all steps and sequences, and of inputs."""

import functools

import numpy as np
from numba import prange

from ..primitives import threads
from ..primitives.compile import call, data_of, kernel, part, shift
from ..primitives.lanes import lanes, load, store
from ..primitives.products import CLEAR, KEEP
from ..primitives.tiles import vector_bytes
from .panels import group_of, in_blocks, rows_by_panel
from .pool import POOL

BLOCK = 256  # rows at most whose products are summed while they are in the cache: those of whole steps, as far as they fit
TOGETHER = 16  # rows summed one after the other, and so many such sums in a block: one sum over all rounds twice as much
ROWS = 96  # rows of an input's gradient in one task
VECTOR_BYTES = vector_bytes()


@functools.lru_cache(1024)
def slices(count, workers):
    """(first, last) of each worker's part of ``count`` things; not to be written into."""
    workers = max(1, min(workers, count))
    return np.array([(count * k // workers, count * (k + 1) // workers) for k in range(workers)], np.int64)


@functools.lru_cache
def _natives(dtype):
    """The addresses of what multiplies and of what lays out for it."""
    return rows_by_panel.address(dtype), in_blocks.address(dtype)


def _run(parts, one, parallel, *arguments):
    threads.start(len(parts), parallel, *arguments) if len(parts) > 1 else one(*arguments, 0)


def steps_of_block(B):
    """How many steps of so many sequences one block holds."""
    return max(1, BLOCK // B)


def sum_blocks(running, B):
    """(first, count) of rows, ``running`` at each step, whose products are summed at a time: the last ones first.

    Steps that one block holds are counted from the first one, so that sums over the steps behind the end of a block, and
    then over those before it, are the sums over all steps, bit for bit.
    """
    each, running, found = steps_of_block(B), np.asarray(running), []
    starts = np.cumsum(running) - running
    for t in range(0, len(running), each):
        count = int(running[t : t + each].sum())
        found += [(starts[t] + first, last - first) for first, last in slices(count, -(-count // BLOCK)) if count]
    return np.array(found[::-1], np.int64).reshape(-1, 2)


def outer(operand, terms, deltas, columns, workers, blocks, totals, found=None, adding=True):
    """The gradient of a matrix, (panels, terms, columns) in work memory: for each panel of deltas the sum over the rows of operand times delta.

    operand (N, at least ``terms``) and deltas (N, panels * columns) have rows of any distance; ``blocks``: see
    ``sum_blocks``. To ``totals`` (panels * columns) the sums of deltas alone are added; to ``found``, if given, what is
    else written into new memory, or, not ``adding``, into it.
    """
    panels = deltas.shape[1] // columns
    mode = KEEP if adding and found is not None else CLEAR
    found = POOL.take((panels, terms, columns), deltas.dtype) if found is None else found
    parts, most = slices(panels, workers), min(BLOCK, len(deltas))
    copies = np.empty((len(parts), most * columns), deltas.dtype)
    laid = np.empty((len(parts), most * terms), deltas.dtype)
    _run(parts, _outer_part, _outer, *_natives(deltas.dtype), operand, terms, deltas, columns, parts, blocks, mode, copies, laid, found, totals)
    return found


@kernel(parallel=True)
def _outer(multiply, lay_out, operand, terms, deltas, columns, parts, blocks, mode, copies, laid, found, sums):
    for worker in prange(len(parts)):
        _outer_part(multiply, lay_out, operand, terms, deltas, columns, parts, blocks, mode, copies, laid, found, sums, worker)


@kernel
def _outer_part(multiply, lay_out, operand, terms, deltas, columns, parts, blocks, mode, copies, laid, found, sums, worker):
    copy, rows = shift(data_of(copies), worker * copies.shape[1]), shift(data_of(laid), worker * laid.shape[1])
    a_row = operand.strides[0] // operand.itemsize
    vectors = columns * operand.itemsize // VECTOR_BYTES
    for k in range(len(blocks)):
        start, count = blocks[k, 0], blocks[k, 1]
        call(lay_out, (rows, shift(data_of(operand), (start + count - 1) * a_row), terms, count, 1, -a_row))
        for p in range(parts[worker, 0], parts[worker, 1]):
            _copy_block(copy, deltas, start, count, p * columns, columns, sums)
            if terms > 0:
                c = shift(data_of(found), p * terms * columns)
                call(multiply, (mode if k == 0 else KEEP, c, rows, copy, copy, terms, count, vectors, columns))


@part
def _copy_block(copy, deltas, start, count, column, columns, total):
    """``count`` rows from ``start`` on of one panel, the last one first, as ``rows_by_panel`` takes them; what they sum up to is added to ``total``."""
    lane, a_row = lanes(copy), deltas.strides[0] // deltas.itemsize
    rows, sums = shift(data_of(deltas), (start + count - 1) * a_row + column), shift(data_of(total), column)
    for row in range(count):  # one after the other: they are far apart
        for j in range(0, columns, lane):
            before, width = group_of(j, columns, lane)
            store(load(shift(rows, j - row * a_row)), shift(copy, before * count + row * width + j - before))
    for j in range(0, columns, lane):
        before, width = group_of(j, columns, lane)
        place = shift(copy, before * count + j - before)
        block = _sum_of_rows(place, width, 0, min(TOGETHER, count))
        for row in range(TOGETHER, count, TOGETHER):
            block = block + _sum_of_rows(place, width, row, min(row + TOGETHER, count))
        store(load(shift(sums, j)) + block, shift(sums, j))


@part
def _sum_of_rows(place, width, first, last):
    total = load(shift(place, first * width))
    for row in range(first + 1, last):
        total = total + load(shift(place, row * width))
    return total


def inputs(deltas, panels, places, workers, found):
    """The gradient of an input: deltas (N, columns) times ``packed_back`` panels, into the rows ``places`` (N) of found (T, B, units), taken one after the other."""
    width = panels.shape[1] // deltas.shape[1]
    parts = slices(-(-len(deltas) // ROWS), workers)
    rows = np.empty((len(parts), ROWS, len(panels) * width), deltas.dtype)
    laid = np.empty((len(parts), ROWS * deltas.shape[1]), deltas.dtype)
    out = found.reshape(-1, found.shape[2])
    _run(parts, _inputs_part, _inputs, *_natives(deltas.dtype), deltas, panels, width, places, parts, rows, laid, out)


@kernel(parallel=True)
def _inputs(multiply, lay_out, deltas, panels, width, places, parts, rows, laid, out):
    for worker in prange(len(parts)):
        _inputs_part(multiply, lay_out, deltas, panels, width, places, parts, rows, laid, out, worker)


@kernel
def _inputs_part(multiply, lay_out, deltas, panels, width, places, parts, rows, laid, out, worker):
    terms, units, columns = deltas.shape[1], out.shape[1], rows.shape[2]
    row_of, operand = shift(data_of(rows), worker * ROWS * columns), shift(data_of(laid), worker * laid.shape[1])
    a_row, vectors = deltas.strides[0] // deltas.itemsize, width * deltas.itemsize // VECTOR_BYTES
    for start in range(parts[worker, 0] * ROWS, min(parts[worker, 1] * ROWS, len(deltas)), ROWS):
        count = min(ROWS, len(deltas) - start)
        call(lay_out, (operand, shift(data_of(deltas), start * a_row), count, terms, a_row, 1))
        for p in range(len(panels)):
            b, following = shift(data_of(panels), p * terms * width), shift(data_of(panels), (p + 1) % len(panels) * terms * width)
            c = shift(row_of, p * width)
            call(multiply, (CLEAR, c, operand, b, following, count, terms, vectors, columns))
        for row in range(count):
            there = places[start + row]
            for j in range(units):
                out[there, j] = row_of[row * columns + j]
