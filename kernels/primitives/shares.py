"""What compiled kernels call: work shared among threads by sequences, and sums over all steps and sequences."""

import numpy as np

from .compile import address
from .products import multiply
from .tasks import in_parts
from .threads import workers


def share(body, count, dtype, numbers, work):
    """Run ``body(index, table, like)`` in as many parts as threads are worth it, at most ``count``.

    Its table begins with the number of parts and ``count``; then there are ``numbers``: integers, arrays by their addresses,
    and functions by theirs.
    """
    parts = max(1, min(workers(work), count))
    table = [parts, count, *(_entry(value, dtype) for value in numbers)]
    in_parts(body.address(dtype), parts, np.array(table, np.int64))


def _entry(value, dtype):
    if isinstance(value, np.ndarray):
        return address(value)
    return value.address(dtype) if hasattr(value, "address") else int(value)


def outer_sum(left, right):
    """The sum over all steps and sequences of the outer products of two rows: (M, K) of (T, B, M) and (T, B, K).

    Each is a tuple of arrays whose rows stand side by side.
    """
    rows, columns = (sum(array.shape[-1] for array in side) for side in (left, right))
    found, jobs, row = np.empty((rows, columns), left[0].dtype), [], 0
    for one in left:
        column, one = 0, one.reshape(-1, one.shape[-1])
        for other in right:
            other = np.ascontiguousarray(other.reshape(-1, other.shape[-1]))
            jobs.append((found[row : row + one.shape[1], column : column + other.shape[1]], one.T, other))
            column += other.shape[1]
        row += one.shape[1]
    multiply(*jobs)
    return found


def row_sum(side):
    """The sum over all steps and sequences of rows (T, B, M), given as ``outer_sum`` takes them."""
    first = side[0]
    return outer_sum((np.ones((*first.shape[:2], 1), first.dtype),), side)[0]
