"""Arrays on their way into kernels: layout, ragged lengths, the state before each step."""

import numpy as np


def dense(array):
    """``array`` in C order, itself where it already is; never written to by a kernel."""
    return np.require(array, requirements=["C", "A"])


def columns(*matrices):
    """Matrices of one height side by side, in C order."""
    return dense(matrices[0]) if len(matrices) == 1 else np.concatenate(matrices, axis=1)


def whole(lengths, T, B):
    """``lengths`` (B,) as dense int64; T for every item where there are none. Raises ValueError where one is not from 1 to T."""
    if lengths is None:
        return np.full(B, T, dtype=np.int64)
    steps = dense(np.asarray(lengths, dtype=np.int64))
    if steps.shape != (B,) or steps.min(initial=1) < 1 or steps.max(initial=T) > T:
        raise ValueError(f"lengths must be {B} whole numbers from 1 to {T}, not {np.asarray(lengths).tolist()}"[:200])
    return steps


def cut(array, lengths):
    """``array`` (T, B, ...) in C order with zeros past each item's end, whatever was there; a copy only if ragged."""
    if _is_whole(len(array), lengths):
        return dense(array)
    copy = np.array(array, order="C")
    clear(copy, lengths)
    return copy


def clear(array, lengths):
    """Set ``array`` (T, B, ...) to zero past each item's end, in place."""
    if not _is_whole(len(array), lengths):
        array[np.arange(len(array))[:, None] >= np.asarray(lengths)] = 0


def _is_whole(T, lengths):
    return lengths is None or all(length == T for length in lengths)


def previous(h, start, lengths=None, reverse=False):
    """The state (T, B, H) that each step of ``h`` began with, ``start`` (B, H) at the first step of each item; zero past its end."""
    before = np.empty_like(h)
    if not reverse:
        before[0] = start
        before[1:] = h[:-1]
        clear(before, lengths)
        return before
    before[-1], before[:-1] = start, h[1:]
    last = len(h) - 1 if lengths is None else np.asarray(lengths) - 1
    before[last, np.arange(h.shape[1])] = start
    clear(before, lengths)
    return before


def flat(array):
    """(T, B, N) as rows (T * B, N)."""
    return array.reshape(-1, array.shape[-1])


def ones(count, dtype):
    """One row of ``count`` ones that takes no room; as a product's left factor it sums rows."""
    return np.broadcast_to(np.ones(1, dtype), (1, count))


def block_rows(B):
    """How many batch rows one task takes. It follows from B alone, so that no result depends on the threads."""
    return 4 if B < 16 else 8 if B < 64 else 16


def for_every_item(start, x):
    """The start (B, H) of every item of x (T, B, I): a learned one (H,) is shared, one (B, H) is each item's own."""
    return start if start.ndim == 2 else np.broadcast_to(start, (x.shape[1], len(start)))


def over_items(d_start, start):
    """The gradient of such a ``start``, in its shape, from those (B, H) of the items."""
    return d_start if start.ndim == 2 else np.sum(d_start, axis=0, dtype=np.float64).astype(d_start.dtype)
