"""Activations of whole arrays, and softmax over the last axis, with their way back."""

import numpy as np

from ..primitives.activations import activate, exp, pull_back
from ..primitives.arrays import dense
from ..primitives.compile import call, one, shift
from ..primitives.tasks import Tasks

CHUNK = 8192  # numbers per task
ROWS = 64


def apply(code, array):
    """Replace ``array``, in C order, by its activations; returns it."""
    _apply.run(-(-array.size // CHUNK), array.dtype, code=int(code), array=array, activate=activate, work=16 * array.size)
    return array


def pulled_back(code, after, d_after):
    """The error before an activation from its results ``after``, of ELU its arguments, and the error of those, all of one shape."""
    d_before = np.empty_like(after)
    given = {"d_before": d_before, "after": after, "d_after": dense(d_after)}
    _pull_back.run(-(-after.size // CHUNK), after.dtype, code=int(code), **given, pull_back=pull_back, work=4 * after.size)
    return d_before


def softmax(array):
    """Replace every row (the last axis) of ``array``, in C order, by its softmax; returns it."""
    _softmax.run(_blocks(array), array.dtype, Y=array, work=16 * array.size)
    return array


def softmax_pulled_back(after, d_after):
    """The error before a softmax from its results ``after`` and the error of those, all of one shape."""
    d_before = np.empty_like(after)
    given = {"d_before": d_before, "Y": after, "d_Y": dense(d_after)}
    _softmax_pull_back.run(_blocks(after), after.dtype, **given, work=4 * after.size)
    return d_before


def _blocks(array):
    """How many tasks there are for the rows of an array."""
    return -(-(array.size // array.shape[-1]) // ROWS)


@Tasks("code: number; array: floats (*size); activate: function")
def _apply(index, size, code, array, activate):
    first = index * CHUNK
    call(activate, (code, shift(array, first), min(CHUNK, size - first)))


@Tasks("code: number; d_before, after, d_after: floats (*size); pull_back: function")
def _pull_back(index, size, code, d_before, after, d_after, pull_back):
    first = index * CHUNK
    call(pull_back, (code, shift(d_before, first), shift(after, first), shift(d_after, first), min(CHUNK, size - first)))


@Tasks("Y: floats (*rows, width)")
def _softmax(index, rows, width, Y):
    for row in range(index * ROWS, min(rows, (index + 1) * ROWS)):
        y = shift(Y, row * width)
        highest = y[0]
        for j in range(width):
            highest = y[j] if y[j] > highest else highest
        for j in range(width):
            y[j] = exp(y[j] - highest)
        total = 0.0
        for j in range(width):
            total += y[j]
        share = one(y) / total
        for j in range(width):
            y[j] = y[j] * share


@Tasks("d_before, Y, d_Y: floats (*rows, width)")
def _softmax_pull_back(index, rows, width, d_before, Y, d_Y):
    for row in range(index * ROWS, min(rows, (index + 1) * ROWS)):
        place = row * width
        before, y, d_y = shift(d_before, place), shift(Y, place), shift(d_Y, place)
        mean = 0.0
        for j in range(width):
            mean += y[j] * d_y[j]
        for j in range(width):
            before[j] = y[j] * (d_y[j] - mean)
