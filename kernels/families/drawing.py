"""The time loop of a recurrent layer that draws its own next input from its softmax output.

u[t], a uniform number, chooses the first word whose cumulative probability is above it.
"""

import numpy as np

from ..primitives.activations import TANH, activate, exp
from ..primitives.arrays import block_rows, cut, dense, whole
from ..primitives.compile import call, part, shift
from ..primitives.products import CLEAR, KEEP, packed, product, times_packed
from ..primitives.tasks import Tasks


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
        -(-B // rows), dtype, block=rows, end=int(end), steps=whole(lengths, T, B), word=word, heat=heat, u=cut(u, lengths),
        W_in=dense(W_in), W=packed(W), W_out=packed(W_out), state=state, h=h, y=y, P=P, w=w, multiply=product, activate=activate,
        work=T * B * H * (H + N),
    )  # fmt: skip
    return h, P, w


@part
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


@part
def _drawn(P, N, u):
    """The first place whose cumulative probability is above u; the last one whatever rounding left of it."""
    total = 0.0
    for j in range(N - 1):
        total += P[j]
        if u < total:
            return j
    return N - 1


@Tasks(
    "block, end: number; steps, word: integers (B); heat: floats (one); u: floats (T, B); W_in: floats (N, H); "
    "W: floats (h_panels, H, width); W_out: floats (y_panels, H, width); state: floats (B, H); h: floats (T, B, H); "
    "y, P: floats (T, B, N); w: floats (T, B); multiply, activate: function"
)
def _forward(index, T, B, N, H, block, end, steps, word, heat, u, W_in, W, W_out, state, h, y, P, w, multiply, activate):
    """All steps of one block of batch rows."""
    first = index * block
    rows = min(block, B - first)
    ends, state, temperature = shift(steps, first), shift(state, first * H), heat[0]
    for t in range(T):
        place = t * B + first
        h_t, y_t, P_t, w_t = shift(h, place * H), shift(y, place * N), shift(P, place * N), shift(w, place)
        for row in range(rows):
            for j in range(H):
                h_t[row * H + j] = W_in[word[first + row] * H + j]
        times_packed(multiply, KEEP, h_t, state, W, ends, t, rows, H, H, H, H)
        for row in range(rows):
            if t < ends[row]:
                call(activate, (TANH, shift(h_t, row * H), H))
            else:
                for j in range(row * H, row * H + H):
                    h_t[j] = 0
            for j in range(row * H, row * H + H):
                state[j] = h_t[j]
        times_packed(multiply, CLEAR, y_t, h_t, W_out, ends, t, rows, H, N, N, H)
        for row in range(rows):
            P_row, b = shift(P_t, row * N), first + row
            if t < steps[b]:
                _distribute(P_row, shift(y_t, row * N), N, temperature)
                if word[b] != end:
                    word[b] = _drawn(P_row, N, u[place + row])
                w_t[row] = word[b]
            else:
                for j in range(N):
                    P_row[j] = 0
                w_t[row] = 0
