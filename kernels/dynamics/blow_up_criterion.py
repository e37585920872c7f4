"""When a linear recursion blows up. Lecture cmu-2017, Bengio, Simard and Frasconi 1994.

Gives r, s and length (B, T, N), blows_up and shrinks (N,).
By hand: what its equations compile to takes 0.9 to 2.8 times as long.
"""

import numpy as np

from ..families import eigenvalues
from ..primitives.arguments import Arguments

TAKES = Arguments("r0, s0 (B, N); lamda_re, lamda_im (N); T size")


@TAKES.forward
def forward(r0, s0, lamda_re, lamda_im, T):
    r, s, loop = eigenvalues.forward(r0, s0, lamda_re, lamda_im, T)
    r, s = r.swapaxes(0, 1), s.swapaxes(0, 1)
    length = np.where(np.isnan(r) | np.isnan(s), r + s, np.hypot(r, s))  # hypot(inf, NaN) is inf
    size = lamda_re**2 + lamda_im**2
    criteria = {"blows_up": (size > 1).astype(r0.dtype), "shrinks": (size < 1).astype(r0.dtype)}
    return {"r": r, "s": s, "length": length, **criteria}, {"loop": loop, "r": r, "s": s, "length": length}


@TAKES.backward
def backward(saved, d_r, d_s, d_length, d_blows_up, d_shrinks):
    r, s, length = saved["r"], saved["s"], saved["length"]
    length = np.where(length > 0, length, 1).astype(r.dtype)  # the slope of a length of 0 is taken as 0
    d_r, d_s = d_r + d_length * (r / length), d_s + d_length * (s / length)
    d = eigenvalues.backward(saved["loop"], d_r.swapaxes(0, 1), d_s.swapaxes(0, 1))
    return {"r0": d["r0"], "s0": d["s0"], "lamda_re": d["real"], "lamda_im": d["imaginary"]}
