"""Activations of whole arrays, and softmax over the last axis, with their way back."""

import numpy as np

from ..primitives.activations import activate, exp, pull_back
from ..primitives.arrays import dense
from ..primitives.compile import call, one, pointer, shift
from ..primitives.threads import Tasks

CHUNK = 8192  # numbers per task
ROWS = 64


def apply(code, array):
    """Replace ``array``, in C order, by its activations; returns it."""
    _apply.run(-(-array.size // CHUNK), array.dtype, int(code), array.size, array, activate, work=16 * array.size)
    return array


def pulled_back(code, after, d_after):
    """The error before an activation from its results ``after``, of ELU its arguments, and the error of those, all of one shape."""
    d_before = np.empty_like(after)
    tasks, d_after = -(-after.size // CHUNK), dense(d_after)
    _pull_back.run(tasks, after.dtype, int(code), after.size, d_before, after, d_after, pull_back, work=4 * after.size)
    return d_before


def softmax(array):
    """Replace every row (the last axis) of ``array``, in C order, by its softmax; returns it."""
    count = array.size // array.shape[-1]
    _softmax.run(-(-count // ROWS), array.dtype, count, array.shape[-1], array, work=16 * array.size)
    return array


def softmax_pulled_back(after, d_after):
    """The error before a softmax from its results ``after`` and the error of those, all of one shape."""
    d_before, count = np.empty_like(after), after.size // after.shape[-1]
    tasks, width = -(-count // ROWS), after.shape[-1]
    _softmax_pull_back.run(tasks, after.dtype, count, width, d_before, after, dense(d_after), work=4 * after.size)
    return d_before


@Tasks
def _apply(index, table, like):
    first = index * CHUNK
    call(table[3], (table[0], shift(pointer(table[2], like), first), min(CHUNK, table[1] - first)))


@Tasks
def _pull_back(index, table, like):
    first = index * CHUNK
    d_before, after = shift(pointer(table[2], like), first), shift(pointer(table[3], like), first)
    d_after = shift(pointer(table[4], like), first)
    call(table[5], (table[0], d_before, after, d_after, min(CHUNK, table[1] - first)))


@Tasks
def _softmax(index, table, like):
    width = table[1]
    for row in range(index * ROWS, min(table[0], (index + 1) * ROWS)):
        y = shift(pointer(table[2], like), row * width)
        highest = y[0]
        for j in range(width):
            highest = y[j] if y[j] > highest else highest
        for j in range(width):
            y[j] = exp(y[j] - highest)
        total = 0.0
        for j in range(width):
            total += y[j]
        share = one(like) / total
        for j in range(width):
            y[j] = y[j] * share


@Tasks
def _softmax_pull_back(index, table, like):
    width = table[1]
    for row in range(index * ROWS, min(table[0], (index + 1) * ROWS)):
        place = row * width
        d_before, y = shift(pointer(table[2], like), place), shift(pointer(table[3], like), place)
        d_y = shift(pointer(table[4], like), place)
        mean = 0.0
        for j in range(width):
            mean += y[j] * d_y[j]
        for j in range(width):
            d_before[j] = y[j] * (d_y[j] - mean)
