"""The time loop of complex numbers r + i s, each multiplied at every step by an eigenvalue of its own."""

import numpy as np

from ..primitives.arrays import block_rows, dense
from ..primitives.compile import shift
from ..primitives.tasks import Tasks


def forward(r0, s0, real, imaginary, T):
    """Run the loop: r0 and s0 (B, N), real and imaginary (N,). Returns r and s (T, B, N), and what ``backward`` needs."""
    B, N = r0.shape
    given = {"real": dense(real), "imaginary": dense(imaginary), "r0": dense(r0), "s0": dense(s0)}
    r, s = np.empty((2, T, B, N), r0.dtype)
    rows = block_rows(B)
    _forward.run(-(-B // rows), r0.dtype, block=rows, **given, r=r, s=s, work=4 * r.size)
    return r, s, (given, r, s)


def backward(saved, d_r, d_s):
    """The gradients, given d_r and d_s (T, B, N), as a dict: r0, s0, real, imaginary."""
    given, r, s = saved
    T, B, N = r.shape
    error_r, error_s = np.zeros((2, B, N), r.dtype)
    sums, rows = np.zeros((2, B, N)), block_rows(B)
    _backward.run(
        -(-B // rows), r.dtype, block=rows, **given, r=r, s=s, d_r=dense(d_r), d_s=dense(d_s), error_r=error_r, error_s=error_s,
        d_real=sums[0], d_imaginary=sums[1], work=8 * r.size,
    )  # fmt: skip
    d_real, d_imaginary = np.sum(sums, axis=1).astype(r.dtype)
    return {"r0": error_r, "s0": error_s, "real": d_real, "imaginary": d_imaginary}


@Tasks("block: number; real, imaginary: floats (N); r0, s0: floats (B, N); r, s: floats (T, B, N)")
def _forward(index, T, B, N, block, real, imaginary, r0, s0, r, s):
    """All steps of one block of batch rows."""
    for b in range(index * block, min(B, (index + 1) * block)):
        r_before, s_before = shift(r0, b * N), shift(s0, b * N)
        for t in range(T):
            place = (t * B + b) * N
            r_t, s_t = shift(r, place), shift(s, place)
            for j in range(N):
                r_t[j] = real[j] * r_before[j] - imaginary[j] * s_before[j]
                s_t[j] = imaginary[j] * r_before[j] + real[j] * s_before[j]
            r_before, s_before = r_t, s_t


@Tasks(
    "block: number; real, imaginary: floats (N); r0, s0, error_r, error_s: floats (B, N); r, s, d_r, d_s: floats (T, B, N); "
    "d_real, d_imaginary: doubles (B, N)"
)
def _backward(index, T, B, N, block, real, imaginary, r0, s0, error_r, error_s, r, s, d_r, d_s, d_real, d_imaginary):
    """All steps of one block of batch rows, last step first; sums over the steps are kept in float64."""
    for b in range(index * block, min(B, (index + 1) * block)):
        e_r, e_s, sum_real, sum_imaginary = shift(error_r, b * N), shift(error_s, b * N), shift(d_real, b * N), shift(d_imaginary, b * N)
        for step in range(T):
            t = T - 1 - step
            place = (t * B + b) * N
            d_r_t, d_s_t = shift(d_r, place), shift(d_s, place)
            r_before = shift(r, place - B * N) if t > 0 else shift(r0, b * N)
            s_before = shift(s, place - B * N) if t > 0 else shift(s0, b * N)
            for j in range(N):
                of_r, of_s = e_r[j] + d_r_t[j], e_s[j] + d_s_t[j]
                sum_real[j] += of_r * r_before[j] + of_s * s_before[j]
                sum_imaginary[j] += of_s * r_before[j] - of_r * s_before[j]
                e_r[j] = real[j] * of_r + imaginary[j] * of_s
                e_s[j] = real[j] * of_s - imaginary[j] * of_r
