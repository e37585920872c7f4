"""Divergences of outputs from what they should be, one number per step and item; sums are kept in float64."""

import math

import numpy as np

from ..primitives.activations import exp
from ..primitives.arrays import dense, whole
from ..primitives.compile import shift
from ..primitives.tasks import Tasks


def squared(Y, D, lengths):
    """Half the squared distance (T, B) of Y and D (T, B, O), zero past an item's end."""
    T, B, O = Y.shape
    found = np.zeros((T, B), Y.dtype)
    _squared.run(T, Y.dtype, steps=whole(lengths, T, B), Y=dense(Y), D=dense(D), found=found, work=4 * Y.size)
    return found


def entropy(Y, P, lengths):
    """Cross-entropy (T, B) of the distributions P and the softmax of Y (T, B, O), zero past an item's end."""
    T, B, O = Y.shape
    found, powers = np.zeros((T, B), Y.dtype), np.empty(Y.shape, Y.dtype)
    _entropy.run(T, Y.dtype, steps=whole(lengths, T, B), Y=dense(Y), P=dense(P), found=found, powers=powers, work=32 * Y.size)
    return found


def squared_pulled_back(Y, D, lengths, weight):
    """The error of Y (T, B, O) from the error ``weight`` (T, B) of its squared distances."""
    T, B, O = Y.shape
    d_Y = np.zeros(Y.shape, Y.dtype)
    _squared_pull_back.run(T, Y.dtype, steps=whole(lengths, T, B), Y=dense(Y), D=dense(D), weight=dense(weight), d_Y=d_Y, work=4 * Y.size)
    return d_Y


def entropy_pulled_back(Y, P, lengths, weight):
    """The error of Y (T, B, O) from the error ``weight`` (T, B) of its cross-entropies."""
    T, B, O = Y.shape
    d_Y = np.zeros(Y.shape, Y.dtype)
    _entropy_pull_back.run(T, Y.dtype, steps=whole(lengths, T, B), Y=dense(Y), P=dense(P), weight=dense(weight), d_Y=d_Y, work=32 * Y.size)
    return d_Y


@Tasks("steps: integers (B); Y, D: floats (T, B, O); found: floats (T, B)")
def _squared(t, B, O, steps, Y, D, found):
    for b in range(B):
        if t < steps[b]:
            row = (t * B + b) * O
            y, d, total = shift(Y, row), shift(D, row), 0.0
            for k in range(O):
                difference = y[k] - d[k]
                total += difference * difference
            found[t * B + b] = total / 2


@Tasks("steps: integers (B); Y, D, d_Y: floats (T, B, O); weight: floats (T, B)")
def _squared_pull_back(t, B, O, steps, Y, D, weight, d_Y):
    for b in range(B):
        if t < steps[b]:
            row, share = (t * B + b) * O, weight[t * B + b]
            y, d, d_y = shift(Y, row), shift(D, row), shift(d_Y, row)
            for k in range(O):
                d_y[k] = share * (y[k] - d[k])


@Tasks("steps: integers (B); Y, P, powers: floats (T, B, O); found: floats (T, B)")
def _entropy(t, B, O, steps, Y, P, powers, found):
    for b in range(B):
        if t < steps[b]:
            row = (t * B + b) * O
            y, p, power = shift(Y, row), shift(P, row), shift(powers, row)
            highest, total, entropy = y[0], 0.0, 0.0
            for k in range(O):
                highest = y[k] if y[k] > highest else highest
            for k in range(O):
                power[k] = exp(y[k] - highest)
            for k in range(O):
                total += power[k]
            logarithm = math.log(total)
            for k in range(O):
                entropy += p[k] * (logarithm - (y[k] - highest))
            found[t * B + b] = entropy


@Tasks("steps: integers (B); Y, P, d_Y: floats (T, B, O); weight: floats (T, B)")
def _entropy_pull_back(t, B, O, steps, Y, P, weight, d_Y):
    for b in range(B):
        if t < steps[b]:
            row = (t * B + b) * O
            y, p, d_y = shift(Y, row), shift(P, row), shift(d_Y, row)
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
                d_y[k] = weight[t * B + b] * (d_y[k] * share - p[k])
