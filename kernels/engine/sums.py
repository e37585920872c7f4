"""What follows the time loop backward: the gradients of matrices and biases, sums over all steps and sequences, and of inputs."""

import functools

import numpy as np

from ..primitives.compile import address, address_of, call, data_of, integers, kernel, native, part, pointer, record, shift, size_of
from ..primitives.lanes import lanes, load, store
from ..primitives.meeting import may_be_late, told_late
from ..primitives.products import CLEAR, KEEP
from ..primitives.tasks import in_parts
from ..primitives.tiles import vector_bytes
from .panels import group_of, in_blocks, rows_by_panel
from .pool import POOL

BLOCK = 256  # rows at most whose products are summed while they are in the cache: those of whole steps, as far as they fit
TOGETHER = 16  # rows summed one after the other, and so many such sums in a block: one sum over all rounds twice as much
ROWS = 96  # rows of an input's gradient in one task
VECTOR_BYTES = vector_bytes()

# What a worker of ``outer`` and one of ``inputs`` are told: arrays by their addresses, distances in numbers.
OUTER = np.dtype([
    (name, np.int64)
    for name in ("multiply", "lay_out", "operand", "operand_row", "terms", "deltas", "deltas_row", "deltas_panel", "columns", "parts", "workers", "blocks",
                 "count", "most", "mode", "memory", "found", "totals", "late")
])  # fmt: skip
INPUTS = np.dtype([
    (name, np.int64)
    for name in ("multiply", "lay_out", "deltas", "deltas_row", "deltas_panel", "rows", "piece", "terms", "panels", "count", "width", "places", "parts", "workers", "memory", "out", "units", "late")
])  # fmt: skip


@functools.lru_cache(1024)
def slices(count, workers):
    """(first, last) of each worker's part of ``count`` things; not to be written into."""
    workers = max(1, min(workers, count))
    return np.array([(count * k // workers, count * (k + 1) // workers) for k in range(workers)], np.int64)


def flat(array, rows, axis=0):
    """An array (..., T, B, ...) with (..., N, ...) in place of the two axes from ``axis`` on: of the sequences that run, ``rows``, in work memory, or None for all."""
    shape = array.shape
    array = array.reshape(*shape[:axis], -1, *shape[axis + 2 :])
    if rows is None:
        return array
    found = POOL.take((*shape[:axis], len(rows), *shape[axis + 2 :]), array.dtype)
    return np.take(array, rows, axis, out=found, mode="clip")  # else NumPy makes one more copy


@functools.lru_cache
def _natives(dtype):
    """The addresses of what multiplies and of what lays out for it."""
    return rows_by_panel.address(dtype), in_blocks.address(dtype)


class Errors:
    """Errors of gates: ``array`` (panels, N, columns), whose columns are dense; ``view``: where it is, how far panels and rows are from one another, its columns."""

    __slots__ = ("array", "shape", "dtype", "view")

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.view = address(array), array.strides[0] // array.itemsize, array.strides[1] // array.itemsize, array.shape[2]


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


def outer(operand, terms, deltas, workers, blocks, totals, found=None, adding=True):
    """The gradient of a matrix, (panels, terms, columns) in work memory: for each panel of deltas the sum over the rows of operand times delta.

    operand (N, at least ``terms``) has rows of any distance, deltas are :class:`Errors`; ``blocks``: see
    ``sum_blocks``. To ``totals`` (panels * columns) the sums of deltas alone are added; to ``found``, if given, what is
    else written into new memory, or, not ``adding``, into it.
    """
    panels, rows, columns = deltas.shape
    mode = KEEP if adding and found is not None else CLEAR
    found = POOL.take((panels, terms, columns), deltas.dtype) if found is None else found
    parts, most = slices(panels, workers), min(BLOCK, rows)
    memory = np.empty(len(parts) * most * (columns + terms), deltas.dtype)  # of each part a copy of one panel, then of each the operand as it is laid out
    table, body = np.empty(len(OUTER.names), np.int64), _outer_part.address(deltas.dtype)
    late = told_late(len(parts))
    _outer(table, body, *_natives(deltas.dtype), operand, terms, *deltas.view, parts, blocks, most, mode, memory, found, totals, late)
    if len(parts) > 1:
        in_parts(body, len(parts), table)
    return found


@kernel
def _outer(table, body, multiply, lay_out, operand, terms, deltas, deltas_panel, deltas_row, columns, parts, blocks, most, mode, memory, found, totals, late):
    """Write an OUTER, and do all of it if there is one part."""
    told = (
        multiply, lay_out, address_of(operand), operand.strides[0] // operand.itemsize, terms, deltas, deltas_row, deltas_panel,
        columns, address_of(parts), len(parts), address_of(blocks), len(blocks), most, mode, address_of(memory), address_of(found), address_of(totals),
        address_of(late),
    )  # fmt: skip
    for k in range(len(told)):
        table[k] = told[k]
    if len(parts) == 1:
        call(body, (0, data_of(table), data_of(table)))


@native("iIF")
def _outer_part(worker, table, like):
    one = record(table, OUTER)
    columns, terms, a_row, most = one.columns, one.terms, one.operand_row, one.most
    copy = shift(pointer(one.memory, like), worker * most * columns)
    rows = shift(pointer(one.memory, like), most * (one.workers * columns + worker * terms))
    parts, blocks = integers(one.parts), integers(one.blocks)
    vectors = columns * size_of(like) // VECTOR_BYTES
    for k in range(one.count):
        start, count = blocks[2 * k], blocks[2 * k + 1]
        last = shift(pointer(one.operand, like), (start + count - 1) * a_row)
        call(one.lay_out, (rows, last, terms, count, 1, -a_row, count, 0))
        for p in range(parts[2 * worker], parts[2 * worker + 1]):
            _copy_block(copy, one, start, count, p, like)
            may_be_late(integers(one.late), worker)
            if terms > 0:
                c = shift(pointer(one.found, like), p * terms * columns)
                call(one.multiply, (one.mode if k == 0 else KEEP, c, rows, copy, copy, terms, count, vectors, columns))


@part
def _copy_block(copy, one, start, count, p, like):
    """``count`` rows of the panel ``p`` of deltas from ``start`` on, the last one first, as ``rows_by_panel`` takes a panel; what they sum up to is added to the totals."""
    lane, a_row, columns = lanes(copy), one.deltas_row, one.columns
    rows, sums = shift(pointer(one.deltas, like), (start + count - 1) * a_row + p * one.deltas_panel), shift(pointer(one.totals, like), p * columns)
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
    """The gradient of an input: deltas, as ``outer`` takes them, times ``packed_back`` panels, into the rows ``places`` (N) of found (T, B, units), taken one after the other."""
    count, rows, piece = deltas.shape
    width = panels.shape[1] // (count * piece)
    parts = slices(-(-rows // ROWS), workers)
    memory = np.empty(len(parts) * ROWS * (len(panels) * width + count * piece), deltas.dtype)  # of each part rows, then of each those of deltas as they are laid out
    table, body = np.empty(len(INPUTS.names), np.int64), _inputs_part.address(deltas.dtype)
    late = told_late(len(parts))
    _inputs(table, body, *_natives(deltas.dtype), *deltas.view, rows, count * piece, panels, width, places, parts, memory, found, late)
    if len(parts) > 1:
        in_parts(body, len(parts), table)


@kernel
def _inputs(table, body, multiply, lay_out, deltas, deltas_panel, deltas_row, piece, rows, terms, panels, width, places, parts, memory, found, late):
    """Write an INPUTS, and do all of it if there is one part."""
    told = (
        multiply, lay_out, deltas, deltas_row, deltas_panel, rows, piece, terms, address_of(panels), len(panels), width,
        address_of(places), address_of(parts), len(parts), address_of(memory), address_of(found), found.shape[2], address_of(late),
    )  # fmt: skip
    for k in range(len(told)):
        table[k] = told[k]
    if len(parts) == 1:
        call(body, (0, data_of(table), data_of(table)))


@native("iIF")
def _inputs_part(worker, table, like):
    one = record(table, INPUTS)
    terms, units, width, a_row = one.terms, one.units, one.width, one.deltas_row
    columns, vectors = one.count * width, width * size_of(like) // VECTOR_BYTES
    rows = shift(pointer(one.memory, like), worker * ROWS * columns)
    operand = shift(pointer(one.memory, like), ROWS * (one.workers * columns + worker * terms))
    parts, places = integers(one.parts), integers(one.places)
    for start in range(parts[2 * worker] * ROWS, min(parts[2 * worker + 1] * ROWS, one.rows), ROWS):
        count = min(ROWS, one.rows - start)
        call(one.lay_out, (operand, shift(pointer(one.deltas, like), start * a_row), count, terms, a_row, 1, one.piece, one.deltas_panel))
        for p in range(one.count):
            b = shift(pointer(one.panels, like), p * terms * width)
            following = shift(pointer(one.panels, like), (p + 1) % one.count * terms * width)
            call(one.multiply, (CLEAR, shift(rows, p * width), operand, b, following, count, terms, vectors, columns))
        may_be_late(integers(one.late), worker)
        for row in range(count):
            out = shift(pointer(one.out, like), places[start + row] * units)
            for j in range(units):
                out[j] = rows[row * columns + j]
