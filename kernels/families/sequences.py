"""Whole sequences of unequal lengths: their last states, themselves in reverse, one vector at each of their steps."""

import numpy as np

from ..primitives.arrays import whole


def last(h, lengths=None):
    """The state (B, N) of each item of h (T, B, N) at its own last step."""
    T, B = h.shape[:2]
    return h[whole(lengths, T, B) - 1, np.arange(B)]


def last_pulled_back(d_last, T, lengths=None):
    """The error (T, B, N) of such states, all of it at each item's last step, from the error ``d_last`` (B, N)."""
    B = len(d_last)
    d_h = np.zeros((T, *d_last.shape), d_last.dtype)
    d_h[whole(lengths, T, B) - 1, np.arange(B)] = d_last
    return d_h


def reverse(array, lengths=None):
    """``array`` (T, B, ...) with each item's own steps in reverse; its own way back."""
    if lengths is None:
        return array[::-1]
    T, B = array.shape[:2]
    steps, t = whole(lengths, T, B), np.arange(T)[:, None]
    return array[np.where(t < steps, steps - 1 - t, t), np.arange(B)]


def repeat(v, T):
    """``v`` (B, N) at each of T steps (T, B, N)."""
    return np.repeat(v[None], T, axis=0)


def repeat_pulled_back(d_repeated):
    """The error (B, N) of a vector from that (T, B, N) of its copies, which is zero past an item's end."""
    return np.sum(d_repeated, axis=0, dtype=np.float64).astype(d_repeated.dtype)
