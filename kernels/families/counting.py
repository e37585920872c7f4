"""How often each word follows a context in a text, and the probabilities that follow from that.

The places of the text are sorted by the words before them, the nearest first; the places that share a context are then
neighbours, and two binary searches find them.
"""

import math

import numpy as np

from ..primitives.arrays import dense, whole
from ..primitives.compile import part, shift
from ..primitives.tasks import Tasks

NOTHING = -1  # stands before the first word of a text, and is no word


def forward(x, text, alpha, K, lengths=None):
    """x (T, B) and text (S,) words below N, alpha (N,) pseudo-counts, K words of context, lengths (B,) or None.

    Returns count and P (T, B, N) and loss (T, B), zero past an item's end.
    """
    (T, B), S, N, dtype = x.shape, len(text), len(alpha), alpha.dtype
    text, K = np.asarray(text, dtype=np.int64), min(K, T - 1, S)  # no context is longer
    before = np.full((S, K), NOTHING, dtype=np.int64)
    for k in range(K):
        before[k + 1 :, k] = text[: S - k - 1]
    order = np.lexsort(before.T[::-1]) if K > 0 else np.arange(S)
    count, P, loss = np.zeros((T, B, N), dtype), np.zeros((T, B, N), dtype), np.zeros((T, B), dtype)
    words, steps = dense(np.asarray(x, dtype=np.int64)), whole(lengths, T, B)
    sorted_text = {"before": dense(before[order]), "following": dense(text[order])}
    given = {"steps": steps, "words": words, **sorted_text, "alpha": dense(alpha)}
    _count.run(T, dtype, **given, count=count, P=P, loss=loss, work=T * B * (S + N))
    return count, P, loss


@part
def _first_place(words, t, B, b, k, before, S, K, above):
    """The first of the sorted places whose context is not less than (``above``: is greater than) the k words before x[t]."""
    low, high = 0, S
    while low < high:
        middle, sign, j = (low + high) // 2, 0, 0
        while sign == 0 and j < k:
            sign = before[middle * K + j] - words[(t - 1 - j) * B + b]
            j += 1
        if sign < 0 or (above and sign == 0):
            low = middle + 1
        else:
            high = middle
    return low


@Tasks(
    "steps: integers (B); words: integers (T, B); before: integers (S, K); following: integers (S); "
    "alpha: floats (N); count, P: floats (T, B, N); loss: floats (T, B)"
)
def _count(t, B, S, N, K, steps, words, before, following, alpha, count, P, loss):
    counts, chances, k = count, P, min(t, K)
    for b in range(B):
        if t < steps[b]:
            row = (t * B + b) * N
            count, P, total = shift(counts, row), shift(chances, row), 0.0
            last = _first_place(words, t, B, b, k, before, S, K, True)
            for place in range(_first_place(words, t, B, b, k, before, S, K, False), last):
                count[following[place]] += 1
            # The first k places of the text have no whole context: NOTHING keeps them from matching.
            for n in range(N):
                total += alpha[n] + count[n]
            for n in range(N):
                P[n] = (alpha[n] + count[n]) / total
            chance = (alpha[words[t * B + b]] + count[words[t * B + b]]) / total
            loss[t * B + b] = -math.log(chance)
