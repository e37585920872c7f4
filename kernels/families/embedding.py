"""Rows of a table taken by their places, the mean of several, and the way back: a sum of rows in one order.

A place below 0 names no row: it gives zeros and receives nothing.
"""

import numpy as np

from ..primitives.arrays import dense, whole
from ..primitives.compile import shift
from ..primitives.tasks import Tasks

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
    given = {"places": places, "rows": rows}
    _look_up.run(-(-places.size // ROWS), table.dtype, **_distances(table), **given, work=rows.size)
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
    given = {"places": places, "d_rows": d_rows}
    _scatter.run(-(-M // COLUMNS), d_rows.dtype, **given, found=found, work=places.size * M)
    return found


def mean(table, places, lengths=None):
    """The mean (B, M) of the rows of ``table`` (N, M), any view, at the ``places`` (K, B) of each item."""
    table = np.require(table, requirements="A")
    K, B = places.shape
    check_places(places, len(table))
    found = np.zeros((B, table.shape[1]), table.dtype)
    given = {"steps": whole(lengths, K, B), "places": places, "found": found}
    _mean.run(-(-B // ROWS), table.dtype, **_distances(table), **given, work=K * found.size)
    return found


def _distances(table):
    """A view, and how far apart its rows and columns are, in elements."""
    row, column = (stride // table.itemsize for stride in table.strides)
    return {"table": table, "row": row, "column": column}


@Tasks("table: view (N, M); row, column: number; places: integers (*count); rows: floats (*count, M)")
def _look_up(index, count, M, table, row, column, places, rows):
    for place in range(index * ROWS, min(count, (index + 1) * ROWS)):
        found = shift(rows, place * M)
        if places[place] < 0:
            for j in range(M):
                found[j] = 0
        else:
            source = shift(table, places[place] * row)
            for j in range(M):
                found[j] = source[j * column]


@Tasks("places: integers (*count); d_rows: floats (*rows, M); found: floats (N, M)")
def _scatter(index, count, M, rows, places, d_rows, found):
    first, last = index * COLUMNS, min(M, (index + 1) * COLUMNS)
    for place in range(count):
        if places[place] >= 0:
            d_row, to = shift(d_rows, place % rows * M), shift(found, places[place] * M)
            for j in range(first, last):
                to[j] += d_row[j]


@Tasks("table: view (N, M); row, column: number; steps: integers (B); places: integers (K, B); found: floats (B, M)")
def _mean(index, B, K, M, table, row, column, steps, places, found):
    for b in range(index * ROWS, min(B, (index + 1) * ROWS)):
        mean = shift(found, b * M)
        for k in range(steps[b]):
            if places[k * B + b] >= 0:
                source = shift(table, places[k * B + b] * row)
                for j in range(M):
                    mean[j] += source[j * column]
        for j in range(M):
            mean[j] = mean[j] / steps[b]
