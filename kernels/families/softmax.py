"""Softmax of scores with its cross-entropy at the places that came true, and their common way back.

Places are those of ``embedding``: below 0 nothing came true, and a row of scores without any place counts as not there.
"""

import math

import numpy as np

from ..primitives.activations import exp
from ..primitives.arrays import dense
from ..primitives.compile import integers, pointer, shift
from ..primitives.threads import Tasks
from .embedding import check_places

ROWS = 64


def forward(y, places):
    """y (..., N) scores, ``places`` (...), or (K, ...) where K places came true for each row of y.

    Returns W (..., N), the softmax, and Div, the cross-entropies, in the shape of ``places``.
    """
    N, y = y.shape[-1], dense(y)
    rows = y.size // N
    check_places(places, N)
    W, Div = np.empty_like(y), np.empty(places.shape, y.dtype)
    _forward.run(-(-rows // ROWS), y.dtype, rows, N, places.size // rows, places, y, W, Div, work=32 * y.size)
    return W, Div


def backward(W, places, d_W, d_Div):
    """The error of the scores, given those of ``forward``'s results."""
    N, d_y = W.shape[-1], np.empty_like(W)
    rows = W.size // N
    given = places.size // rows, places, W, dense(d_W), dense(d_Div), d_y
    _backward.run(-(-rows // ROWS), W.dtype, rows, N, *given, work=4 * W.size)
    return d_y


@Tasks
def _forward(index, table, like):
    rows, N, K, places = table[0], table[1], table[2], integers(table[3])
    for row in range(index * ROWS, min(rows, (index + 1) * ROWS)):
        y, W = shift(pointer(table[4], like), row * N), shift(pointer(table[5], like), row * N)
        Div, there = pointer(table[6], like), 0
        for k in range(K):
            Div[k * rows + row] = 0
            there += places[k * rows + row] >= 0
        if there == 0:
            for j in range(N):
                W[j] = 0
            continue
        highest, total = y[0], 0.0
        for j in range(N):
            highest = y[j] if y[j] > highest else highest
        for j in range(N):
            W[j] = exp(y[j] - highest)
        for j in range(N):
            total += W[j]
        for j in range(N):
            W[j] = W[j] / total
        logarithm = math.log(total)
        for place in range(row, K * rows, rows):
            if places[place] >= 0:
                Div[place] = logarithm - (y[places[place]] - highest)


@Tasks
def _backward(index, table, like):
    rows, N, K, places = table[0], table[1], table[2], integers(table[3])
    for row in range(index * ROWS, min(rows, (index + 1) * ROWS)):
        W, d_W = shift(pointer(table[4], like), row * N), shift(pointer(table[5], like), row * N)
        d_Div, d_y = pointer(table[6], like), shift(pointer(table[7], like), row * N)
        weight, mean, there = 0.0, 0.0, 0
        for j in range(N):
            d_y[j] = 0
        for place in range(row, K * rows, rows):
            if places[place] >= 0:
                d_y[places[place]] += d_Div[place]
                there += 1
        if there == 0:
            continue
        for j in range(N):
            mean += W[j] * d_W[j]
            weight += d_y[j]  # of one word alone just what is taken from it again
        for j in range(N):
            d_y[j] = W[j] * (d_W[j] - mean + weight) - d_y[j]
