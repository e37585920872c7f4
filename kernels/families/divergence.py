"""Divergences of outputs from what they should be, one number per step and item; sums are kept in float64."""

import math

import numpy as np

from ..primitives.activations import exp
from ..primitives.arrays import dense, whole
from ..primitives.compile import integers, pointer, shift
from ..primitives.threads import Tasks


def squared(Y, D, lengths):
    """Half the squared distance (T, B) of Y and D (T, B, O), zero past an item's end."""
    T, B, O = Y.shape
    found = np.zeros((T, B), Y.dtype)
    _squared.run(T, Y.dtype, B, O, whole(lengths, T, B), dense(Y), dense(D), found, work=4 * Y.size)
    return found


def entropy(Y, P, lengths):
    """Cross-entropy (T, B) of the distributions P and the softmax of Y (T, B, O), zero past an item's end."""
    T, B, O = Y.shape
    found, powers = np.zeros((T, B), Y.dtype), np.empty(Y.shape, Y.dtype)
    _entropy.run(T, Y.dtype, B, O, whole(lengths, T, B), dense(Y), dense(P), found, powers, work=32 * Y.size)
    return found


def squared_pulled_back(Y, D, lengths, weight):
    """The error of Y (T, B, O) from the error ``weight`` (T, B) of its squared distances."""
    T, B, O = Y.shape
    d_Y = np.zeros(Y.shape, Y.dtype)
    _squared_pull_back.run(T, Y.dtype, B, O, whole(lengths, T, B), dense(Y), dense(D), dense(weight), d_Y, work=4 * Y.size)
    return d_Y


def entropy_pulled_back(Y, P, lengths, weight):
    """The error of Y (T, B, O) from the error ``weight`` (T, B) of its cross-entropies."""
    T, B, O = Y.shape
    d_Y = np.zeros(Y.shape, Y.dtype)
    _entropy_pull_back.run(T, Y.dtype, B, O, whole(lengths, T, B), dense(Y), dense(P), dense(weight), d_Y, work=32 * Y.size)
    return d_Y


@Tasks
def _squared(t, table, like):
    B, O, steps = table[0], table[1], integers(table[2])
    for b in range(B):
        if t < steps[b]:
            row = (t * B + b) * O
            y, d, total = shift(pointer(table[3], like), row), shift(pointer(table[4], like), row), 0.0
            for k in range(O):
                difference = y[k] - d[k]
                total += difference * difference
            pointer(table[5], like)[t * B + b] = total / 2


@Tasks
def _squared_pull_back(t, table, like):
    B, O, steps = table[0], table[1], integers(table[2])
    for b in range(B):
        if t < steps[b]:
            row, weight = (t * B + b) * O, pointer(table[5], like)[t * B + b]
            y, d = shift(pointer(table[3], like), row), shift(pointer(table[4], like), row)
            d_y = shift(pointer(table[6], like), row)
            for k in range(O):
                d_y[k] = weight * (y[k] - d[k])


@Tasks
def _entropy(t, table, like):
    B, O, steps = table[0], table[1], integers(table[2])
    for b in range(B):
        if t < steps[b]:
            row = (t * B + b) * O
            y, p = shift(pointer(table[3], like), row), shift(pointer(table[4], like), row)
            power = shift(pointer(table[6], like), row)
            highest, total, found = y[0], 0.0, 0.0
            for k in range(O):
                highest = y[k] if y[k] > highest else highest
            for k in range(O):
                power[k] = exp(y[k] - highest)
            for k in range(O):
                total += power[k]
            logarithm = math.log(total)
            for k in range(O):
                found += p[k] * (logarithm - (y[k] - highest))
            pointer(table[5], like)[t * B + b] = found


@Tasks
def _entropy_pull_back(t, table, like):
    B, O, steps = table[0], table[1], integers(table[2])
    for b in range(B):
        if t < steps[b]:
            row, weight = (t * B + b) * O, pointer(table[5], like)[t * B + b]
            y, p = shift(pointer(table[3], like), row), shift(pointer(table[4], like), row)
            d_y = shift(pointer(table[6], like), row)
            highest, total, mass = y[0], 0.0, 0.0
            for k in range(O):
                highest = y[k] if y[k] > highest else highest
            for k in range(O):
                d_y[k] = exp(y[k] - highest)
            for k in range(O):
                total += d_y[k]
                mass += p[k]
            share = mass / total
            for k in range(O):
                d_y[k] = weight * (d_y[k] * share - p[k])
