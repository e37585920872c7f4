"""Softmax of scores with its cross-entropy at the places that came true, and their common way back.

Places are those of ``embedding``: below 0 nothing came true, and a row of scores without any place counts as not there.
"""

import math

import numpy as np

from ..primitives.activations import exp
from ..primitives.arrays import dense
from ..primitives.compile import shift
from ..primitives.tasks import Tasks
from .embedding import check_places

ROWS = 64


def forward(y, places):
    """y (..., N) scores, ``places`` (...), or (K, ...) where K places came true for each row of y.

    Returns W (..., N), the softmax, and Div, the cross-entropies, in the shape of ``places``.
    """
    y, came_true = dense(y), _by_row(places, y)
    check_places(places, y.shape[-1])
    W, Div = np.empty_like(y), np.empty(places.shape, y.dtype)
    given = {"places": came_true, "Y": y, "Softmax": W, "Div": Div.reshape(came_true.shape)}
    _forward.run(-(-came_true.shape[1] // ROWS), y.dtype, **given, work=32 * y.size)
    return W, Div


def backward(W, places, d_W, d_Div):
    """The error of the scores, given those of ``forward``'s results."""
    d_y, came_true = np.empty_like(W), _by_row(places, W)
    given = {"Softmax": W, "d_Softmax": dense(d_W), "d_Div": dense(d_Div).reshape(came_true.shape), "d_Y": d_y}
    _backward.run(-(-came_true.shape[1] // ROWS), W.dtype, places=came_true, **given, work=4 * W.size)
    return d_y


def _by_row(places, y):
    """``places`` as (K, rows) for the rows of y."""
    return places.reshape(-1, y.size // y.shape[-1])


@Tasks("places: integers (K, rows); Y, Softmax: floats (*rows, N); Div: floats (K, rows)")
def _forward(index, rows, N, K, places, Y, Softmax, Div):
    for row in range(index * ROWS, min(rows, (index + 1) * ROWS)):
        y, W, there = shift(Y, row * N), shift(Softmax, row * N), 0
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


@Tasks("places: integers (K, rows); Softmax, d_Softmax, d_Y: floats (*rows, N); d_Div: floats (K, rows)")
def _backward(index, rows, N, K, places, Softmax, d_Softmax, d_Div, d_Y):
    for row in range(index * ROWS, min(rows, (index + 1) * ROWS)):
        W, d_W, d_y = shift(Softmax, row * N), shift(d_Softmax, row * N), shift(d_Y, row * N)
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
