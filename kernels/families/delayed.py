"""Recurrences over several delays: h[t] = f(u[t] + sum of fed[t-d] @ W_d over the delays d), fed[t] = given[t] + share h[t].

What is fed back is mostly h itself (no ``given``, share 1). ``u`` holds what needs no recurrence, made for all steps at
once; ``taps`` makes it of an input and its past. The weights' gradients are products after the loop.
"""

import numpy as np

from ..primitives.activations import TANH, activate, pull_back
from ..primitives.arrays import block_rows, clear, cut, dense, flat, ones, whole
from ..primitives.compile import call, integers, pointer, shift
from ..primitives.products import KEEP, multiply, packed, product, times_packed
from ..primitives.threads import Tasks

# ------------------------------------------------------------ what needs no recurrence


def taps(x, start, W, bias, lengths=None):
    """u[t] = sum of x[t-n] @ W[n] over all n, plus the bias.

    x (T, B, I), start (B, N, I) with the inputs before the first step, the last one last, or None for N = 0,
    W (N + 1, I, H), bias (H,). Returns u (T, B, H) and what ``taps_backward`` needs.
    """
    T, B, _ = x.shape
    line = cut(x, lengths) if start is None else after(start, cut(x, lengths))
    window = _window(line, T, len(W))
    clear(window, lengths)  # what is behind an item's end sees its last steps
    u = np.empty((T, B, W.shape[2]), x.dtype)
    multiply((flat(u), flat(window), dense(W.reshape(-1, W.shape[2])), dense(bias)))
    return u, (window, W, line.shape, lengths)


def taps_backward(saved, d_u):
    """The gradients, given d_u (T, B, H) that is zero past each item's end, as a dict: x, start, W, bias."""
    window, W, shape, lengths = saved
    T, B, _ = window.shape
    d_window, d_W, d_bias = np.empty_like(window), np.empty(W.shape, W.dtype), np.empty((1, W.shape[2]), W.dtype)
    rows, weights = flat(d_u), W.reshape(-1, W.shape[2])
    multiply(
        (d_W.reshape(weights.shape), flat(window).T, rows),
        (flat(d_window), rows, dense(weights.T)),
        (d_bias, ones(T * B, W.dtype), rows),
    )
    clear(d_window, lengths)
    d_line = np.zeros(shape, W.dtype)
    parts = d_window.reshape(T, B, len(W), shape[2])
    first = len(W) - 1
    for n in range(len(W)):
        d_line[first - n : first - n + T] += parts[:, :, n]
    return {"x": d_line[first:], "start": dense(d_line[:first].swapaxes(0, 1)), "W": d_W, "bias": d_bias[0]}


def after(start, x):
    """The steps before the first one, of start (B, D, N), and those of x (T, B, N) behind them."""
    B, depth, N = start.shape
    line = np.empty((depth + len(x), B, N), x.dtype)
    line[:depth], line[depth:] = start.swapaxes(0, 1), x
    return line


def _window(line, T, count):
    """For each of the last T steps of ``line`` the step itself and those before it, ``count`` in all, side by side."""
    _, B, N = line.shape
    window = np.empty((T, B, count, N), line.dtype)
    for n in range(count):
        window[:, :, n] = line[count - 1 - n : count - 1 - n + T]
    return window.reshape(T, B, count * N)


# ------------------------------------------------------------ the recurrence


def forward(u, start, delays, W, lengths=None, activation=TANH, given=None, share=1):
    """Run the recurrence.

    u (T, B, H), start (B, D, H) with what is fed back from the D steps before the first one, the last one last, delays:
    integers from 1 to D, W: for each delay a matrix (H, H), or a number that weighs each unit by itself, given (T, B, H)
    or None for zeros, share 1, 0 or -1. Returns h, in the place of u, and what is fed back, both (T, B, H), and what
    ``backward`` needs.
    """
    T, B, H = u.shape
    h, depth = u, start.shape[1]
    fed = after(start, np.zeros_like(u) if given is None else cut(given, lengths))
    steps, rows = whole(lengths, T, B), block_rows(B)
    _forward.run(
        -(-B // rows), u.dtype, T, B, H, rows, int(activation), depth, share, len(delays), *_weights(delays, W, u.dtype),
        steps, h, fed, product, activate, work=max(1, len(delays)) * T * B * H * (H if np.ndim(W) == 3 else 1),
    )  # fmt: skip
    return h, fed[depth:], (delays, W, steps, lengths, activation, share, h, fed)


def backward(saved, d_h, d_fed=None):
    """The gradients, given those of h and of what is fed back, as a dict: u, start, and W where it holds matrices."""
    delays, W, steps, lengths, activation, share, h, fed = saved
    T, B, H = h.shape
    depth, dtype, rows = len(fed) - T, h.dtype, block_rows(B)
    d_fed = after(np.zeros((B, depth, H), dtype), np.zeros_like(h) if d_fed is None else cut(d_fed, lengths))
    delta = np.empty_like(h)
    back = W.swapaxes(1, 2) if np.ndim(W) == 3 else W
    _backward.run(
        -(-B // rows), dtype, T, B, H, rows, int(activation), depth, share, len(delays), *_weights(delays, back, dtype),
        steps, h, d_fed, dense(d_h), delta, np.empty_like(h), product, pull_back,
        work=max(1, len(delays)) * T * B * H * (H if np.ndim(W) == 3 else 1),
    )  # fmt: skip
    gradients = {"u": delta, "start": dense(d_fed[:depth].swapaxes(0, 1))}
    if np.ndim(W) == 3:
        d_W = gradients["W"] = np.empty(W.shape, dtype)
        multiply(*((d_W[place], flat(cut(fed[depth - d : depth - d + T], lengths)).T, flat(delta)) for place, d in enumerate(delays)))
    return gradients


def _weights(delays, W, dtype):
    """The delays, whether weights are matrices, how far they are apart, and all of them, packed where they are matrices."""
    far = np.array(delays, dtype=np.int64)
    if np.ndim(W) == 1:
        return far, 0, 1, np.array(W, dtype)
    whole = stacked(W)
    return far, 1, whole[0].size, whole


def stacked(matrices):
    """Each of the matrices (N, terms, columns) ``packed``, one after another."""
    return np.stack([packed(dense(matrix)) for matrix in matrices])


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows; h holds u at first, fed holds the starts and what is given."""
    T, B, H, block, code, depth, share, count = table[0], table[1], table[2], table[3], table[4], table[5], table[6], table[7]
    delays, matrices, apart, W = integers(table[8]), table[9], table[10], pointer(table[11], like)
    steps, h_all, fed_all = integers(table[12]), pointer(table[13], like), pointer(table[14], like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    for t in range(T):
        h, fed = shift(h_all, (t * B + first) * H), shift(fed_all, ((depth + t) * B + first) * H)
        for tap in range(count):
            past = shift(fed_all, ((depth + t - delays[tap]) * B + first) * H)
            if matrices:
                times_packed(table[15], KEEP, h, past, shift(W, tap * apart), ends, t, rows, H, H, H, H)
            else:
                weight = W[tap]
                for j in range(rows * H):
                    h[j] += weight * past[j]
        for row in range(rows):
            place = row * H
            if t < ends[row]:
                call(table[16], (code, shift(h, place), H))
                if share > 0:
                    for j in range(place, place + H):
                        fed[j] += h[j]
                elif share < 0:
                    for j in range(place, place + H):
                        fed[j] -= h[j]
            else:
                for j in range(place, place + H):
                    h[j] = 0


@Tasks
def _backward(index, table, like):
    """All steps of one block of batch rows, last step first; d_fed gathers what later steps send back."""
    T, B, H, block, code, depth, share, count = table[0], table[1], table[2], table[3], table[4], table[5], table[6], table[7]
    delays, matrices, apart, W = integers(table[8]), table[9], table[10], pointer(table[11], like)
    steps, h_all, d_fed_all = integers(table[12]), pointer(table[13], like), pointer(table[14], like)
    d_h_all, delta_all, error_all = pointer(table[15], like), pointer(table[16], like), pointer(table[17], like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    for step in range(T):
        t = T - 1 - step
        place = (t * B + first) * H
        h, d_h, delta, error = shift(h_all, place), shift(d_h_all, place), shift(delta_all, place), shift(error_all, place)
        d_fed = shift(d_fed_all, ((depth + t) * B + first) * H)
        for row in range(rows):
            here = row * H
            if t < ends[row]:
                for j in range(here, here + H):
                    error[j] = d_h[j]
                if share > 0:
                    for j in range(here, here + H):
                        error[j] += d_fed[j]
                elif share < 0:
                    for j in range(here, here + H):
                        error[j] -= d_fed[j]
                call(table[19], (code, shift(delta, here), shift(h, here), shift(error, here), H))
            else:
                for j in range(here, here + H):
                    delta[j] = 0
        for tap in range(count):
            d_past = shift(d_fed_all, ((depth + t - delays[tap]) * B + first) * H)
            if matrices:
                times_packed(table[18], KEEP, d_past, delta, shift(W, tap * apart), ends, t, rows, H, H, H, H)
            else:
                weight = W[tap]
                for j in range(rows * H):
                    d_past[j] += weight * delta[j]
