"""Powers of a matrix by its eigenvalues. Lecture cmu-2017.

Gives every output (B, T, 2*M+R).
By hand: the equations can't be compiled, as one is a power of a matrix.
"""

import numpy as np

from ..families import powers
from ..primitives.arguments import Arguments
from ..primitives.arrays import dense, flat
from ..primitives.products import multiply

TAKES = Arguments("h (B, 2*M+R); lamda (R); lamda_re, lamda_im (M); p, q (2*M+R); T size")


@TAKES.forward
def forward(h, lamda, lamda_re, lamda_im, p, q, T):
    M, h = len(lamda_re), dense(h)
    identity = np.eye(len(p), dtype=h.dtype)
    u, v = identity + np.outer(q, p), identity - np.outer(p, q) / (1 + p @ q)
    factors = _powers(lamda, lamda_re, lamda_im, T)
    sizes = np.concatenate([np.sqrt(lamda_re**2 + lamda_im**2), np.abs(lamda)])
    leads = np.arange(len(sizes)) == np.argmax(sizes)
    places = np.concatenate([leads[:M], leads]).astype(h.dtype)  # both of a pair

    a, W = np.empty_like(h), np.empty_like(u)
    multiply((a, h, dense(v.T)), (W, _turned(v.T, (lamda_re, lamda_im, lamda)), u))  # h @ W, for h in rows
    P = powers.powers(W, T - 1)
    coefficients = _turned(a[:, None], factors)
    outputs = {name: np.empty((*h.shape[:1], T, len(p)), h.dtype) for name in ("power", "expanded", "leading")}
    multiply(
        *((outputs["power"][:, t], h, P[t]) for t in range(T)),
        (flat(outputs["expanded"]), flat(coefficients), u),
        (flat(outputs["leading"]), flat(coefficients * places), u),
    )
    return outputs, {"basis": (u, v), "P": P, "factors": factors, "places": places, "a": a}


@TAKES.backward
def backward(saved, d_power, d_expanded, d_leading):
    (u, v), P, (r, s, real) = saved["basis"], saved["P"], saved["factors"]
    B, T, N = d_power.shape
    along, along_leading = np.empty((2, B, T, N), u.dtype)
    d_h, d_h_of_a = np.empty((2, B, N), u.dtype)
    multiply((flat(along), flat(dense(d_expanded)), dense(u.T)), (flat(along_leading), flat(dense(d_leading)), dense(u.T)))
    d_a = _turned(along + saved["places"] * along_leading, (r, -s, real)).sum(axis=1)
    stacked = flat(dense(P.transpose(0, 2, 1)))
    multiply((d_h, dense(d_power).reshape(B, T * N), stacked), (d_h_of_a, d_a, v))
    return {"h": d_h + d_h_of_a}


def _powers(lamda, lamda_re, lamda_im, T):
    """The powers 0 to T - 1 of the pairs, real and imaginary parts (T, M), and of the real eigenvalues (T, R)."""
    t, dtype = np.arange(T)[:, None], lamda.dtype
    pairs = np.ones((T, len(lamda_re)), np.complex128)
    pairs.real[1:], pairs.imag[1:] = lamda_re, lamda_im
    pairs = np.cumprod(pairs, axis=0)  # not a power, which knows other limits at infinity
    return pairs.real.astype(dtype), pairs.imag.astype(dtype), (lamda.astype(np.float64) ** t).astype(dtype)


def _turned(a, factors):
    """Components ``a`` (..., N), each multiplied by its eigenvalue; those of a pair as one complex number."""
    r, s, real = factors
    x, y, rest = np.split(a, [r.shape[-1], 2 * r.shape[-1]], axis=-1)
    return np.concatenate([r * x - s * y, s * x + r * y, rest * real], axis=-1)
