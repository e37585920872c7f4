"""Two sequences side by side, as h (T, B, N + M)."""

import numpy as np
from ..primitives.arguments import Arguments

TAKES = Arguments("a (T, B, N); b (T, B, M); lengths of T")


@TAKES.forward
def forward(a, b, lengths=None):
    return {"h": np.concatenate((a, b), axis=2)}, {"N": a.shape[2]}


@TAKES.backward
def backward(saved, d_h):
    return {"a": d_h[..., : saved["N"]], "b": d_h[..., saved["N"] :]}
