"""The time loop of complex numbers r + i s, each multiplied at every step by an eigenvalue of its own."""

import numpy as np

from ..primitives.arrays import block_rows, dense
from ..primitives.compile import doubles, pointer, shift
from ..primitives.threads import Doubles, Tasks


def forward(r0, s0, real, imaginary, T):
    """Run the loop: r0 and s0 (B, N), real and imaginary (N,). Returns r and s (T, B, N), and what ``backward`` needs."""
    B, N = r0.shape
    given = tuple(map(dense, (real, imaginary, r0, s0)))
    r, s = np.empty((2, T, B, N), r0.dtype)
    rows = block_rows(B)
    _forward.run(-(-B // rows), r0.dtype, T, B, N, rows, *given, r, s, work=4 * r.size)
    return r, s, (given, r, s)


def backward(saved, d_r, d_s):
    """The gradients, given d_r and d_s (T, B, N), as a dict: r0, s0, real, imaginary."""
    given, r, s = saved
    T, B, N = r.shape
    error_r, error_s = np.zeros((2, B, N), r.dtype)
    sums, rows = np.zeros((2, B, N)), block_rows(B)
    _backward.run(
        -(-B // rows), r.dtype, T, B, N, rows, *given, r, s, dense(d_r), dense(d_s), error_r, error_s, *map(Doubles, sums), work=8 * r.size
    )
    d_real, d_imaginary = np.sum(sums, axis=1).astype(r.dtype)
    return {"r0": error_r, "s0": error_s, "real": d_real, "imaginary": d_imaginary}


@Tasks
def _forward(index, table, like):
    """All steps of one block of batch rows."""
    T, B, N, block = table[0], table[1], table[2], table[3]
    real, imaginary = pointer(table[4], like), pointer(table[5], like)
    for b in range(index * block, min(B, (index + 1) * block)):
        r_before, s_before = shift(pointer(table[6], like), b * N), shift(pointer(table[7], like), b * N)
        for t in range(T):
            place = (t * B + b) * N
            r, s = shift(pointer(table[8], like), place), shift(pointer(table[9], like), place)
            for j in range(N):
                r[j] = real[j] * r_before[j] - imaginary[j] * s_before[j]
                s[j] = imaginary[j] * r_before[j] + real[j] * s_before[j]
            r_before, s_before = r, s


@Tasks
def _backward(index, table, like):
    """All steps of one block of batch rows, last step first; sums over the steps are kept in float64."""
    T, B, N, block = table[0], table[1], table[2], table[3]
    real, imaginary = pointer(table[4], like), pointer(table[5], like)
    for b in range(index * block, min(B, (index + 1) * block)):
        error_r, error_s = shift(pointer(table[12], like), b * N), shift(pointer(table[13], like), b * N)
        d_real, d_imaginary = shift(doubles(table[14]), b * N), shift(doubles(table[15]), b * N)
        for step in range(T):
            t = T - 1 - step
            place = (t * B + b) * N
            d_r, d_s = shift(pointer(table[10], like), place), shift(pointer(table[11], like), place)
            r_before = shift(pointer(table[8], like), place - B * N) if t > 0 else shift(pointer(table[6], like), b * N)
            s_before = shift(pointer(table[9], like), place - B * N) if t > 0 else shift(pointer(table[7], like), b * N)
            for j in range(N):
                of_r, of_s = error_r[j] + d_r[j], error_s[j] + d_s[j]
                d_real[j] += of_r * r_before[j] + of_s * s_before[j]
                d_imaginary[j] += of_s * r_before[j] - of_r * s_before[j]
                error_r[j] = real[j] * of_r + imaginary[j] * of_s
                error_s[j] = real[j] * of_s - imaginary[j] * of_r
