"""Rows of a table taken by their places, the mean of several, and the way back: a sum of rows in one order.

A place below 0 names no row: it gives zeros and receives nothing.
"""

import numpy as np

from ..primitives.arrays import dense, whole
from ..primitives.compile import integers, pointer, shift
from ..primitives.threads import Tasks, View

ROWS = 64  # per task of the way there
COLUMNS = 32  # per task of the way back: each adds up all rows, so that no sum crosses a cut


def places(w, lengths=None):
    """The integers w (T, B) or (B,) in C order, -1 past an item's end, whatever was there."""
    found = np.array(w, dtype=np.int64, order="C")
    if lengths is not None:
        found[np.arange(len(found))[:, None] >= np.asarray(lengths)] = -1
    return found


def check_places(places, count):
    """Raise ValueError where one of ``places`` is not below ``count``."""
    if places.max(initial=-1) >= count:
        raise ValueError(f"a place is {places.max()}; there are {count}, so it must be below that")


def look_up(table, places):
    """The rows of ``table`` (N, M), any view, at ``places`` (...), as an array (..., M)."""
    table = np.require(table, requirements="A")
    check_places(places, len(table))
    rows = np.empty((*places.shape, table.shape[1]), table.dtype)
    tasks, distances = -(-places.size // ROWS), _distances(table)
    _look_up.run(tasks, table.dtype, places.size, table.shape[1], *distances, places, View(table), rows, work=rows.size)
    return rows


def scattered(d_rows, places, count):
    """The sum (count, M), at each of ``places``, of the rows of ``d_rows`` that belong there.

    The last axis of d_rows is M; its rows are those of ``places``, or of its last axes, and then serve again for each of
    the first one.
    """
    d_rows = dense(d_rows)
    M = d_rows.shape[-1]
    check_places(places, count)
    found = np.zeros((count, M), d_rows.dtype)
    work = places.size * M
    _scatter.run(-(-M // COLUMNS), d_rows.dtype, places.size, M, d_rows.size // M, places, d_rows, found, work=work)
    return found


def mean(table, places, lengths=None):
    """The mean (B, M) of the rows of ``table`` (N, M), any view, at the ``places`` (K, B) of each item."""
    table = np.require(table, requirements="A")
    K, B = places.shape
    check_places(places, len(table))
    found = np.zeros((B, table.shape[1]), table.dtype)
    _mean.run(
        -(-B // ROWS), table.dtype, B, table.shape[1], *_distances(table), whole(lengths, K, B), places, View(table), found,
        work=K * found.size,
    )  # fmt: skip
    return found


def _distances(table):
    """How far apart the rows and the columns of a view are, in elements."""
    return tuple(stride // table.itemsize for stride in table.strides)


@Tasks
def _look_up(index, table, like):
    count, M, row, column, places = table[0], table[1], table[2], table[3], integers(table[4])
    for place in range(index * ROWS, min(count, (index + 1) * ROWS)):
        found = shift(pointer(table[6], like), place * M)
        if places[place] < 0:
            for j in range(M):
                found[j] = 0
        else:
            source = shift(pointer(table[5], like), places[place] * row)
            for j in range(M):
                found[j] = source[j * column]


@Tasks
def _scatter(index, table, like):
    count, M, rows, places = table[0], table[1], table[2], integers(table[3])
    first, last = index * COLUMNS, min(M, (index + 1) * COLUMNS)
    for place in range(count):
        if places[place] >= 0:
            d_row = shift(pointer(table[4], like), place % rows * M)
            found = shift(pointer(table[5], like), places[place] * M)
            for j in range(first, last):
                found[j] += d_row[j]


@Tasks
def _mean(index, table, like):
    B, M, row, column, steps, places = table[0], table[1], table[2], table[3], integers(table[4]), integers(table[5])
    for b in range(index * ROWS, min(B, (index + 1) * ROWS)):
        found = shift(pointer(table[7], like), b * M)
        for k in range(steps[b]):
            if places[k * B + b] >= 0:
                source = shift(pointer(table[6], like), places[k * B + b] * row)
                for j in range(M):
                    found[j] += source[j * column]
        for j in range(M):
            found[j] = found[j] / steps[b]
