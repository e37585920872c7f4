"""Inputs of several steps as one: each step with those before it side by side, and the matrices of all delays likewise."""

import numpy as np

from ..primitives.arrays import clear, dense


def window(x, start, lengths=None):
    """(T, B, (N + 1) I): the inputs x[t], x[t-1], ..., x[t-N], zero past each sequence's end.

    x (T, B, I), start (B, N, I) with the inputs before the first step, the last one last, lengths (B,) or None.
    """
    (T, B, I), N = x.shape, start.shape[1]
    line, found = np.concatenate((start.swapaxes(0, 1), x)), np.empty((T, B, N + 1, I), x.dtype)
    for n in range(N + 1):
        found[:, :, n] = line[N - n : N - n + T]
    clear(found, lengths)
    return found.reshape(T, B, -1)


def window_pulled_back(d_window, N):
    """The gradients of x and start from that of their ``window``, which is zero past each sequence's end."""
    T, B, _ = d_window.shape
    parts = d_window.reshape(T, B, N + 1, -1)
    d_line = np.zeros((N + T, B, parts.shape[3]), d_window.dtype)
    for n in range(N + 1):
        d_line[N - n : N - n + T] += parts[:, :, n]
    return d_line[N:], dense(d_line[:N].swapaxes(0, 1))


def matrix(W):
    """The matrices W (N + 1, O, I) of the delays as one (O, (N + 1) I), by which a window is multiplied."""
    return W.swapaxes(0, 1).reshape(W.shape[1], -1)


def matrices(matrix, N):
    """The matrices (N + 1, O, I) that stand side by side in one; the way back of ``matrix``."""
    return matrix.reshape(len(matrix), N + 1, -1).swapaxes(0, 1)
