"""All powers of a matrix, and sums of rows through them: a linear recursion in closed form.

Powers are made by doubling: n of them, times the last one, give the next n. So there are few products and all are
large, and an error grows with the logarithm of the power.
"""

import numpy as np

from ..primitives.arrays import dense, flat, whole
from ..primitives.products import multiply

STEPS = 32  # of a block: so many powers are made


def powers(W, most):
    """The powers (most + 1, H, H) of W (H, H) from 0 to ``most``."""
    H = W.shape[0]
    P = np.empty((most + 1, H, H), W.dtype)
    P[0] = np.eye(H, dtype=W.dtype)
    P[1:2] = W
    for known, count in _doublings(most):
        multiply((flat(P[known + 1 : known + 1 + count]), flat(P[1 : 1 + count]), P[known]))
    return P


def pulled_back(P, d_P):
    """The gradient of W (H, H) from those of its ``powers`` P."""
    d_P = np.array(d_P, order="C")
    if len(P) == 1:
        return np.zeros_like(P[0])
    for known, count in reversed(list(_doublings(len(P) - 1))):
        error, left = d_P[known + 1 : known + 1 + count], P[1 : 1 + count]
        d_left, d_last = np.empty_like(error), np.empty_like(P[0])
        multiply((flat(d_left), flat(error), dense(P[known].T)), (d_last, flat(left).T, flat(error)))
        d_P[1 : 1 + count] += d_left
        d_P[known] += d_last
    return d_P[1]


def _doublings(most):
    """Where powers 1 to ``known`` are there: (known, how many the power ``known`` adds), until ``most``."""
    known = 1
    while known < most:
        yield known, min(known, most - known)
        known *= 2


def unrolled(start, x, W, lengths=None):
    """h[k] = x[k] + x[k-1] @ W + ... + start @ W**(k+1), for start (B, H) and x (T, B, H): h (T, B, H), and what ``unrolled_pulled_back`` needs.

    By blocks of STEPS: only the state before each is carried on, so that the work grows with T and no power is larger.
    """
    T, B, H = x.shape
    P, h, rows, before = powers(W, min(T, STEPS)), np.empty_like(x), [], start
    for first in range(0, T, STEPS):
        u = np.concatenate([before[None], x[first : first + STEPS]])
        h[first : first + STEPS] = _convolve(u, P[: len(u)])
        rows.append(u)
        before = h[first + len(u) - 2].copy()
        before[_left(lengths, T, B, first + STEPS) == 0] = 0  # what grew past its end must not meet zeros
    return h, (P, rows, lengths)


def unrolled_pulled_back(saved, d_h):
    """The gradients (start, x, W), from d_h (T, B, H), zero past each item's end."""
    P, rows, lengths = saved
    d_x, d_P, carried = np.empty_like(d_h), np.zeros_like(P), np.zeros_like(d_h[0])
    for number, u in reversed(list(enumerate(rows))):
        first, steps = STEPS * number, len(u) - 1
        error = d_h[first : first + steps].copy()
        error[-1] += carried
        d_u, d_powers = _convolve_pulled_back(u, P[: steps + 1], error, _left(lengths, *d_h.shape[:2], first))
        d_P[: steps + 1] += d_powers
        d_x[first : first + steps], carried = d_u[1:], d_u[0]
    return carried, d_x, pulled_back(P, d_P)


def _left(lengths, T, B, first):
    """How many steps each item has left from ``first`` on."""
    return np.maximum(whole(lengths, T, B) - first, 0)


def _convolve(u, P):
    """h[k] = u[k+1] + u[k] @ P[1] + ... + u[0] @ P[k+1], for u (T + 1, B, H) and P (T + 1, H, H): h (T, B, H)."""
    rows, B, H = u.shape
    newest_first = dense(u[::-1].transpose(1, 0, 2)).reshape(B, rows * H)
    stacked, h = flat(P), np.empty((rows - 1, B, H), u.dtype)
    multiply(*((h[k], newest_first[:, (rows - 2 - k) * H :], stacked[: (k + 2) * H]) for k in range(rows - 1)))
    return h


def _convolve_pulled_back(u, P, d_h, left):
    """The gradients of u and P from d_h (T, B, H) of ``_convolve``, zero past each item's end; left (B,): the steps that each has.

    Items of one length are done together: a power that is past an item's end may be infinite, and must not meet its zeros.
    """
    u, d_h = dense(u), dense(d_h)
    rows, d_P = len(u), np.empty_like(P)
    jobs = [(d_P[0], flat(u[1:]).T, flat(d_h)), *((d_P[m], flat(u[: rows - m]).T, flat(d_h[m - 1 :])) for m in range(1, rows))]
    ends, d_u, parts = np.minimum(left, rows - 1), np.zeros_like(u), []
    for T in np.unique(ends[ends > 0]):
        items = np.flatnonzero(ends == T)
        by_item = dense(d_h[:T, items].transpose(1, 0, 2)).reshape(len(items), -1)
        part, jobs_of_part = _inputs_pulled_back(by_item, P[: T + 1])
        parts.append((items, part))
        jobs += jobs_of_part
    multiply(*jobs)
    for items, part in parts:
        d_u[: len(part), items] = part
    return d_u, d_P


def _inputs_pulled_back(by_item, P):
    """The gradient of u (T + 1, B, H), and the products that fill it, from d_h by item (B, T H)."""
    T, H = len(P) - 1, P.shape[1]
    transposed, d_u = flat(dense(P.transpose(0, 2, 1))), np.empty((T + 1, len(by_item), H), P.dtype)
    each = ((d_u[j + 1], by_item[:, j * H :], transposed[: (T - j) * H]) for j in range(T))
    return d_u, [(d_u[0], by_item, transposed[H:]), *each]
