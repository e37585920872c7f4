"""The time loop of the gated recurrent unit, with gates packed side by side in the order r, z, n.

The reset gate multiplies the state before the recurrent product (reset_after false) or the product after it (true, with
a bias inside). z keeps the old state (keeps_old true) or lets the new one in (false). The input products are made for
all steps before the loop, weight gradients after it.
"""

import numpy as np

from ..primitives.activations import SIGMOID, TANH, activate
from ..primitives.arrays import block_rows, clear, cut, dense, flat, ones, previous, whole
from ..primitives.compile import call, integers, one, pointer, shift
from ..primitives.products import CLEAR, KEEP, multiply, packed, product, times_packed
from ..primitives.threads import Tasks


def forward(x, h0, W_in, W_rz, W_n, bias=None, inner_bias=None, lengths=None, reset_after=False, keeps_old=True):
    """Run the layer.

    x (T, B, I), h0 (B, H), W_in (I, 3H), W_rz (H, 2H), W_n (H, H), bias (3H,) or None, inner_bias (H,) or None,
    lengths (B,) or None. Returns h (T, B, H), gates (T, B, 3H) and what ``backward`` needs.
    """
    T, B, _ = x.shape
    H, dtype = W_n.shape[0], x.dtype
    x, h0, W_in = cut(x, lengths), dense(h0), dense(W_in)
    steps, rows = whole(lengths, T, B), block_rows(B)
    inner_bias = np.zeros(H, dtype) if inner_bias is None else dense(inner_bias)
    gates, h = np.empty((T, B, 3 * H), dtype), np.empty((T, B, H), dtype)
    inner = np.empty((T, B, H), dtype)  # W_n's product with the state, or r times the state
    multiply((flat(gates), flat(x), W_in) if bias is None else (flat(gates), flat(x), W_in, dense(bias)))
    _forward.run(
        -(-B // rows), dtype, T, B, H, rows, int(reset_after), int(keeps_old), steps, packed(W_rz), packed(W_n), inner_bias,
        gates, inner, h,
        h0.copy(), product, activate, work=T * B * H * 3 * H,
    )  # fmt: skip
    return h, gates, (x, h0, W_in, W_rz, W_n, lengths, steps, reset_after, keeps_old, gates, inner, h)


def backward(saved, d_h):
    """The gradients, given d_h (T, B, H), as a dict: x, h0, W_in, W_rz, W_n, bias, and inner_bias if reset_after."""
    x, h0, W_in, W_rz, W_n, lengths, steps, reset_after, keeps_old, gates, inner, h = saved
    T, B, H = h.shape
    dtype, rows = x.dtype, block_rows(B)
    delta, d_inner, d_h0 = np.empty_like(gates), np.empty_like(inner), np.zeros_like(h0)
    before = previous(h, h0, lengths)
    _backward.run(
        -(-B // rows), dtype, T, B, H, rows, int(reset_after), int(keeps_old), steps, packed(W_rz.T), packed(W_n.T), gates,
        inner, before, dense(d_h), delta, d_inner, d_h0, product, work=T * B * H * 3 * H,
    )  # fmt: skip
    d_x, d_bias = np.empty_like(x), np.empty((1, 3 * H), dtype)
    d_W_in, d_W_rz, d_W_n = np.empty_like(W_in), np.empty((H, 2 * H), dtype), np.empty((H, H), dtype)
    gradients = {"x": d_x, "h0": d_h0, "W_in": d_W_in, "W_rz": d_W_rz, "W_n": d_W_n, "bias": d_bias[0]}
    deltas, row = flat(delta), ones(T * B, dtype)
    jobs = [
        (d_W_in, flat(x).T, deltas),
        (d_W_rz, flat(before).T, deltas[:, : 2 * H]),
        (flat(d_x), deltas, dense(W_in.T)),
        (d_bias, row, deltas),
    ]
    if reset_after:
        d_inner_bias = np.empty((1, H), dtype)
        jobs += [(d_W_n, flat(before).T, flat(d_inner)), (d_inner_bias, row, flat(d_inner))]
        gradients["inner_bias"] = d_inner_bias[0]
    else:
        jobs.append((d_W_n, flat(inner).T, deltas[:, 2 * H :]))
    multiply(*jobs)
    clear(d_x, lengths)
    return gradients


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows; gates hold the input products at first."""
    T, B, H, block, reset_after, keeps_old = table[0], table[1], table[2], table[3], table[4], table[5]
    steps, W_rz, W_n, inner_bias = integers(table[6]), pointer(table[7], like), pointer(table[8], like), pointer(table[9], like)
    first, unit = index * block, one(like)
    rows = min(block, B - first)
    ends = shift(steps, first)
    state = shift(pointer(table[13], like), first * H)
    for t in range(T):
        place = t * B + first
        gates, inner = shift(pointer(table[10], like), place * 3 * H), shift(pointer(table[11], like), place * H)
        h = shift(pointer(table[12], like), place * H)
        times_packed(table[14], KEEP, gates, state, W_rz, ends, t, rows, H, 2 * H, 3 * H, H)
        if reset_after:
            times_packed(table[14], CLEAR, inner, state, W_n, ends, t, rows, H, H, H, H)
        for row in range(rows):
            r, m, s = shift(gates, row * 3 * H), shift(inner, row * H), shift(state, row * H)
            n = shift(r, 2 * H)
            if t < ends[row]:
                call(table[15], (SIGMOID, r, 2 * H))
                if reset_after:
                    for j in range(H):
                        m[j] = m[j] + inner_bias[j]
                    for j in range(H):
                        n[j] = n[j] + r[j] * m[j]
                else:
                    for j in range(H):
                        m[j] = r[j] * s[j]
            else:
                for j in range(H):
                    m[j] = 0
        if not reset_after:
            times_packed(table[14], KEEP, shift(gates, 2 * H), inner, W_n, ends, t, rows, H, H, 3 * H, H)
        for row in range(rows):
            r, s, new = shift(gates, row * 3 * H), shift(state, row * H), shift(h, row * H)
            z, n = shift(r, H), shift(r, 2 * H)
            if t < ends[row]:
                call(table[15], (TANH, n, H))
                if keeps_old:
                    for j in range(H):
                        s[j] = z[j] * s[j] + (unit - z[j]) * n[j]
                else:
                    for j in range(H):
                        s[j] = (unit - z[j]) * s[j] + z[j] * n[j]
                for j in range(H):
                    new[j] = s[j]
            else:
                for j in range(3 * H):
                    r[j] = 0
                for j in range(H):
                    new[j] = 0


@Tasks
def _backward(index, table, like):
    """All steps of one block of batch rows, last step first; d_h0 carries the error from step to step."""
    T, B, H, block, reset_after, keeps_old = table[0], table[1], table[2], table[3], table[4], table[5]
    steps, W_rz, W_n = integers(table[6]), pointer(table[7], like), pointer(table[8], like)
    first, unit = index * block, one(like)
    rows = min(block, B - first)
    ends = shift(steps, first)
    carry = shift(pointer(table[15], like), first * H)
    for t in range(T - 1, -1, -1):
        place = t * B + first
        gates, delta = shift(pointer(table[9], like), place * 3 * H), shift(pointer(table[13], like), place * 3 * H)
        inner, before = shift(pointer(table[10], like), place * H), shift(pointer(table[11], like), place * H)
        d_h, d_inner = shift(pointer(table[12], like), place * H), shift(pointer(table[14], like), place * H)
        for row in range(rows):
            r, d_r, e, up = shift(gates, row * 3 * H), shift(delta, row * 3 * H), shift(carry, row * H), shift(d_h, row * H)
            z, n, d_z, d_n = shift(r, H), shift(r, 2 * H), shift(d_r, H), shift(d_r, 2 * H)
            old, m, d_m = shift(before, row * H), shift(inner, row * H), shift(d_inner, row * H)
            if t < ends[row]:
                for j in range(H):
                    e[j] = e[j] + up[j]
                if keeps_old:
                    for j in range(H):
                        d_z[j] = e[j] * (old[j] - n[j]) * (z[j] * (unit - z[j]))
                    for j in range(H):
                        d_n[j] = e[j] * (unit - z[j]) * ((unit - n[j]) * (unit + n[j]))
                    for j in range(H):
                        e[j] = e[j] * z[j]
                else:
                    for j in range(H):
                        d_z[j] = e[j] * (n[j] - old[j]) * (z[j] * (unit - z[j]))
                    for j in range(H):
                        d_n[j] = e[j] * z[j] * ((unit - n[j]) * (unit + n[j]))
                    for j in range(H):
                        e[j] = e[j] * (unit - z[j])
                if reset_after:
                    for j in range(H):
                        d_m[j] = d_n[j] * r[j]
                    for j in range(H):
                        d_r[j] = d_n[j] * m[j] * (r[j] * (unit - r[j]))
            else:
                for j in range(3 * H):
                    d_r[j] = 0
                for j in range(H):
                    d_m[j] = 0
        if reset_after:
            times_packed(table[16], KEEP, carry, d_inner, W_n, ends, t, rows, H, H, H, H)
        else:
            # d_inner: the error of r times the state.
            times_packed(table[16], CLEAR, d_inner, shift(delta, 2 * H), W_n, ends, t, rows, H, H, H, 3 * H)
            for row in range(rows):
                r, d_r, e = shift(gates, row * 3 * H), shift(delta, row * 3 * H), shift(carry, row * H)
                old, d_m = shift(before, row * H), shift(d_inner, row * H)
                if t < ends[row]:
                    for j in range(H):
                        e[j] = e[j] + d_m[j] * r[j]
                    for j in range(H):
                        d_r[j] = d_m[j] * old[j] * (r[j] * (unit - r[j]))
        times_packed(table[16], KEEP, carry, delta, W_rz, ends, t, rows, 2 * H, H, H, 3 * H)
