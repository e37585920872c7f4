"""Recurrences over several delays through layers: hidden layers see what is fed back, a linear layer behind them gives it.

a[0][t] = sigmoid(u[t] + sum of fed[t-d] @ W[d-1] over the delays d = 1 to N), a[l+1][t] = sigmoid(a[l][t] @ V[l] + bias[l]),
y[t] = a[L][t] @ W_o + bias_o, fed[t] = given[t] + share y[t]. ``u`` is made for all steps at once, by ``delayed.taps``; the
weights' gradients are products after the loop.
"""

import numpy as np

from ..primitives.activations import SIGMOID, activate, pull_back
from ..primitives.arrays import block_rows, cut, dense, flat, ones, whole
from ..primitives.compile import call, integers, pointer, shift
from ..primitives.products import CLEAR, KEEP, multiply, packed, product, times_packed
from ..primitives.threads import Tasks
from .delayed import after, stacked


def forward(u, start, W, V, bias, W_o, bias_o, lengths=None, given=None, share=1):
    """Run the recurrence.

    u (T, B, H), start (B, N, O) with what is fed back from the N steps before the first one, the last one last, W (N, O, H),
    V (L, H, H) with L from 1, bias (L, H), W_o (H, O), bias_o (O,), given (T, B, O) or None for zeros, share 1, 0 or -1.
    Returns y and what is fed back, both (T, B, O), the layers (L + 1, T, B, H), and what ``backward`` needs.
    """
    (T, B, H), (N, O, _), L = u.shape, W.shape, len(V)
    layers, y = np.empty((L + 1, T, B, H), u.dtype), np.empty((T, B, O), u.dtype)
    layers[0], layers[1:], y[:] = u, bias[:, None, None], bias_o
    fed = after(start, np.zeros_like(y) if given is None else cut(given, lengths))
    steps, rows = whole(lengths, T, B), block_rows(B)
    into, between = stacked(W), stacked(V)
    _forward.run(
        -(-B // rows), u.dtype, T, B, H, O, rows, SIGMOID, N, L, share, into[0].size, between[0].size,
        steps, into, between, packed(dense(W_o)), layers, y, fed, product, activate, work=T * B * H * (N * O + L * H + O),
    )  # fmt: skip
    return y, fed[N:], layers, (W, V, W_o, steps, lengths, share, layers, fed)


def backward(saved, d_y, d_fed):
    """The gradients, given those of y and of what is fed back, as a dict: u, start, W, V, bias, W_o, bias_o."""
    W, V, W_o, steps, lengths, share, layers, fed = saved
    (N, O, H), (L, T, B) = W.shape, (len(V), *layers.shape[1:3])
    dtype, rows = layers.dtype, block_rows(B)
    d_fed = after(np.zeros((B, N, O), dtype), cut(d_fed, lengths))
    deltas, delta_y = np.empty_like(layers), np.empty((T, B, O), dtype)
    into, between = stacked(W.swapaxes(1, 2)), stacked(V.swapaxes(1, 2))
    _backward.run(
        -(-B // rows), dtype, T, B, H, O, rows, SIGMOID, N, L, share, into[0].size, between[0].size,
        steps, into, between, packed(dense(W_o.T)), layers, dense(d_y), d_fed, deltas, delta_y, product, pull_back,
        work=T * B * H * (N * O + L * H + O),
    )  # fmt: skip
    d_W, d_V, d_W_o = np.empty(W.shape, dtype), np.empty(V.shape, dtype), np.empty(W_o.shape, dtype)
    d_bias, d_bias_o, every = np.empty((L, 1, H), dtype), np.empty((1, O), dtype), ones(T * B, dtype)
    jobs = [(d_W[d - 1], flat(cut(fed[N - d : N - d + T], lengths)).T, flat(deltas[0])) for d in range(1, N + 1)]
    for l in range(L):
        jobs += [(d_V[l], flat(layers[l]).T, flat(deltas[l + 1])), (d_bias[l], every, flat(deltas[l + 1]))]
    multiply(*jobs, (d_W_o, flat(layers[L]).T, flat(delta_y)), (d_bias_o, every, flat(delta_y)))
    return {
        "u": deltas[0], "start": dense(d_fed[:N].swapaxes(0, 1)), "W": d_W, "V": d_V, "bias": d_bias[:, 0],
        "W_o": d_W_o, "bias_o": d_bias_o[0],
    }  # fmt: skip


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows; the layers hold u and their biases at first, y its bias, fed what is given."""
    T, B, H, O, block, code, N, L, share = table[0], table[1], table[2], table[3], table[4], table[5], table[6], table[7], table[8]
    into_apart, between_apart, steps = table[9], table[10], integers(table[11])
    into, between, W_o = pointer(table[12], like), pointer(table[13], like), pointer(table[14], like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    for t in range(T):
        place = t * B + first
        layers, layer_apart = shift(pointer(table[15], like), place * H), T * B * H
        y_all, fed_all = shift(pointer(table[16], like), place * O), shift(pointer(table[17], like), (N * B + place) * O)
        for d in range(1, N + 1):
            times_packed(table[18], KEEP, layers, shift(fed_all, -d * B * O), shift(into, (d - 1) * into_apart), ends, t, rows, O, H, H, O)
        call(table[19], (code, layers, rows * H))
        for l in range(L):
            below, above = shift(layers, l * layer_apart), shift(layers, (l + 1) * layer_apart)
            times_packed(table[18], KEEP, above, below, shift(between, l * between_apart), ends, t, rows, H, H, H, H)
            call(table[19], (code, above, rows * H))
        times_packed(table[18], KEEP, y_all, shift(layers, L * layer_apart), W_o, ends, t, rows, H, O, O, H)
        for row in range(rows):
            y, fed = shift(y_all, row * O), shift(fed_all, row * O)
            if t < ends[row]:
                if share > 0:
                    for j in range(O):
                        fed[j] += y[j]
                elif share < 0:
                    for j in range(O):
                        fed[j] -= y[j]
            else:
                for j in range(O):
                    y[j] = 0
                for l in range(L + 1):
                    for j in range(H):
                        layers[l * layer_apart + row * H + j] = 0


@Tasks
def _backward(index, table, like):
    """All steps of one block of batch rows, last step first; d_fed gathers what later steps send back."""
    T, B, H, O, block, code, N, L, share = table[0], table[1], table[2], table[3], table[4], table[5], table[6], table[7], table[8]
    into_apart, between_apart, steps = table[9], table[10], integers(table[11])
    into, between, W_o = pointer(table[12], like), pointer(table[13], like), pointer(table[14], like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    for step in range(T):
        t = T - 1 - step
        place, layer_apart = t * B + first, T * B * H
        layers, deltas = shift(pointer(table[15], like), place * H), shift(pointer(table[18], like), place * H)
        d_y, d_fed = shift(pointer(table[16], like), place * O), shift(pointer(table[17], like), (N * B + place) * O)
        delta_y = shift(pointer(table[19], like), place * O)
        for row in range(rows):
            here = row * O
            if t < ends[row]:
                for j in range(here, here + O):
                    delta_y[j] = d_y[j]
                if share > 0:
                    for j in range(here, here + O):
                        delta_y[j] += d_fed[j]
                elif share < 0:
                    for j in range(here, here + O):
                        delta_y[j] -= d_fed[j]
            else:
                for j in range(here, here + O):
                    delta_y[j] = 0
                for l in range(L + 1):
                    for j in range(H):
                        deltas[l * layer_apart + row * H + j] = 0
        top = shift(deltas, L * layer_apart)
        times_packed(table[20], CLEAR, top, delta_y, W_o, ends, t, rows, O, H, H, O)
        call(table[21], (code, top, shift(layers, L * layer_apart), top, rows * H))
        for up in range(L):
            l = L - 1 - up
            below, above = shift(deltas, l * layer_apart), shift(deltas, (l + 1) * layer_apart)
            times_packed(table[20], CLEAR, below, above, shift(between, l * between_apart), ends, t, rows, H, H, H, H)
            call(table[21], (code, below, shift(layers, l * layer_apart), below, rows * H))
        for d in range(1, N + 1):
            times_packed(table[20], KEEP, shift(d_fed, -d * B * O), deltas, shift(into, (d - 1) * into_apart), ends, t, rows, H, O, O, H)
