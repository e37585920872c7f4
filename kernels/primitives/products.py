"""Matrix products: rows times a matrix inside the time loops, and lists of whole products between them.

``product`` is the one place where numbers are multiplied in bulk; a micro-kernel for a certain machine takes its place.
Every element of a result is summed in one order, given by the sizes alone.
"""

import numpy as np
from numba import carray

from .compile import call, native, pointer, shift
from .threads import Tasks

# A sum longer than this is cut into parts that are added at the end, so that its rounding errors grow with
# SUMMED + length / SUMMED and not with the length.
SUMMED = 128
TASK_ROWS = 32
COLUMNS = 512  # 4 rows of this many float32 fill a sixth of a 48 KB cache

KEEP, CLEAR = 0, 1


@native("iFFFiiiiiii")
def product(start, c, a, b, rows, terms, columns, c_row, a_row, a_term, b_row):
    """c = c + a @ b (start KEEP) or c = a @ b (start CLEAR).

    c (rows, columns), a (rows, terms), b (terms, columns), all of one float type. ``c_row`` is the distance of c's
    rows in elements, and so on; the columns of b and of c are dense.
    """
    if start == CLEAR:
        for i in range(rows):
            for j in range(columns):
                c[i * c_row + j] = 0
    for first in range(0, columns, COLUMNS):
        width = min(COLUMNS, columns - first)
        k = 0
        while k < terms:
            several = k + 4 <= terms
            b0 = shift(b, k * b_row + first)
            b1, b2, b3 = shift(b0, b_row), shift(b0, 2 * b_row), shift(b0, 3 * b_row)
            i = 0
            while i < rows:
                p = shift(a, i * a_row + k * a_term)
                c0 = shift(c, i * c_row + first)
                if several and i + 4 <= rows:
                    c1, c2, c3 = shift(c0, c_row), shift(c0, 2 * c_row), shift(c0, 3 * c_row)
                    q, r, s = shift(p, a_row), shift(p, 2 * a_row), shift(p, 3 * a_row)
                    p0, p1, p2, p3 = p[0], p[a_term], p[2 * a_term], p[3 * a_term]
                    q0, q1, q2, q3 = q[0], q[a_term], q[2 * a_term], q[3 * a_term]
                    r0, r1, r2, r3 = r[0], r[a_term], r[2 * a_term], r[3 * a_term]
                    s0, s1, s2, s3 = s[0], s[a_term], s[2 * a_term], s[3 * a_term]
                    for j in range(width):
                        v0, v1, v2, v3 = b0[j], b1[j], b2[j], b3[j]
                        c0[j] = c0[j] + p0 * v0 + p1 * v1 + p2 * v2 + p3 * v3
                        c1[j] = c1[j] + q0 * v0 + q1 * v1 + q2 * v2 + q3 * v3
                        c2[j] = c2[j] + r0 * v0 + r1 * v1 + r2 * v2 + r3 * v3
                        c3[j] = c3[j] + s0 * v0 + s1 * v1 + s2 * v2 + s3 * v3
                    i += 4
                elif several:
                    p0, p1, p2, p3 = p[0], p[a_term], p[2 * a_term], p[3 * a_term]
                    for j in range(width):
                        c0[j] = c0[j] + p0 * b0[j] + p1 * b1[j] + p2 * b2[j] + p3 * b3[j]
                    i += 1
                else:
                    p0 = p[0]
                    for j in range(width):
                        c0[j] = c0[j] + p0 * b0[j]
                    i += 1
            k += 4 if several else 1
