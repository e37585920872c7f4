"""Faults chosen after the cases stood, on other equations where they can be, to see how many of such faults are found."""

import numpy as np

from refrnn.kernels.primitives import threads
from tests.verify.museum.faults import all_of, batch, elementwise, is_double, is_ragged, kept, lengths_of, only, put, rounded, scaled, steps
from tests.verify.museum.planting import Fault


def per_item(change):
    """``change(array, item, length)`` for each sequence of a ragged call."""

    def after(a, out):
        for item, length in enumerate(a["lengths"] if lengths_of(a) is not None else ()):
            change(out, item, int(length))

    return after


def _first_kept(a, out):
    first = kept("first h", lambda: out["h"].copy())
    if first.shape == out["h"].shape and first.dtype == out["h"].dtype and first is not out["h"]:
        out["h"][-1, -1, -1] = first[-1, -1, -1]


HOLDOUT = [
    Fault("block edge", "rows from 32 on", "gru-reset-before", after=put("h", (all_of, slice(32, None)), 0)),
    Fault("block edge", "the very last row of an odd batch over 16", "elman", after=only(lambda a: batch(a) > 16 and batch(a) % 2, put("y", (all_of, -1), 0))),
    Fault("block edge", "units past 96", "gru-minimal", after=put("h", (..., slice(96, None)), 0)),
    Fault("block edge", "a width of exactly 16 plus one", "sequence-tagging", before=only(lambda a: a["x"].shape[-1] == 17, lambda a: a.update(x=0 * a["x"]))),
    Fault("block edge", "gradient of the input past 32 features", "gru-reset-before", back=put("x", (..., slice(32, None)), 0)),
    Fault("block edge", "gradient rows past 48 in a task", "gru-reset-before", back=put("W_hh", (slice(48, None),), 0)),
    Fault("block edge", "steps past 32", "lstm-peephole", after=put("C", (slice(32, None),), 0)),
    Fault("block edge", "steps past 128", "leaky-units", after=put("h", (slice(128, None),), 0), level="full"),
    Fault("block edge", "more than 64 rows take another path", "leaky-units", back=only(lambda a: batch(a) > 64, scaled("a", 1.01))),
    Fault("block edge", "three rows", "unfolding", after=only(lambda a: batch(a) == 3, put("s", (all_of, 2), 0))),
    Fault("threads", "bias gradient of one thread", "gru-reset-after", back=only(lambda a: threads.get() > 1, scaled("b_h", 0.5))),
    Fault("threads", "rounding of one output by threads", "elman", after=only(lambda a: threads.get() > 1, elementwise("y", lambda a, y: np.nextafter(y, 9)))),
    Fault("threads", "the block in the middle is done twice", "unfolding", after=only(lambda a: threads.get() > 1 and batch(a) > 16, lambda a, out: out["s"].__setitem__((all_of, slice(8, 12)), out["s"][:, 8:12] * 2))),
    Fault("ragged", "only the first sequence has its own end", "gru-reset-before", after=per_item(lambda out, i, n: out["h"].__setitem__((slice(n, None), i), 1) if i else None)),
    Fault("ragged", "a length of two counts as one", "leaky-units", after=per_item(lambda out, i, n: out["h"].__setitem__((1, i), 0) if n == 2 else None)),
    Fault("ragged", "the last valid step is left out", "lstm-peephole", after=per_item(lambda out, i, n: out["h"].__setitem__((n - 1, i), 0))),
    Fault("ragged", "the error of the last step of short ones", "unfolding", back=only(is_ragged, lambda a, d, g: [g["x"].__setitem__((n - 1, i), 0) for i, n in enumerate(a["lengths"]) if n < steps(a)])),
    Fault("ragged", "parameters see padding", "elman", back=only(is_ragged, scaled("W_xh", 1.001))),
    Fault("ragged", "starts of whole sequences only have an error", "gru-reset-before", back=only(is_ragged, lambda a, d, g: g["h0"].__setitem__(a["lengths"] < steps(a), 0))),
    Fault("ragged", "NaN of padding reaches a weight", "gru-minimal", back=lambda a, d, g: g.update(h0=g["h0"] + 0 * a["x"][-1].sum())),
    Fault("ragged", "whole though lengths are given and longest is T - 1", "leaky-units", after=lambda a, out: out["h"].__setitem__(-1, out["h"][-2]) if lengths_of(a) is not None and a["lengths"].max() == steps(a) - 1 else None),
    Fault("calls", "the last number is that of the first call", "gru-reset-before", after=_first_kept),
    Fault("calls", "the start is set to zero after use", "elman", after=lambda a, out: a["h0"].__setitem__(..., 0) if a["h0"].flags.writeable else None),
    Fault("calls", "a weight is transposed in place", "unfolding", after=lambda a, out: a["U"].__setitem__(..., a["U"].T.copy()) if a["U"].flags.writeable else None),
    Fault("calls", "gradients of the second way back are doubled", "elman", back=lambda a, d, g: g.update(W_hy=g["W_hy"] * a.setdefault("times", 1)) or a.update(times=2)),
    Fault("calls", "the bias gradient lies in one place for all calls", "gru-minimal", back=lambda a, d, g: g.update(h0=_placed(g["h0"]))),
    Fault("special", "an infinite weight is no number", "gru-reset-before", after=lambda a, out: out.update(h=np.where(np.isinf(a["x"]).any(axis=(0, 2))[:, None], np.nan, out["h"]))),
    Fault("special", "a large input is clipped at 50", "elman", before=lambda a: a.update(x=np.clip(a["x"], -50, 50))),
    Fault("special", "sigmoid is linear below a thousandth", "activation-jacobian", after=lambda a, out: out.update(h_sigmoid=np.where(a["z"] > 36, np.nextafter(out["h_sigmoid"], 0), out["h_sigmoid"]))),
    Fault("special", "relu of infinity is the largest number", "activation-jacobian", after=lambda a, out: out.update(h_relu=np.minimum(out["h_relu"], np.finfo(out["h_relu"].dtype).max))),
    Fault("special", "elu has no slope at minus infinity's side", "activation-jacobian", back=lambda a, d, g: g.update(z=np.where(a["z"] < -0.5, 0, g["z"]))),
    Fault("special", "clip keeps NaN's gradient", "clip-value", back=lambda a, d, g: g.update(g=np.where(np.isnan(a["g"]), 5, g["g"]))),
    Fault("special", "the norm of one array alone where the other is zero", "clip-norm", after=lambda a, out: out.update(length=out["length"] * 2) if not a["g"].any() else None),
    Fault("special", "no clipping of lengths beyond 1e20", "clip-norm", after=lambda a, out: out.update(g_clipped=a["g"].copy()) if out["length"] > 1e20 else None),
    Fault("precision", "one gradient of float64 through float32", "gru-reset-before", back=rounded("b_h", np.float32)),
    Fault("precision", "the first step in float32", "elman", after=only(is_double, lambda a, out: out["h"].__setitem__(0, out["h"][0].astype(np.float32)))),
    Fault("precision", "ten ulp in float32", "leaky-units", after=only(lambda a: not is_double(a), elementwise("h", lambda a, h: h * (1 + 5e-6)))),
    Fault("mathematics", "the leak counts twice in the gradient of one step", "leaky-units", back=only(lambda a: steps(a) == 1, scaled("a", 2))),
    Fault("mathematics", "two gates are swapped where weights are square", "lstm-peephole-diagonal", back=lambda a, d, g: g.update(b_i=g["b_f"], b_f=g["b_i"])),
    Fault("mathematics", "the gradient of one entry", "word-model", back=put("A", (0, 0), 0)),
    Fault("layout", "upstream in reverse is read forward", "gru-reset-before", back=lambda a, d, g: g.update(h0=-g["h0"]) if d["d_h"].strides[0] < 0 else None),
    Fault("layout", "weights with a stride are read as dense", "elman", before=lambda a: a.update(W_hy=0 * a["W_hy"]) if not (a["W_hy"].flags.c_contiguous or a["W_hy"].flags.f_contiguous) else None),
]


def _placed(array):
    place = kept(("place", array.shape, array.dtype), lambda: np.empty_like(array))
    place[...] = array
    return place
