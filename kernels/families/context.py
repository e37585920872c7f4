"""The time loop of networks with a memory: m[t] from the step before, h[t] = tanh(u[t] + m[t] @ W_m), y[t] = f(h[t] @ W_y + b_y).

The memory is a layer, m[t] = tanh([m, y, h][t-1] @ W_fed + b_m), a fading trace, m[t] = decay m[t-1] + y[t-1], or a copy,
m[t] = [y, h][t-1]. ``u`` is the input product with the bias, made for all steps at once before the loop; the weights' gradients
are products after it.
"""

import numpy as np

from ..primitives.activations import IDENTITY, SIGMOID, TANH, activate, pull_back
from ..primitives.arrays import block_rows, clear, cut, dense, flat, ones, previous, whole
from ..primitives.compile import call, integers, one, pointer, shift
from ..primitives.products import CLEAR, KEEP, multiply, packed, product, times_packed
from ..primitives.threads import Tasks


LAYER, TRACE, COPY = range(3)


def layer(x, m0, y0, h0, W_fed, b_m, W_in, W_m, b_h, W_y, b_y, lengths=None, activation=SIGMOID):
    """Run the network whose memory is a layer of what was before.

    x (T, B, I), m0 (B, M), y0 (B, O), h0 (B, H), W_fed (M + O + H, M), b_m (M,), W_in (I, H), W_m (M, H), b_h (H,),
    W_y (H, O), b_y (O,), lengths (B,) or None, activation of y. Returns m (T, B, M), h (T, B, H), y (T, B, O) and what
    ``backward`` needs.
    """
    starts = np.concatenate((m0, y0, h0), axis=1)
    return _run(x, starts, LAYER, 0, dense(W_fed), b_m, W_in, W_m, b_h, W_y, b_y, lengths, activation)


def trace(x, m0, y0, decay, W_in, W_m, b_h, W_y, b_y, lengths=None, activation=SIGMOID):
    """Run the network whose memory is a trace of its outputs; as ``layer``, with M = O and the number ``decay``."""
    starts = np.concatenate((m0, y0), axis=1)
    nothing = np.empty((0, y0.shape[1]), x.dtype)
    return _run(x, starts, TRACE, decay, nothing, np.zeros(y0.shape[1], x.dtype), W_in, W_m, b_h, W_y, b_y, lengths, activation)


def copy(x, y0, h0, W_in, W_m, b_h, W_y, b_y, lengths=None, activation=IDENTITY):
    """Run the network that sees the outputs and hidden units of the step before; as ``layer``, with M = O + H."""
    (B, O), M = y0.shape, W_m.shape[0]
    starts = np.concatenate((np.zeros((B, M), x.dtype), y0, h0), axis=1)
    nothing = np.empty((0, M), x.dtype)
    return _run(x, starts, COPY, 0, nothing, np.zeros(M, x.dtype), W_in, W_m, b_h, W_y, b_y, lengths, activation)


def _run(x, starts, memory, decay, W_fed, b_m, W_in, W_m, b_h, W_y, b_y, lengths, activation):
    (T, B, _), (M, H), O = x.shape, W_m.shape, W_y.shape[1]
    x, starts, W_in = cut(x, lengths), dense(starts), dense(W_in)
    m, h, y = np.empty((T, B, M), x.dtype), np.empty((T, B, H), x.dtype), np.empty((T, B, O), x.dtype)
    m[:], y[:] = b_m, b_y
    multiply((flat(h), flat(x), W_in, dense(b_h)))
    steps, state, rows = whole(lengths, T, B), starts.copy(), block_rows(B)
    rate, width = np.array([decay], x.dtype), starts.shape[1]
    _forward.run(
        -(-B // rows), x.dtype, T, B, M, H, O, width, rows, int(activation), memory, steps, rate,
        packed(W_fed), packed(W_m), packed(W_y), m, h, y, state, product, activate, work=T * B * (width * M + M * H + H * O),
    )  # fmt: skip
    return m, h, y, (x, starts, memory, rate, W_fed, W_in, W_m, W_y, steps, lengths, activation, m, h, y)


def backward(saved, d_m, d_h, d_y, flows=True):
    """The gradients, given d_m, d_h and d_y, as a dict: x, m0, y0, h0, W_in, W_m, b_h, W_y, b_y; of a layer also W_fed, b_m.

    Without ``flows`` the hidden units take the memory for a constant, and send it no error.
    """
    x, starts, memory, rate, W_fed, W_in, W_m, W_y, steps, lengths, activation, m, h, y = saved
    (T, B, M), H, O, width, dtype = m.shape, h.shape[2], y.shape[2], starts.shape[1], x.dtype
    delta_m, delta_h, delta_y, carry = np.empty_like(m), np.empty_like(h), np.empty_like(y), np.zeros_like(starts)
    rows = block_rows(B)
    _backward.run(
        -(-B // rows), dtype, T, B, M, H, O, width, rows, int(activation), memory, int(flows), steps, rate,
        packed(W_fed.T), packed(W_m.T), packed(W_y.T), m, h, y, dense(d_m), dense(d_h), dense(d_y),
        delta_m, delta_h, delta_y, carry, product, pull_back, work=T * B * (width * M + M * H + H * O),
    )  # fmt: skip
    d = {"x": np.empty_like(x), "m0": carry[:, :M], "y0": carry[:, M : M + O], "h0": carry[:, M + O :]}
    d |= {"W_in": np.empty_like(W_in), "W_m": np.empty((M, H), dtype), "b_h": np.empty((1, H), dtype)}
    d |= {"W_y": np.empty((H, O), dtype), "b_y": np.empty((1, O), dtype)}
    of_m, of_h, of_y, every = flat(delta_m), flat(delta_h), flat(delta_y), ones(T * B, dtype)
    jobs = [
        (d["W_in"], flat(x).T, of_h), (d["W_m"], flat(m).T, of_h), (d["b_h"], every, of_h), (flat(d["x"]), of_h, dense(W_in.T)),
        (d["W_y"], flat(h).T, of_y), (d["b_y"], every, of_y),
    ]  # fmt: skip
    if memory == LAYER:
        before = previous(np.concatenate((m, y, h), axis=2), starts, lengths)
        d |= {"W_fed": np.empty((width, M), dtype), "b_m": np.empty((1, M), dtype)}
        jobs += [(d["W_fed"], flat(before).T, of_m), (d["b_m"], every, of_m)]
    multiply(*jobs)
    clear(d["x"], lengths)
    return {name: gradient[0] if name.startswith("b_") else gradient for name, gradient in d.items()}


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows; m holds its bias at first, h holds u, y its bias."""
    T, B, M, H, O, width, block, code, memory = (
        table[0], table[1], table[2], table[3], table[4], table[5], table[6], table[7], table[8],
    )  # fmt: skip
    steps, decay = integers(table[9]), pointer(table[10], like)[0]
    W_fed, W_m, W_y = pointer(table[11], like), pointer(table[12], like), pointer(table[13], like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    state_all = shift(pointer(table[17], like), first * width)
    for t in range(T):
        place = t * B + first
        m_all, h_all = shift(pointer(table[14], like), place * M), shift(pointer(table[15], like), place * H)
        y_all = shift(pointer(table[16], like), place * O)
        if memory == TRACE:
            for row in range(rows):
                m, state = shift(m_all, row * M), shift(state_all, row * width)
                for j in range(M):
                    m[j] = decay * state[j] + state[M + j]
        elif memory == COPY:
            for row in range(rows):
                m, state = shift(m_all, row * M), shift(state_all, row * width)
                for j in range(M):
                    m[j] = state[M + j]
        else:
            times_packed(table[18], KEEP, m_all, state_all, W_fed, ends, t, rows, width, M, M, width)
            call(table[19], (TANH, m_all, rows * M))
        times_packed(table[18], KEEP, h_all, m_all, W_m, ends, t, rows, M, H, H, M)
        call(table[19], (TANH, h_all, rows * H))
        times_packed(table[18], KEEP, y_all, h_all, W_y, ends, t, rows, H, O, O, H)
        call(table[19], (code, y_all, rows * O))
        for row in range(rows):
            m, h, y = shift(m_all, row * M), shift(h_all, row * H), shift(y_all, row * O)
            state = shift(state_all, row * width)
            if t < ends[row]:
                for j in range(M):
                    state[j] = m[j]
                for j in range(O):
                    state[M + j] = y[j]
                for j in range(width - M - O):
                    state[M + O + j] = h[j]
            else:
                for j in range(M):
                    m[j] = 0
                for j in range(H):
                    h[j] = 0
                for j in range(O):
                    y[j] = 0


@Tasks
def _backward(index, table, like):
    """All steps of one block of batch rows, last step first. What lies past an item's end is zero all the way."""
    T, B, M, H, O, width, block, code, memory, flows = (
        table[0], table[1], table[2], table[3], table[4], table[5], table[6], table[7], table[8], table[9],
    )  # fmt: skip
    steps, decay = integers(table[10]), pointer(table[11], like)[0]
    W_fed, W_m, W_y = pointer(table[12], like), pointer(table[13], like), pointer(table[14], like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    carry_all, nothing = shift(pointer(table[24], like), first * width), one(like) - one(like)
    for step in range(T):
        t = T - 1 - step
        place = t * B + first
        m, h, y = shift(pointer(table[15], like), place * M), shift(pointer(table[16], like), place * H), shift(pointer(table[17], like), place * O)
        d_m, d_h = shift(pointer(table[18], like), place * M), shift(pointer(table[19], like), place * H)
        d_y, delta_m = shift(pointer(table[20], like), place * O), shift(pointer(table[21], like), place * M)
        delta_h, delta_y = shift(pointer(table[22], like), place * H), shift(pointer(table[23], like), place * O)
        for row in range(rows):
            carry, active = shift(carry_all, row * width), t < ends[row]
            for j in range(M):
                delta_m[row * M + j] = d_m[row * M + j] + carry[j] if active else nothing
            for j in range(O):
                delta_y[row * O + j] = d_y[row * O + j] + carry[M + j] if active else nothing
            for j in range(H):
                delta_h[row * H + j] = d_h[row * H + j] if active else nothing
            for j in range(width - M - O):
                delta_h[row * H + j] += carry[M + O + j]
        call(table[26], (code, delta_y, y, delta_y, rows * O))
        times_packed(table[25], KEEP, delta_h, delta_y, W_y, ends, t, rows, O, H, H, O)
        call(table[26], (TANH, delta_h, h, delta_h, rows * H))
        if flows:
            times_packed(table[25], KEEP, delta_m, delta_h, W_m, ends, t, rows, H, M, M, H)
        if memory != LAYER:
            for row in range(rows):
                carry = shift(carry_all, row * width)
                if t < ends[row]:
                    for j in range(M):
                        carry[M + j] = delta_m[row * M + j]
                    if memory == TRACE:
                        for j in range(M):
                            carry[j] = decay * delta_m[row * M + j]
        else:
            call(table[26], (TANH, delta_m, m, delta_m, rows * M))
            times_packed(table[25], CLEAR, carry_all, delta_m, W_fed, ends, t, rows, M, width, width, M)
