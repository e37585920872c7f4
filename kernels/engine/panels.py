"""Rows times the panels of a packed matrix: every product of the engine. Packing, and its way back.

A panel is as wide as a few registers: of each gate the same units side by side, so that a step follows while the sums
are still in the nearest cache. Every sum runs over its terms in one order, whatever the number of rows.
"""

import functools
import itertools

import numpy as np

from ..primitives.compile import address, data_of, kernel, part, native, pointer, shift
from ..primitives.lanes import lanes, load, store, transpose
from ..primitives.products import SUMMED
from ..primitives.tasks import Tasks
from ..primitives.tiles import SUMS, WIDEST, dense_tiles_of, vector_bytes
from .pool import POOL

HIGHEST = 6
LARGE = 2**18  # numbers of a matrix whose panels are worth being packed by several threads


def _shapes(itemsize):
    lanes = vector_bytes() // itemsize
    several = [(rows, groups * WIDEST) for groups in (2, 3, 4) for rows in (1, 2) if rows * groups * WIDEST <= SUMS]
    return [(rows, wide * lanes) for rows, wide in [*itertools.product(range(1, HIGHEST + 1), range(1, WIDEST + 1)), *several]]


tile = dense_tiles_of(_shapes)


@native("iFFFFiiii")
def rows_by_panel(start, c, a, b, following, rows, terms, vectors, c_row):
    """c = c + a @ b (start KEEP) or a @ b (CLEAR), where c is (rows, vectors * lanes), a (rows, terms) ``in_blocks`` and b one panel.

    ``following`` is the panel that will be wanted next: it is fetched into the cache meanwhile.
    """
    width = lanes(c)
    blocks = (rows + HIGHEST - 1) // HIGHEST
    for k in range(0, terms, SUMMED):
        length = min(SUMMED, terms - k)
        v = 0
        while v < vectors:
            group, groups = min(WIDEST, vectors - v) * width, 1
            while (groups + 1) * WIDEST * rows <= SUMS and v + (groups + 1) * WIDEST <= vectors:
                groups += 1
            place = v * width * terms + k * group
            b_part, fetched = shift(b, place), shift(following, place)
            apart, step = group * terms, group if blocks == 1 else (group + blocks - 1) // blocks
            for block in range(blocks):
                first, last = 0, rows
                if blocks > 1:  # a division takes as long as a little tile
                    first, last = rows * block // blocks, rows * (block + 1) // blocks
                c_part, a_part = shift(c, first * c_row + v * width), shift(a, first * terms + k * (last - first))
                ahead = shift(fetched, block * step * length)
                tile(last - first, groups * group, start, c_part, a_part, b_part, length, c_row, apart, ahead, step)
            v += groups * WIDEST
        start = 0


@native("FFiiii")
def in_blocks(to, a, rows, terms, a_row, a_term):
    """Lay out a (rows, terms) as tiles read it: for each block of rows one term after the other, of each the numbers of all rows.

    Rows of a are often pages apart, all at the same places of the cache.
    """
    blocks, lane = (rows + HIGHEST - 1) // HIGHEST, lanes(to)
    for block in range(blocks):
        first, last = rows * block // blocks, rows * (block + 1) // blocks
        height, begin = last - first, shift(a, first * a_row)
        vectors, target, k = (height + lane - 1) // lane, shift(to, first * terms), 0
        # Whole vectors, where there are as many rows: what is too much of one is written over by the next.
        if first + vectors * lane <= rows and a_term == 1:
            while k + lane <= terms:
                for v in range(vectors - 1, -1, -1):
                    transpose(shift(begin, v * lane * a_row + k), a_row, shift(target, k * height + v * lane), height)
                k += lane
        elif first + vectors * lane <= rows and a_row == 1:
            while k < terms:
                for v in range(vectors):
                    store(load(shift(begin, k * a_term + v * lane)), shift(target, k * height + v * lane))
                k += 1
        while k < terms:
            for i in range(height):
                target[k * height + i] = begin[i * a_row + k * a_term]
            k += 1


# ------------------------------------------------------------ packing


def matrices(blocks):
    """For each gate its matrix (units, terms), of any layout: address, distance of units, distance of terms."""
    if isinstance(blocks, np.ndarray):
        found = _distances(len(blocks), blocks.strides, blocks.itemsize).copy()
        found[:, 0] += address(blocks)
        return found
    size = blocks[0].itemsize
    return np.array([(address(block), block.strides[0] // size, block.strides[1] // size) for block in blocks], np.int64)


@functools.lru_cache(1024)
def _distances(gates, strides, size):
    """What ``matrices`` gives for parts of one array, its own address taken for 0."""
    by_gate, by_unit, by_term = strides
    return np.array([(gate * by_gate, by_unit // size, by_term // size) for gate in range(gates)], np.int64)


def packed(blocks, layout, panels=None):
    """The matrices (units, terms) of neighbouring gates, in panels whose columns are the gates' units: rows (terms) times it.

    Written into ``panels`` that were packed for matrices of the same shapes, or else into work memory.
    """
    terms = blocks[0].shape[1]
    if panels is None:
        panels = POOL.take((layout.count, terms * len(blocks) * layout.each), blocks[0].dtype)
    if panels.size < LARGE:
        _pack(panels, matrices(blocks), layout.units, terms, layout.each)
    else:
        given = {"panels": panels, "blocks": matrices(blocks), "units": layout.units, "terms": terms, "each": layout.each}
        _pack_one.run(len(panels), panels.dtype, **given, work=4 * panels.size)
    return panels


def packed_back(forward, layout, into, panels=None):
    """The matrices that are ``packed`` in ``forward`` turned round, in panels whose columns are their terms: rows of those gates times it.

    ``layout``: that of the gates, which gives the order of the rows; ``into``: that of the terms; ``panels`` as in ``packed``.
    """
    if panels is None:
        panels = POOL.take((into.count, layout.row * into.width), forward.dtype)
    given = {"panels": panels, "forward": forward, "terms": into.units, "columns": layout.width, "width": into.width}
    if panels.size < LARGE:
        _turn(*given.values())
    else:
        _turn_one.run(len(panels), panels.dtype, **given, work=4 * panels.size)
    return panels


def unpacked(panels, blocks, layout):
    """Write ``panels`` (panels, terms, columns), whose rows are dense, into the matrices ``blocks`` (units, terms)."""
    _unpack(panels, matrices(blocks), layout.units, blocks[0].shape[1], layout.each)


@part
def group_of(column, columns, lane):
    """The group of a tile's width that a column of a panel is in, each dense: (columns before it, its own columns)."""
    before = column // (WIDEST * lane) * (WIDEST * lane)
    return before, min(WIDEST * lane, columns - before)


@part
def _pack_panel(p, N, panels, gates, blocks, units, terms, each):
    """The panel ``p`` of N numbers; ``blocks``: what ``matrices`` gives."""
    columns, lane = gates * each, lanes(panels)
    for gate in range(gates):
        matrix, by_unit, by_term = pointer(blocks[3 * gate], panels), blocks[3 * gate + 1], blocks[3 * gate + 2]
        for start in range(0, each, lane):
            column, first = gate * each + start, p * each + start
            count = max(0, min(lane, units - first))
            before, row = group_of(column, columns, lane)
            to = shift(panels, p * N + before * terms + column - before)
            k = 0
            if count == lane and by_term == 1:
                while k + lane <= terms:
                    transpose(shift(matrix, first * by_unit + k), by_unit, shift(to, k * row), row)
                    k += lane
            while k < terms:
                for u in range(count):
                    to[k * row + u] = matrix[(first + u) * by_unit + k * by_term]
                for u in range(count, lane):
                    to[k * row + u] = 0
                k += 1


@kernel
def _pack(panels, blocks, units, terms, each):
    for p in range(len(panels)):
        _pack_panel(p, panels.shape[1], data_of(panels), len(blocks), data_of(blocks), units, terms, each)


@Tasks("panels: floats (P, N); blocks: integers (gates, 3); units, terms, each: number")
def _pack_one(index, N, panels, gates, blocks, units, terms, each):
    """Task ``index``: a panel."""
    _pack_panel(index, N, panels, gates, blocks, units, terms, each)


@part
def _turn_panel(p, N, panels, F, forward, terms, columns, width):
    """The panel ``p`` of N numbers, of the F panels ``forward``, each of ``terms`` rows of ``columns``."""
    lane = lanes(panels)
    for start in range(0, width, lane):
        first = p * width + start
        count = max(0, min(lane, terms - first))
        before, row = group_of(start, width, lane)
        to = shift(panels, p * N + before * F * columns + start - before)
        for f in range(F):
            for column in range(0, columns, lane):
                begin, far = group_of(column, columns, lane)
                source = shift(forward, f * terms * columns + begin * terms + column - begin + first * far)
                target = shift(to, (f * columns + column) * row)
                if count == lane:
                    transpose(source, far, target, row)
                else:
                    for u in range(lane):
                        for k in range(count):
                            target[u * row + k] = source[k * far + u]
                        for k in range(count, lane):
                            target[u * row + k] = 0


@kernel
def _turn(panels, forward, terms, columns, width):
    for p in range(len(panels)):
        _turn_panel(p, panels.shape[1], data_of(panels), len(forward), data_of(forward), terms, columns, width)


@Tasks("panels: floats (P, N); forward: floats (F, M); terms, columns, width: number")
def _turn_one(index, N, panels, F, forward, terms, columns, width):
    """Task ``index``: a panel."""
    _turn_panel(index, N, panels, F, forward, terms, columns, width)


@kernel
def _unpack(panels, blocks, units, terms, each):
    columns, source = len(blocks) * each, data_of(panels)
    lane = lanes(source)
    for gate in range(len(blocks)):
        matrix, by_unit, by_term = pointer(blocks[gate, 0], source), blocks[gate, 1], blocks[gate, 2]
        for first in range(0, units, lane):
            count = min(lane, units - first)
            place = first // each * terms * columns + gate * each + first % each
            k = 0
            if count == lane and by_term == 1:
                while k + lane <= terms:
                    transpose(shift(source, place + k * columns), columns, shift(matrix, first * by_unit + k), by_unit)
                    k += lane
            while k < terms:
                for u in range(count):
                    matrix[(first + u) * by_unit + k * by_term] = source[place + k * columns + u]
                k += 1
