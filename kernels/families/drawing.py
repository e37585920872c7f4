"""The time loop of a recurrent layer that draws its own next input from its softmax output.

u[t], a uniform number, chooses the first word whose cumulative probability is above it.
"""

import numpy as np

from ..primitives.activations import TANH, activate, exp
from ..primitives.arrays import block_rows, cut, dense, whole
from ..primitives.compile import call, integers, kernel, pointer, shift
from ..primitives.products import CLEAR, KEEP, packed, product, times_packed
from ..primitives.threads import Tasks


def forward(word, start, u, W_in, W, W_out, temperature, end, lengths=None):
    """Draw words.

    word (B,) the places before the first, start (B, H), u (T, B), W_in (N, H), W (H, H), W_out (H, N), temperature 0 for
    the likeliest word, end: the word after which nothing else comes, lengths (B,) or None.
    Returns h (T, B, H), the distributions P (T, B, N), and the words w (T, B) in the float type.
    """
    (T, B), (N, H), dtype = u.shape, W_in.shape, u.dtype
    h, y, P, w = np.empty((T, B, H), dtype), np.empty((T, B, N), dtype), np.empty((T, B, N), dtype), np.empty((T, B), dtype)
    state, word, heat = np.array(start, order="C"), np.array(word, dtype=np.int64), np.array([temperature], dtype)
    rows = block_rows(B)
    _forward.run(
        -(-B // rows), dtype, T, B, N, H, rows, int(end), whole(lengths, T, B), word, heat, cut(u, lengths), dense(W_in),
        packed(W), packed(W_out), state, h, y, P, w, product, activate, work=T * B * H * (H + N),
    )  # fmt: skip
    return h, P, w


@kernel
def _distribute(P, y, N, temperature):
    """P = the softmax of y / temperature, and at 0 a single 1 at the largest y."""
    largest = 0
    for j in range(N):
        largest = j if y[j] > y[largest] else largest
    if temperature > 0:
        total = 0.0
        for j in range(N):
            P[j] = exp((y[j] - y[largest]) / temperature)
        for j in range(N):
            total += P[j]
        for j in range(N):
            P[j] = P[j] / total
    else:
        for j in range(N):
            P[j] = j == largest


@kernel
def _drawn(P, N, u):
    """The first place whose cumulative probability is above u; the last one whatever rounding left of it."""
    total = 0.0
    for j in range(N - 1):
        total += P[j]
        if u < total:
            return j
    return N - 1


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows."""
    T, B, N, H, block, end = table[0], table[1], table[2], table[3], table[4], table[5]
    steps, word, temperature = integers(table[6]), integers(table[7]), pointer(table[8], like)[0]
    u, W_in, W, W_out = pointer(table[9], like), pointer(table[10], like), pointer(table[11], like), pointer(table[12], like)
    first = index * block
    rows = min(block, B - first)
    ends = shift(steps, first)
    state = shift(pointer(table[13], like), first * H)
    for t in range(T):
        place = t * B + first
        h, y = shift(pointer(table[14], like), place * H), shift(pointer(table[15], like), place * N)
        P, w = shift(pointer(table[16], like), place * N), shift(pointer(table[17], like), place)
        for row in range(rows):
            for j in range(H):
                h[row * H + j] = W_in[word[first + row] * H + j]
        times_packed(table[18], KEEP, h, state, W, ends, t, rows, H, H, H, H)
        for row in range(rows):
            if t < ends[row]:
                call(table[19], (TANH, shift(h, row * H), H))
            else:
                for j in range(row * H, row * H + H):
                    h[j] = 0
            for j in range(row * H, row * H + H):
                state[j] = h[j]
        times_packed(table[18], CLEAR, y, h, W_out, ends, t, rows, H, N, N, H)
        for row in range(rows):
            P_row, b = shift(P, row * N), first + row
            if t < steps[b]:
                _distribute(P_row, shift(y, row * N), N, temperature)
                if word[b] != end:
                    word[b] = _drawn(P_row, N, u[place + row])
                w[row] = word[b]
            else:
                for j in range(N):
                    P_row[j] = 0
                w[row] = 0
