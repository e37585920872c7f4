"""The time loop of long short-term memory, with gates packed side by side in the order i, f, o, g.

Peepholes: NO_PEEPHOLE, DIAGONAL (a vector per gate) or FULL (a matrix per gate); i and f see the cell before the step,
o the cell after it. The input products are made for all steps before the loop, weight gradients after it.
"""

import numpy as np

from ..primitives.activations import SIGMOID, TANH, activate
from ..primitives.arrays import block_rows, clear, cut, dense, flat, ones, previous, whole
from ..primitives.compile import call, integers, one, pointer, shift
from ..primitives.products import CLEAR, KEEP, multiply, packed, product, times_packed
from ..primitives.threads import Tasks

NO_PEEPHOLE, DIAGONAL, FULL = 0, 1, 2


def forward(x, h0, c0, W_in, W, bias, lengths=None, peephole=NO_PEEPHOLE, P_if=None, P_o=None):
    """Run the layer.

    x (T, B, I), h0 and c0 (B, H), W_in (I, 4H), W (H, 4H), bias (4H,), lengths (B,) or None.
    P_if is (2H,) or (H, 2H), P_o (H,) or (H, H), where there are peepholes.
    Returns h (T, B, H), c (T, B, H), gates (T, B, 4H) and what ``backward`` needs.
    """
    T, B, _ = x.shape
    H, dtype = W.shape[0], x.dtype
    x, h0, c0, W_in = cut(x, lengths), dense(h0), dense(c0), dense(W_in)
    steps = whole(lengths, T, B)
    gates = np.empty((T, B, 4 * H), dtype)
    c, tanh_c, h = (np.empty((T, B, H), dtype) for _ in range(3))
    multiply((flat(gates), flat(x), W_in, dense(bias)))
    rows = block_rows(B)
    _forward.run(
        -(-B // rows), dtype, T, B, H, rows, peephole, steps, packed(W), *_peepholes(peephole, P_if, P_o), gates,
        c, tanh_c, h, h0.copy(), c0.copy(),
        product, activate, work=T * B * H * 4 * H,
    )  # fmt: skip
    return h, c, gates, (x, h0, c0, W_in, W, lengths, steps, peephole, P_if, P_o, gates, c, tanh_c, h)


def backward(saved, d_h, d_c):
    """The gradients, given d_h and d_c (T, B, H), as a dict: x, h0, c0, W_in, W, bias, and P_if and P_o with peepholes."""
    x, h0, c0, W_in, W, lengths, steps, peephole, P_if, P_o, gates, c, tanh_c, h = saved
    T, B, H = h.shape
    dtype = x.dtype
    delta, d_h0, d_c0 = np.empty_like(gates), np.zeros_like(h0), np.zeros_like(c0)
    rows = block_rows(B)
    P_if_back, P_o_back = (None, None) if peephole == NO_PEEPHOLE else (P_if.T, P_o.T)
    _backward.run(
        -(-B // rows), dtype, T, B, H, rows, peephole, steps, packed(W.T), *_peepholes(peephole, P_if_back, P_o_back), gates,
        c, tanh_c, c0, dense(d_h), dense(d_c), delta, d_h0, d_c0, product,
        work=T * B * H * 4 * H,
    )  # fmt: skip
    d_x, d_W_in, d_W, d_bias = np.empty_like(x), np.empty_like(W_in), np.empty((H, 4 * H), dtype), np.empty((1, 4 * H), dtype)
    deltas, before = flat(delta), flat(previous(h, h0, lengths))
    jobs = [
        (d_W_in, flat(x).T, deltas),
        (d_W, before.T, deltas),
        (flat(d_x), deltas, dense(W_in.T)),
        (d_bias, ones(T * B, dtype), deltas),
    ]
    gradients = {"x": d_x, "h0": d_h0, "c0": d_c0, "W_in": d_W_in, "W": d_W}
    if peephole != NO_PEEPHOLE:
        cell_before = flat(previous(c, c0, lengths))
        gradients["P_if"], gradients["P_o"] = np.empty(P_if.shape, dtype), np.empty(P_o.shape, dtype)
        jobs += _peephole_jobs(peephole, gradients, deltas, flat(c), cell_before)
    multiply(*jobs)
    clear(d_x, lengths)
    gradients["bias"] = d_bias[0]
    return gradients


def _peepholes(peephole, P_if, P_o):
    """The peepholes as the loops take them: packed matrices, vectors, or 0 for none."""
    if peephole == NO_PEEPHOLE:
        return 0, 0
    return (packed(P_if), packed(P_o)) if peephole == FULL else (dense(P_if), dense(P_o))


def _peephole_jobs(peephole, gradients, deltas, cell, cell_before):
    H = cell.shape[1]
    d_if, d_o = deltas[:, : 2 * H], deltas[:, 2 * H : 3 * H]
    if peephole == FULL:
        return [(gradients["P_if"], cell_before.T, d_if), (gradients["P_o"], cell.T, d_o)]
    row = ones(len(cell), cell.dtype)
    return [
        (gradients["P_if"][None, :H], row, d_if[:, :H] * cell_before),
        (gradients["P_if"][None, H:], row, d_if[:, H:] * cell_before),
        (gradients["P_o"][None], row, d_o * cell),
    ]


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows; gates hold the input products at first."""
    T, B, H, block, peephole, steps = table[0], table[1], table[2], table[3], table[4], integers(table[5])
    W, P_if, P_o = pointer(table[6], like), pointer(table[7], like), pointer(table[8], like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    state, cell = shift(pointer(table[13], like), first * H), shift(pointer(table[14], like), first * H)
    for t in range(T):
        place = t * B + first
        gates = shift(pointer(table[9], like), place * 4 * H)
        c, tanh_c = shift(pointer(table[10], like), place * H), shift(pointer(table[11], like), place * H)
        h = shift(pointer(table[12], like), place * H)
        times_packed(table[15], KEEP, gates, state, W, ends, t, rows, H, 4 * H, 4 * H, H)
        if peephole == FULL:
            times_packed(table[15], KEEP, gates, cell, P_if, ends, t, rows, H, 2 * H, 4 * H, H)
        for row in range(rows):
            i, here = shift(gates, row * 4 * H), row * H
            f, o, g = shift(i, H), shift(i, 2 * H), shift(i, 3 * H)
            if t < ends[row]:
                if peephole == DIAGONAL:
                    for j in range(H):
                        i[j] = i[j] + P_if[j] * cell[here + j]
                        f[j] = f[j] + P_if[H + j] * cell[here + j]
                call(table[16], (SIGMOID, i, 2 * H))
                call(table[16], (TANH, g, H))
                for j in range(H):
                    cell[here + j] = f[j] * cell[here + j] + i[j] * g[j]
                for j in range(here, here + H):
                    c[j] = cell[j]
                    tanh_c[j] = cell[j]
            else:
                for j in range(4 * H):
                    i[j] = 0
                for j in range(here, here + H):
                    c[j] = 0
                    tanh_c[j] = 0
                    h[j] = 0
        if peephole == FULL:
            times_packed(table[15], KEEP, shift(gates, 2 * H), c, P_o, ends, t, rows, H, H, 4 * H, H)
        for row in range(rows):
            o, here = shift(gates, row * 4 * H + 2 * H), row * H
            if t < ends[row]:
                if peephole == DIAGONAL:
                    for j in range(H):
                        o[j] = o[j] + P_o[j] * c[here + j]
                call(table[16], (SIGMOID, o, H))
                call(table[16], (TANH, shift(tanh_c, here), H))
                for j in range(H):
                    h[here + j] = o[j] * tanh_c[here + j]
                for j in range(here, here + H):
                    state[j] = h[j]


@Tasks
def _backward(index, table, like):
    """All steps of one block of batch rows, last step first; d_h0 and d_c0 carry the error from step to step."""
    T, B, H, block, peephole, steps = table[0], table[1], table[2], table[3], table[4], integers(table[5])
    W, P_if, P_o = pointer(table[6], like), pointer(table[7], like), pointer(table[8], like)
    first, unit = index * block, one(like)
    rows = min(block, B - first)
    ends = shift(steps, first)
    carry_h, carry_c = shift(pointer(table[16], like), first * H), shift(pointer(table[17], like), first * H)
    for t in range(T - 1, -1, -1):
        place = t * B + first
        gates, delta = shift(pointer(table[9], like), place * 4 * H), shift(pointer(table[15], like), place * 4 * H)
        tanh_c = shift(pointer(table[11], like), place * H)
        c_before = shift(pointer(table[10], like), (place - B) * H) if t > 0 else shift(pointer(table[12], like), first * H)
        d_h, d_c = shift(pointer(table[13], like), place * H), shift(pointer(table[14], like), place * H)
        for row in range(rows):
            here = row * H
            o, d_o = shift(gates, 4 * here + 2 * H), shift(delta, 4 * here + 2 * H)
            if t < ends[row]:
                c_tanh, error_h, error_c = shift(tanh_c, here), shift(carry_h, here), shift(carry_c, here)
                up_h, up_c = shift(d_h, here), shift(d_c, here)
                for j in range(H):
                    error_h[j] = error_h[j] + up_h[j]
                for j in range(H):
                    d_o[j] = error_h[j] * c_tanh[j] * (o[j] * (unit - o[j]))
                for j in range(H):
                    slope = (unit - c_tanh[j]) * (unit + c_tanh[j])
                    error_c[j] = error_c[j] + up_c[j] + error_h[j] * o[j] * slope
                if peephole == DIAGONAL:
                    for j in range(H):
                        error_c[j] = error_c[j] + P_o[j] * d_o[j]
            else:
                for j in range(H):
                    d_o[j] = 0
        if peephole == FULL:
            times_packed(table[18], KEEP, carry_c, shift(delta, 2 * H), P_o, ends, t, rows, H, H, H, 4 * H)
        for row in range(rows):
            here = row * H
            i, d_i = shift(gates, 4 * here), shift(delta, 4 * here)
            f, g, d_f, d_g = shift(i, H), shift(i, 3 * H), shift(d_i, H), shift(d_i, 3 * H)
            if t < ends[row]:
                error_c, before = shift(carry_c, here), shift(c_before, here)
                for j in range(H):
                    d_i[j] = error_c[j] * g[j] * (i[j] * (unit - i[j]))
                for j in range(H):
                    d_g[j] = error_c[j] * i[j] * ((unit - g[j]) * (unit + g[j]))
                for j in range(H):
                    d_f[j] = error_c[j] * before[j] * (f[j] * (unit - f[j]))
                for j in range(H):
                    error_c[j] = error_c[j] * f[j]
                if peephole == DIAGONAL:
                    for j in range(H):
                        error_c[j] = error_c[j] + P_if[j] * d_i[j] + P_if[H + j] * d_f[j]
            else:
                for j in range(H):
                    d_i[j] = 0
                    d_f[j] = 0
                    d_g[j] = 0
        if peephole == FULL:
            times_packed(table[18], KEEP, carry_c, delta, P_if, ends, t, rows, 2 * H, H, H, 4 * H)
        times_packed(table[18], CLEAR, carry_h, delta, W, ends, t, rows, 4 * H, H, H, 4 * H)
