"""Rows times the panels of a packed matrix: every product of the engine. Packing, and its way back.

A panel is as wide as a few registers: of each gate the same units side by side, so that a step follows while the sums
are still in the nearest cache. Every sum runs over its terms in one order, whatever the number of rows.
"""

import itertools

import numpy as np

from ..primitives import threads
from ..primitives.compile import address, call, data_of, kernel, native, part, pointer, record, shift
from ..primitives.lanes import interleaving, lanes, load, store, transpose
from ..primitives.products import SUMMED
from ..primitives.tasks import Tasks
from ..primitives.tiles import SUMS, WIDEST, dense_tiles_of, vector_bytes
from .pool import POOL

HIGHEST = 6
LARGE = 2**18  # numbers that are worth being packed by several threads


def _shapes(itemsize):
    lanes = vector_bytes() // itemsize
    several = [(rows, groups * WIDEST) for groups in (2, 3, 4) for rows in (1, 2) if rows * groups * WIDEST <= SUMS]
    return [(rows, wide * lanes) for rows, wide in [*itertools.product(range(1, HIGHEST + 1), range(1, WIDEST + 1)), *several]]


tile = dense_tiles_of(_shapes)
interleave = interleaving(HIGHEST)


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


@native("FFiiiiii")
def in_blocks(to, a, rows, terms, a_row, a_term, piece, apart):
    """Lay out a (rows, terms) as tiles read it: for each block of rows one term after the other, of each the numbers of all rows.

    Every ``piece`` terms of a begin ``apart`` from those before. Rows of a are often pages apart, all at the same places of the cache.
    """
    blocks, lane = (rows + HIGHEST - 1) // HIGHEST, lanes(to)
    for block in range(blocks):
        first, last = rows * block // blocks, rows * (block + 1) // blocks
        height = last - first
        vectors = (height + lane - 1) // lane
        begin, target, done = shift(a, first * a_row), shift(to, first * terms), 0
        while done < terms:
            k = 0
            if a_term == 1 and lane <= piece:
                while k < piece:
                    k = min(k, piece - lane)  # the last vector may begin within the one before
                    interleave(shift(begin, k), a_row, height, shift(target, k * height))
                    k += lane
            elif a_row == 1 and first + vectors * lane <= rows:
                # Whole vectors, where there are as many rows: what is too much of one is written over by the next.
                while k < piece:
                    for v in range(vectors):
                        store(load(shift(begin, k * a_term + v * lane)), shift(target, k * height + v * lane))
                    k += 1
            while k < piece:
                for i in range(height):
                    target[k * height + i] = begin[i * a_row + k * a_term]
                k += 1
            begin, target, done = shift(begin, apart), shift(target, piece * height), done + piece


# ------------------------------------------------------------ packing

# One gate of an array, in memory that is packed. packed and plain: which arrays of a list of addresses; first: the number of
# the packed one that it begins with; panels: how many, each ``panel`` numbers after the one before it, of rows of ``columns``,
# the gate's from ``column`` on, ``each`` of them; offset, by_unit, by_term: where its numbers are in the plain one.
GATE = np.dtype([
    (name, np.int64)
    for name in ("packed", "first", "panels", "panel", "columns", "column", "each", "units", "terms", "plain", "offset", "by_unit", "by_term")
])  # fmt: skip
OF_GATE = len(GATE.names)
MOST_LAYOUTS = 64  # layouts of arrays whose tables one packing remembers


def matrix_gates(packed, layout, gates, terms):
    """Those of a matrix of so many gates, (units, terms) each, in panels whose columns are the gates' units: rows (terms) times it."""
    columns = gates * layout.each
    return [(packed, 0, layout.count, terms * columns, columns, gate * layout.each, layout.each, layout.units, terms) for gate in range(gates)]


def row_gates(packed, layout, places):
    """Those of numbers for each unit of the gates at ``places`` of one row."""
    return [(packed, place * layout.each, layout.count, layout.width, layout.each, 0, layout.each, layout.units, 1) for place in places]


class Packing:
    """Arrays by name, and where their gates are in ``count`` packed ones.

    ``parts``: of each name, how many axes one gate has, and the gates: all in one array, along its first axis, or one in each of several.
    """

    def __init__(self, dtype, count, parts):
        self._like, self._count, self._parts, self._tables = np.empty(0, dtype), count, parts, {}
        gates = [gate for _, _, gates in parts for gate in gates]
        self._most = max((panels for _, _, panels, *_ in gates), default=0)
        self.size = sum(units * terms for *_, units, terms in gates)

    def pack(self, packed, arrays):
        """Write ``arrays`` by name, of any layout, into those at the addresses ``packed``."""
        flat = self._flat(arrays)
        self.pack_by(self._table(flat), packed, flat)

    def pack_by(self, gates, packed, arrays):
        """As ``pack`` with the table ``gates`` of the arrays."""
        places = np.array([*packed, *[address(array) for array in arrays]], np.int64)
        if threads.is_worth(self.size, LARGE):
            _pack_one.run(self._most, self._like.dtype, gates=gates, places=places, work=4 * self.size)
        else:
            _pack_all(pack_share.address(self._like.dtype), gates, places)

    def unpack(self, packed, arrays):
        """Write what is packed, in dense rows, into ``arrays`` by name."""
        flat = self._flat(arrays)
        gates, places = self._table(flat), np.array([*packed, *[address(array) for array in flat]], np.int64)
        if threads.is_worth(self.size, LARGE):
            _unpack_one.run(self._most, self._like.dtype, gates=gates, places=places, work=4 * self.size)
        else:
            _unpack(self._most, gates, places, self._like)

    def within(self, wholes, arrays):
        """A table for ``pack_by`` from ``wholes``, which lie apart, where ``arrays`` by name are views of these."""
        flat, wholes = self._flat(arrays), list(wholes)
        gates = np.array(list(self._rows(flat)), np.int64).reshape(-1, OF_GATE)
        for row in gates:
            gate, array = row.view(GATE)[0], flat[row.view(GATE)[0]["plain"] - self._count]
            found = [k for k, whole in enumerate(wholes) if np.may_share_memory(whole, array)]
            if not found:
                raise TypeError("parts of weights must be views of them, so that they need not be taken apart at every pass")
            gate["offset"] += (address(array) - address(wholes[found[0]])) // array.itemsize
            gate["plain"] = self._count + found[0]
        return gates

    def _flat(self, arrays):
        flat = []
        for name, _, _ in self._parts:
            given = arrays[name]
            flat += (given,) if isinstance(given, np.ndarray) else given
        return flat

    def _table(self, flat):
        """The gates as rows of integers."""
        layout = tuple([array.strides for array in flat])
        found = self._tables.get(layout)
        if found is None:
            if len(self._tables) >= MOST_LAYOUTS:
                self._tables = {}
            found = self._tables[layout] = np.array(list(self._rows(flat)), np.int64).reshape(-1, OF_GATE)
        return found

    def _rows(self, flat):
        arrays = iter(enumerate(flat, self._count))
        for _, axes, gates in self._parts:
            for gate, record in enumerate(gates):
                if gate == 0 or array.ndim == axes:
                    plain, array = next(arrays)
                by_gate, *distances = [distance // array.itemsize for distance in (0, *array.strides, 0, 0)][array.ndim - axes :]
                yield *record, plain, gate * by_gate, *distances[:2]


def packed_back(forward, layout, into, panels=None):
    """The matrices that are packed in ``forward`` turned round, in panels whose columns are their terms: rows of those gates times it.

    ``layout``: that of the gates, which gives the order of the rows; ``into``: that of the terms. Written into ``panels`` that
    it gave for matrices of the same shapes, or else into work memory.
    """
    if panels is None:
        panels = POOL.take((into.count, layout.row * into.width), forward.dtype)
    given = {"panels": panels, "forward": forward, "terms": into.units, "columns": layout.width, "width": into.width}
    if threads.is_worth(panels.size, LARGE):
        _turn_one.run(len(panels), panels.dtype, **given, work=4 * panels.size)
    else:
        _turn(*given.values())
    return panels


@part
def group_of(column, columns, lane):
    """The group of a tile's width that a column of a panel is in, each dense: (columns before it, its own columns)."""
    before = column // (WIDEST * lane) * (WIDEST * lane)
    return before, min(WIDEST * lane, columns - before)


@part
def _pack_gate(p, gate, places, like):
    """The panel ``p`` of a gate."""
    units, terms, by_unit, by_term, lane = gate.units, gate.terms, gate.by_unit, gate.by_term, lanes(like)
    matrix, panel = shift(pointer(places[gate.plain], like), gate.offset), shift(pointer(places[gate.packed], like), gate.first + p * gate.panel)
    for start in range(0, gate.each, lane):
        column, first = gate.column + start, p * gate.each + start
        count = max(0, min(lane, units - first))
        before, row = group_of(column, gate.columns, lane)
        to = shift(panel, before * terms + column - before)
        k = 0
        if count == lane and by_term == 1 and lane <= terms:
            while k < terms:
                k = min(k, terms - lane)  # the last square may begin within the one before
                transpose(shift(matrix, first * by_unit + k), by_unit, shift(to, k * row), row)
                k += lane
        elif count == lane and by_unit == 1:
            while k < terms:
                store(load(shift(matrix, first + k * by_term)), shift(to, k * row))
                k += 1
        while k < terms:
            for u in range(count):
                to[k * row + u] = matrix[(first + u) * by_unit + k * by_term]
            for u in range(count, lane):
                to[k * row + u] = 0
            k += 1


@native("IiIiiF")
def pack_share(gates, G, places, worker, workers, like):
    """The panels of one of the ``workers``, of all G gates: of each those of which it has the units at every step, too."""
    for g in range(G):
        gate = record(shift(gates, g * OF_GATE), GATE)
        for p in range(gate.panels * worker // workers, gate.panels * (worker + 1) // workers):
            _pack_gate(p, gate, places, like)


@kernel
def _pack_all(pack, gates, places):
    call(pack, (data_of(gates), len(gates), data_of(places), 0, 1, data_of(places)))


@part
def _pack_panel(p, G, gates, places, like):
    """The panel ``p`` of all G gates that have one."""
    for g in range(G):
        gate = record(shift(gates, g * OF_GATE), GATE)
        if p < gate.panels:
            _pack_gate(p, gate, places, like)


@Tasks("gates: integers (G, N); places: integers (M)")
def _pack_one(index, G, gates, places, like):
    """Task ``index``: a panel of each gate."""
    _pack_panel(index, G, gates, places, like)


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


@part
def _unpack_panel(p, G, gates, places, like):
    """The panel ``p`` of all G gates that have one."""
    lane = lanes(like)
    for g in range(G):
        gate = record(shift(gates, g * OF_GATE), GATE)
        units, terms, columns, by_unit, by_term = gate.units, gate.terms, gate.columns, gate.by_unit, gate.by_term
        matrix, source = shift(pointer(places[gate.plain], like), gate.offset), shift(pointer(places[gate.packed], like), gate.first + gate.column)
        for first in range(p * gate.each, min((p + 1) * gate.each, units), lane):
            count = min(lane, units - first)
            place = p * gate.panel + first - p * gate.each
            k = 0
            if count == lane and by_term == 1:
                while k + lane <= terms:
                    transpose(shift(source, place + k * columns), columns, shift(matrix, first * by_unit + k), by_unit)
                    k += lane
            while k < terms:
                for u in range(count):
                    matrix[(first + u) * by_unit + k * by_term] = source[place + k * columns + u]
                k += 1


@kernel
def _unpack(panels, gates, places, like):
    for p in range(panels):
        _unpack_panel(p, len(gates), data_of(gates), data_of(places), data_of(like))


@Tasks("gates: integers (G, N); places: integers (M)")
def _unpack_one(index, G, gates, places, like):
    """Task ``index``: a panel of each gate."""
    _unpack_panel(index, G, gates, places, like)
