"""Matrix products: rows times a matrix inside the time loops, and lists of whole products between them.

``product`` is the one place where numbers are multiplied in bulk; a micro-kernel for a certain machine takes its place.
Every element of a result is summed in one order, given by the sizes alone.
"""

import numpy as np

from .compile import address, call, part, native, pointer, shift, size_of
from .tasks import Tasks
from .tiles import PANEL_BYTES, tile

# A sum longer than this is cut into parts, so that its rounding errors grow with SUMMED + length / SUMMED and not with
# the length. That many rows of a panel also fit the first cache.
SUMMED = 128
TASK_ROWS = 48

KEEP, CLEAR = 0, 1


def panel(dtype):
    """Columns of the widest tile."""
    return PANEL_BYTES // np.dtype(dtype).itemsize


@part
def _panel_of(like):
    """``panel`` for the type that ``like`` points to."""
    return PANEL_BYTES // size_of(like)


@native("iFFFiiiiiiii")
def product(start, c, a, b, rows, terms, columns, c_row, a_row, a_term, b_row, b_panel):
    """c = c + a @ b (start KEEP) or c = a @ b (start CLEAR).

    c (rows, columns), a (rows, terms), b (terms, columns), all of one float type. ``c_row`` is the distance of c's
    rows in elements, and so on; the columns of c are dense, those of b within a panel, panels are ``b_panel`` apart.
    """
    widest = _panel_of(c)
    for k in range(0, terms, SUMMED):
        length = min(SUMMED, terms - k)
        column, width = 0, 2 * widest if rows == 1 else widest
        while column < columns:
            while width > columns - column:
                width //= 2
            b_part = shift(b, k * b_row + column // widest * b_panel + column % widest)
            i = 0
            while i < rows:
                left = rows - i
                height = 1 if left == 1 else 2 if left < 4 else 4 if left < 6 or left == 8 else 6
                c_part, a_part = shift(c, i * c_row + column), shift(a, i * a_row + k * a_term)
                tile(height, width, start, c_part, a_part, b_part, length, c_row, a_row, a_term, b_row, b_panel)
                i += height
            column += width
        start = KEEP
    if terms == 0 and start == CLEAR:
        for i in range(rows):
            for j in range(columns):
                c[i * c_row + j] = 0


def packed(matrix):
    """``matrix`` (terms, columns) cut into panels, each dense: (panels, terms, columns of a panel), padded with zeros.

    A loop that uses a matrix many times reads it in that order.
    """
    terms, columns = matrix.shape
    width = panel(matrix.dtype)
    full, rest = divmod(columns, width)
    panels = np.zeros((full + (rest > 0), terms, width), matrix.dtype) if rest else np.empty((full, terms, width), matrix.dtype)
    panels[:full] = matrix[:, : full * width].reshape(terms, full, width).transpose(1, 0, 2)
    if rest:
        panels[full, :, :rest] = matrix[:, full * width :]
    return panels


@part
def times_packed(multiplier, start, c, a, b, ends, t, rows, terms, columns, c_row, a_row):
    """As ``product``, whose address is ``multiplier``, with dense rows of a and a ``packed`` b, for the rows that have a step t.

    A row that ended before, t >= ends[row], is neither read nor written: zeros there, times an infinite b, would be NaN.
    """
    width, row = _panel_of(c), 0
    while row < rows:
        last = row
        while last < rows and t < ends[last]:
            last += 1
        if last > row:
            c_part, a_part = shift(c, row * c_row), shift(a, row * a_row)
            call(multiplier, (start, c_part, a_part, b, last - row, terms, columns, c_row, a_row, 1, width, terms * width))
        row = last + 1


@part
def times(multiplier, c, c_row, a, a_row, b, rows, terms, columns):
    """c = a @ b with a ``packed`` b: ``rows`` of c and a that are so far apart; ``multiplier`` is the address of ``product``."""
    width = _panel_of(c)
    call(multiplier, (CLEAR, c, a, b, rows, terms, columns, c_row, a_row, 1, width, terms * width))


def multiply(*jobs):
    """For every job (c, a, b) or (c, a, b, start): c = a @ b, or c = start + a @ b with a row ``start``.

    c (rows, columns), a (rows, terms), b (terms, columns), start (columns,), all of one float type; the columns of c, b
    and start are dense, a may be any view. No c overlaps another array. All jobs run in one parallel region.
    Raises ValueError where shapes or types do not fit.
    """
    for job in jobs:
        _check_job(*job)
    multiply_all(jobs)


def multiply_all(jobs):
    """As ``multiply``, of jobs that fit."""
    dtype, firsts, work = jobs[0][0].dtype, [0], 0
    for c, a, b, *start in jobs:
        firsts.append(firsts[-1] + -(-len(c) // TASK_ROWS))
        work += c.size * a.shape[1]
    c, a, b, start = (np.array([_view(array) for array in column], np.int64) for column in zip(*((*job, None)[:4] for job in jobs)))
    views = {"c": c, "a": a, "b": b, "start": start}
    _multiply.run(firsts[-1], dtype, firsts=np.array(firsts, np.int64)[:-1], **views, multiply_into=product, work=work)


def _check_job(c, a, b, start=None):
    fits = a.shape == (len(c), len(b)) and b.shape[1] == c.shape[1] and (start is None or start.shape == c.shape[1:])
    dense_columns = all(array.strides[-1] == array.itemsize or array.shape[-1] == 1 for array in (c, b, *_given(start)))
    if not fits or not dense_columns or not all(array.dtype == c.dtype for array in (a, b, *_given(start))):
        shown = ", ".join(f"{array.dtype} {array.shape}" for array in (c, a, b, *_given(start)))
        raise ValueError(f"a product c = a @ b, or start + a @ b, does not fit: c, a, b (and start) are {shown}")


def _given(start):
    return () if start is None else (start,)


def _view(array):
    """Address, rows, columns and the two distances in elements of a view; a row vector has one row, None is all 0."""
    if array is None:
        return (0,) * 5
    view = array if array.ndim == 2 else array[None]
    return address(view), *view.shape, view.strides[0] // view.itemsize, view.strides[1] // view.itemsize


@Tasks("firsts: integers (jobs); c, a, b, start: integers (jobs, fields); multiply_into: function")
def _multiply(index, jobs, fields, firsts, c, a, b, start, multiply_into, like):
    """Task ``index``: TASK_ROWS rows of one job's c."""
    job = jobs - 1
    while firsts[job] > index:
        job -= 1
    first, place = (index - firsts[job]) * TASK_ROWS, job * fields
    c_at, c_rows, columns, c_row = c[place], c[place + 1], c[place + 2], c[place + 3]
    a_at, terms, a_row, a_term = a[place], a[place + 2], a[place + 3], a[place + 4]
    b_at, b_row, start_at = b[place], b[place + 3], start[place]
    rows, how = min(TASK_ROWS, c_rows - first), CLEAR
    c_part, a_part = shift(pointer(c_at, like), first * c_row), shift(pointer(a_at, like), first * a_row)
    if start_at != 0:
        row, how = pointer(start_at, like), KEEP
        for i in range(rows):
            for j in range(columns):
                c_part[i * c_row + j] = row[j]
    call(multiply_into, (how, c_part, a_part, pointer(b_at, like), rows, terms, columns, c_row, a_row, a_term, b_row, _panel_of(like)))
