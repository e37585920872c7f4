"""One vector at every step, u (T, B, N)."""

from ..families import sequences
from ..primitives.arguments import Arguments

TAKES = Arguments("v (B, N); T size; lengths of T")


@TAKES.forward
def forward(v, T, lengths=None):
    return {"u": sequences.repeat(v, T, lengths)}, {}


@TAKES.backward
def backward(saved, d_u):
    return {"v": sequences.repeat_pulled_back(d_u)}
