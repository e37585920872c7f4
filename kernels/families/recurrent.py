"""The time loop of h[t] = a h[t-1] + (1 - a) s[t], s[t] = f(u[t] + h[t-1] @ W), in both directions of time.

Every plain recurrent layer of the lectures is this one, most of them with a = 0. ``u`` is the input product with the
bias, made for all steps at once before the loop; the weights' gradients are products after it.
"""

import numpy as np

from ..primitives.activations import TANH, activate, pull_back
from ..primitives.arrays import block_rows, clear, cut, dense, flat, ones, previous, whole
from ..primitives.compile import call, integers, one, pointer, shift
from ..primitives.products import KEEP, multiply, packed, product, times_packed
from ..primitives.threads import Tasks


def forward(x, start, W_in, W, bias=None, lengths=None, activation=TANH, leak=None, reverse=False):
    """Run the layer.

    x (T, B, I), start (B, H), W_in (I, H), W (H, H), bias (H,) or None, lengths (B,) or None, leak: a number or None
    for 0. With W_in None x (T, B, H) is the input product itself. Returns h (T, B, H) and what ``backward`` needs.
    """
    T, B, _ = x.shape
    H = W.shape[0]
    x, start = cut(x, lengths), dense(start)
    steps = whole(lengths, T, B)
    s = _input_product(x, W_in, bias)
    h = s if leak is None else np.empty_like(s)
    state, rate = start.copy(), np.array([0 if leak is None else leak], x.dtype)
    rows = block_rows(B)
    _forward.run(
        -(-B // rows), x.dtype, T, B, H, rows, int(reverse), int(activation), int(leak is not None),
        steps, rate, packed(W), s, h, state, product, activate, work=T * B * H * H,
    )  # fmt: skip
    return h, (x, start, W_in, W, steps, lengths, activation, leak, reverse, rate, s, h)


def _input_product(x, W_in, bias):
    """u (T, B, H), an array of its own."""
    if W_in is None:
        return x.copy() if bias is None else x + bias
    u = np.empty((*x.shape[:2], W_in.shape[1]), x.dtype)
    multiply((flat(u), flat(x), dense(W_in)) if bias is None else (flat(u), flat(x), dense(W_in), dense(bias)))
    return u


def backward(saved, d_h, keep=None):
    """The gradients, given d_h (T, B, H), as a dict: x, start, W_in (None where there was none), W, bias, leak if any.

    keep (T, B), or None for everywhere, says where the error passes from step t to the step before it; elsewhere none does,
    even where it is not a number.
    """
    x, start, W_in, W, steps, lengths, activation, leak, reverse, rate, s, h = saved
    T, B, H = h.shape
    d_h, dtype = dense(d_h), x.dtype
    keeps = np.empty(0, dtype) if keep is None else np.ascontiguousarray(keep, dtype=dtype)
    delta, d_start = np.empty_like(s), np.zeros_like(start)
    error = delta if leak is None else np.empty_like(s)
    rows = block_rows(B)
    _backward.run(
        -(-B // rows), dtype, T, B, H, rows, int(reverse), int(activation), int(leak is not None), int(keep is not None),
        steps, rate, keeps, packed(W.T), s, d_h, delta, error, d_start, product, pull_back,
        work=T * B * H * H,
    )  # fmt: skip
    before = previous(h, start, lengths, reverse)
    d_W, d_bias, deltas = np.empty((H, H), dtype), np.empty((1, H), dtype), flat(delta)
    jobs = [(d_W, flat(before).T, deltas), (d_bias, ones(T * B, dtype), deltas)]
    d_x, d_W_in = delta, None
    if W_in is not None:
        d_x, d_W_in = np.empty_like(x), np.empty(W_in.shape, dtype)
        jobs += [(d_W_in, flat(x).T, deltas), (flat(d_x), deltas, dense(W_in.T))]
    multiply(*jobs)
    clear(d_x, lengths)
    gradients = {"x": d_x, "start": d_start, "W_in": d_W_in, "W": d_W, "bias": d_bias[0]}
    if leak is not None:
        gradients["leak"] = np.sum(error * (before - s), dtype=np.float64).astype(dtype)
    return gradients


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows; s holds u at first."""
    T, B, H, block, reverse, code, leaky = table[0], table[1], table[2], table[3], table[4], table[5], table[6]
    steps, a = integers(table[7]), pointer(table[8], like)[0]
    W, state_all = pointer(table[9], like), pointer(table[12], like)
    s_all, h_all = pointer(table[10], like), pointer(table[11], like)
    rest = one(like) - a
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    state = shift(state_all, first * H)
    for step in range(T):
        t = T - 1 - step if reverse else step
        s = shift(s_all, (t * B + first) * H)
        h = shift(h_all, (t * B + first) * H)
        times_packed(table[13], KEEP, s, state, W, ends, t, rows, H, H, H, H)
        for row in range(rows):
            place = row * H
            if t < ends[row]:
                call(table[14], (code, shift(s, place), H))
                if leaky:
                    for j in range(place, place + H):
                        h[j] = a * state[j] + rest * s[j]
                for j in range(place, place + H):
                    state[j] = h[j]
            else:
                for j in range(place, place + H):
                    s[j] = 0
                    h[j] = 0


@Tasks
def _backward(index, table, like):
    """All steps of one block of batch rows, last step first."""
    T, B, H, block, reverse, code, leaky, keeping = (
        table[0], table[1], table[2], table[3], table[4], table[5], table[6], table[7],
    )  # fmt: skip
    steps, a, keep, W = integers(table[8]), pointer(table[9], like)[0], pointer(table[10], like), pointer(table[11], like)
    s_all, d_h_all, delta_all = pointer(table[12], like), pointer(table[13], like), pointer(table[14], like)
    error_all, carry_all = pointer(table[15], like), pointer(table[16], like)
    rest, nothing = one(like) - a, one(like) - one(like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    carry = shift(carry_all, first * H)
    for step in range(T):
        t = step if reverse else T - 1 - step
        place = (t * B + first) * H
        s, d_h, delta, error = shift(s_all, place), shift(d_h_all, place), shift(delta_all, place), shift(error_all, place)
        for row in range(rows):
            here = row * H
            if t < ends[row]:
                for j in range(here, here + H):
                    error[j] = d_h[j] + carry[j]
                call(table[18], (code, shift(delta, here), shift(s, here), shift(error, here), H))
                for j in range(here, here + H):
                    carry[j] = 0
                if leaky:
                    for j in range(here, here + H):
                        carry[j] = a * error[j]
                        delta[j] = rest * delta[j]
            else:
                for j in range(here, here + H):
                    delta[j] = 0
                    error[j] = 0
        times_packed(table[17], KEEP, carry, delta, W, ends, t, rows, H, H, H, H)
        if keeping:
            for row in range(rows):
                if t < ends[row]:
                    for j in range(row * H, row * H + H):
                        carry[j] = carry[j] if keep[t * B + first + row] != 0 else nothing
