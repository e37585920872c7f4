"""The time loop of h[t] = h[t-1] * gate[t], in both directions of time: no product of matrices, no activation."""

import numpy as np

from ..primitives.arrays import block_rows, cut, dense, whole
from ..primitives.compile import integers, pointer, shift
from ..primitives.threads import Tasks


def forward(gate, start, lengths=None):
    """Run the loop: gate (T, B, H), start (B, H), lengths (B,) or None.

    Returns h (T, B, H), each item's last state (B, H), and what ``backward`` needs.
    """
    T, B, H = gate.shape
    gate, start, steps = cut(gate, lengths), dense(start), whole(lengths, T, B)
    h, state, rows = np.zeros_like(gate), start.copy(), block_rows(B)
    _forward.run(-(-B // rows), gate.dtype, T, B, H, rows, steps, gate, h, state, work=gate.size)
    return h, state, (gate, start, steps, lengths, h)


def backward(saved, d_h, d_last):
    """The gradients, given d_h (T, B, H) and d_last (B, H) of the last states, as a dict: gate, start."""
    gate, start, steps, lengths, h = saved
    T, B, H = gate.shape
    d_gate, d_start, rows = np.zeros_like(gate), np.array(d_last, order="C"), block_rows(B)
    _backward.run(
        -(-B // rows), gate.dtype, T, B, H, rows, steps, gate, h, start, cut(d_h, lengths), d_gate, d_start, work=3 * gate.size
    )
    return {"gate": d_gate, "start": d_start}


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows."""
    T, B, H, block, steps = table[0], table[1], table[2], table[3], integers(table[4])
    for b in range(index * block, min(B, (index + 1) * block)):
        state = shift(pointer(table[7], like), b * H)
        for t in range(steps[b]):
            place = (t * B + b) * H
            gate, h = shift(pointer(table[5], like), place), shift(pointer(table[6], like), place)
            for j in range(H):
                state[j] = state[j] * gate[j]
                h[j] = state[j]


@Tasks
def _backward(index, table, like):
    """All steps of one block of batch rows, last step first; the error starts as that of the last state."""
    T, B, H, block, steps = table[0], table[1], table[2], table[3], integers(table[4])
    for b in range(index * block, min(B, (index + 1) * block)):
        error = shift(pointer(table[10], like), b * H)
        for step in range(steps[b]):
            t = steps[b] - 1 - step
            place = (t * B + b) * H
            gate, d_h = shift(pointer(table[5], like), place), shift(pointer(table[8], like), place)
            before = shift(pointer(table[6], like), place - B * H) if t > 0 else shift(pointer(table[7], like), b * H)
            d_gate = shift(pointer(table[9], like), place)
            for j in range(H):
                arrived = error[j] + d_h[j]
                d_gate[j] = arrived * before[j]
                error[j] = arrived * gate[j]
