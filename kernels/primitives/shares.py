"""What compiled kernels call: work shared among threads by sequences, and sums over all steps and sequences."""

import numpy as np

from .arrays import ones
from .compile import address
from .products import multiply_all
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


def sums(*jobs):
    """For every job the sum over all steps and sequences: of rows, a job (side,), or of the outer products of two, (left, right).

    A side is a tuple of arrays (T, B, M), all of one float type, whose rows stand side by side. All sums run in one parallel region.
    """
    found, products = [], []
    for side, *others in jobs:
        left, right = (side, others[0]) if others else ((None,), side)
        left, right = ([None if one is None else one.reshape(-1, one.shape[-1]) for one in rows] for rows in (left, right))
        total = np.empty((sum(1 if one is None else one.shape[1] for one in left), sum(one.shape[1] for one in right)), right[0].dtype)
        row = 0
        for one in left:
            one = ones(len(right[0]), total.dtype) if one is None else one.T
            column = 0
            for other in right:
                products.append((total[row : row + len(one), column : column + other.shape[1]], one, np.ascontiguousarray(other)))
                column += other.shape[1]
            row += len(one)
        found.append(total if others else total[0])
    multiply_all(products)  # they fit, as all of these are of the same steps and sequences
    return found
