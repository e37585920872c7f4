"""The faults, by class. They were chosen from what libraries had to mend, before it was known which of them are found."""

import numpy as np

from refrnn.kernels.primitives import threads
from tests.verify.museum.planting import Fault


def lengths_of(a):
    return a.get("lengths")


def is_ragged(a):
    return lengths_of(a) is not None and len(set(lengths_of(a).tolist())) > 1


def put(name, where, value):
    """After or back: ``where`` of an array becomes ``value``, where there is such a place."""

    def change(array):
        if array[where].size:
            array[where] = value

    return lambda a, *rest: change(rest[-1][name])


def only(condition, change):
    return lambda a, *rest: change(a, *rest) if condition(a) else None


def scaled(name, factor):
    def change(a, *rest):
        rest[-1][name] = rest[-1][name] * rest[-1][name].dtype.type(factor)

    return change


def batch(a):
    return a["x"].shape[1]


def steps(a):
    return len(a["x"])


def rounded(name, dtype):
    def change(a, *rest):
        rest[-1][name] = rest[-1][name].astype(dtype).astype(rest[-1][name].dtype)

    return change


def elementwise(name, function):
    def change(a, *rest):
        with np.errstate(all="ignore"):
            array = rest[-1][name]
            rest[-1][name] = np.asarray(function(a, array)).astype(array.dtype)

    return change


_kept = {}


def kept(key, make):
    return _kept.setdefault(key, make())


all_of = slice(None)

EDGES = [
    Fault("block edge", "rows from the 17th on start from the first row", "lstm", after=put("h", (all_of, slice(16, None)), 0)),
    Fault("block edge", "the last four of twenty rows are left out", "lstm", after=only(lambda a: batch(a) == 20, put("h", (all_of, slice(16, None)), 0))),
    Fault("block edge", "rows past 64 are left out", "gru-reset-after", after=put("h", (all_of, slice(64, None)), 0)),
    Fault("block edge", "one row past a block of four", "unfolding", after=only(lambda a: batch(a) % 4 == 1 and batch(a) > 1, put("s", (all_of, -1), 0))),
    Fault("block edge", "gradient of rows past 16 is that of the block before", "lstm", back=put("h0", slice(16, None), 0)),
    Fault("block edge", "bias gradient of the first block only", "lstm", back=only(lambda a: batch(a) > 16, lambda a, d, g: g.update(b=g["b"] / 2))),
    Fault("block edge", "the state is not carried over step 64", "gru-reset-after", after=put("h", (slice(64, None),), 0)),
    Fault("block edge", "the state is not carried over step 64", "bidirectional", after=put("h", (slice(64, None),), 0)),
    Fault("block edge", "step 512 is left out", "unfolding", after=put("s", (slice(512, None),), 0), level="full"),
    Fault("block edge", "gradient of inputs past step 64", "lstm", back=put("x", (slice(64, None),), 0)),
    Fault("block edge", "columns of the third panel", "lstm", after=put("h", (..., slice(64, None)), 0)),
    Fault("block edge", "products of more than 128 terms lose the rest", "lstm", before=lambda a: a.update(x=np.where(np.arange(a["x"].shape[-1]) < 128, a["x"], 0))),
    Fault("block edge", "weight gradients of more than 128 terms", "lstm", back=put("W", (all_of, slice(128, None)), 0)),
    Fault("block edge", "gradient sums over more than 128 rows", "gru-reset-after", back=only(lambda a: batch(a) * steps(a) > 128, scaled("U_z", 0.5))),
    Fault("block edge", "a width one off a multiple", "leaky-units", after=only(lambda a: a["h0"].shape[1] % 16 == 1, put("h", (..., -1), 0))),
    Fault("block edge", "columns past 48", "elman", after=put("y", (..., slice(48, None)), 0)),
    Fault("block edge", "one row and two panels", "lstm", after=only(lambda a: batch(a) == 1 and a["h0"].shape[1] > 32, put("h", (..., slice(32, None)), 0))),
    Fault("block edge", "two rows and two panels", "lstm", after=only(lambda a: batch(a) == 2 and a["h0"].shape[1] > 32, put("c", (..., slice(32, None)), 0))),
    Fault("block edge", "inputs past the hundredth", "elman", before=lambda a: a.update(x=np.where(np.arange(a["x"].shape[-1]) < 100, a["x"], 0))),
    Fault("block edge", "words past the 64th have no gradient", "word-model", back=put("P", (all_of, slice(64, None)), 0)),
    Fault("block edge", "the norm of the first 16384 numbers", "clip-norm", after=only(lambda a: a["G"].size > 16384, scaled("length", 0.9))),
    Fault("block edge", "the last numbers of an odd count are not clipped", "clip-value", after=lambda a, out: out["g_clipped"].__setitem__(-1, a["g"][-1]) if a["g"].size % 2 else None),
    Fault("block edge", "clipping past 16384 numbers", "clip-value", after=only(lambda a: a["g"].size > 16384, put("g_clipped", (slice(16384, None),), 0)), level="full"),
    Fault("block edge", "a single unit", "gru-reset-after", after=only(lambda a: a["h0"].shape[1] == 1, scaled("h", 1.01))),
    Fault("block edge", "a single step", "bidirectional", back=only(lambda a: steps(a) == 1, put("h_binf", (all_of,), 0))),
]

THREADS = [
    Fault("threads", "the second block is lost where two threads run", "lstm", after=only(lambda a: threads.get() > 1 and batch(a) > 16, put("h", (all_of, slice(8, 16)), 0))),
    Fault("threads", "rounding by the number of threads", "gru-reset-after", after=only(lambda a: threads.get() > 1, elementwise("h", lambda a, h: np.nextafter(h, 0)))),
    Fault("threads", "gradient sums by the number of threads", "lstm", back=only(lambda a: threads.get() > 1, elementwise("W", lambda a, w: np.nextafter(w, 0)))),
    Fault("threads", "wrong where there is work for two", "lstm", after=only(lambda a: 4 * steps(a) * batch(a) * a["h0"].shape[1] ** 2 > 2**20, put("c", (..., 0), 0))),
    Fault("threads", "wrong with one thread", "unfolding", after=only(lambda a: threads.get() == 1, scaled("s", 0.5))),
    Fault("threads", "every third call of several loses a row", "leaky-units", after=lambda a, out: _every_third(a, out)),
    Fault("threads", "two threads write the last row twice", "bidirectional", back=only(lambda a: threads.get() > 1 and batch(a) > 4, put("x", (all_of, -1), 0))),
]


def _every_third(a, out):
    _kept["calls"] = _kept.get("calls", 0) + 1
    if threads.get() > 1 and batch(a) > 4 and _kept["calls"] % 3 == 0:
        out["h"][:, -1] = 0


def _copies_last(a, out, name="h"):
    lengths = lengths_of(a)
    if lengths is not None and lengths.max() < len(out[name]):
        out[name][lengths.max()] = out[name][lengths.max() - 1]


def _sorts(a, reverse=True):
    if is_ragged(a):
        order = np.argsort(-a["lengths"] if reverse else a["lengths"], kind="stable")
        a["lengths"] = a["lengths"][order]


def _flips_items(a, *rest, name="h"):
    if is_ragged(a) and np.any(np.diff(a["lengths"]) > 0):
        rest[-1][name] = rest[-1][name][:, ::-1]


RAGGED = [
    Fault("ragged", "all equal and short counts as whole", "lstm", after=lambda a, out: _copies_last(a, out) if not is_ragged(a) else None),
    Fault("ragged", "explicitly whole loses the last step", "gru-reset-after", after=only(lambda a: lengths_of(a) is not None and lengths_of(a).min() == steps(a), put("h", -1, 0))),
    Fault("ragged", "T - 1 counts as T", "unfolding", after=lambda a, out: [out["s"].__setitem__((-1, i), out["s"][-2, i]) for i, n in enumerate(a["lengths"] if a["lengths"] is not None else ()) if n == steps(a) - 1]),
    Fault("ragged", "something is written past the longest", "bidirectional", after=_copies_last),
    Fault("ragged", "lengths are taken for sorted", "lstm", before=_sorts),
    Fault("ragged", "lengths are taken for sorted the other way", "gru-reset-after", before=lambda a: _sorts(a, False)),
    Fault("ragged", "results are not sorted back where lengths grow", "leaky-units", after=_flips_items),
    Fault("ragged", "gradients are not sorted back", "lstm", back=lambda a, d, g: g.update(h0=g["h0"][::-1]) if is_ragged(a) and a["lengths"][0] < a["lengths"][-1] else None),
    Fault("ragged", "a sequence of one step is empty", "lstm", after=only(lambda a: lengths_of(a) is not None, lambda a, out: out["h"].__setitem__((0, a["lengths"] == 1), 0))),
    Fault("ragged", "padding is read", "gru-reset-after", after=lambda a, out: out.update(h=out["h"] + 0 * a["x"][-1:, :, :1])),
    Fault("ragged", "the error of padding is read", "lstm", back=lambda a, d, g: g.update(c0=g["c0"] + 0 * d["d_c"][-1])),
    Fault("ragged", "the way back starts at T for all", "bidirectional", after=only(is_ragged, lambda a, out: out["h"].__setitem__((0, a["lengths"] < steps(a)), 0))),
    Fault("ragged", "the last step of all is that of the longest", "divergence", after=lambda a, out: out.update(DIV_entropy_last=out["entropy"][-1]) if lengths_of(a) is not None else None),
    Fault("ragged", "the mean is over T", "mean-pooling", after=lambda a, out: out.update(pool=out["pool"] * (a["lengths"][:, None] / len(a["w"])).astype(out["pool"].dtype)) if lengths_of(a) is not None else None),
    Fault("ragged", "gradients past the end are not zero", "lstm", back=lambda a, d, g: [g["x"].__setitem__((slice(n, None), i), 1e-3) for i, n in enumerate(a["lengths"] if a["lengths"] is not None else ())]),
    Fault("ragged", "minus zero past the end is not kept apart from tiny", "unfolding", after=lambda a, out: [out["s"].__setitem__((slice(n, None), i), 1e-30) for i, n in enumerate(a["lengths"] if a["lengths"] is not None else ())]),
    Fault("ragged", "the second of two equal lengths is dropped", "leaky-units", after=lambda a, out: out["h"].__setitem__((all_of, 1), 0) if lengths_of(a) is not None and batch(a) > 1 and a["lengths"][0] == a["lengths"][1] and is_ragged(a) else None),
]


def _static(name, key):
    def change(a, *rest):
        array = rest[-1][name]
        buffer = kept((key, array.shape, array.dtype), lambda: np.empty_like(array))
        buffer[...] = array
        rest[-1][name] = buffer

    return change


def _adds_up(a, d, g):
    total = kept(("sum", g["W"].shape, g["W"].dtype), lambda: np.zeros_like(g["W"]))
    total += g["W"]
    g["W"] = total.copy()


def _packs_by_identity(a):
    memory = kept("packs", dict)
    if memory.get("of") is not a["W"]:
        memory.update(of=a["W"], W=a["W"].copy())
    a["W"] = memory["W"]


def _packs_by_corner(a):
    memory = kept("corners", dict)
    key = a["W"].shape, a["W"].dtype, a["W"].flat[0], a["W"].flat[-1]
    a["W"] = memory.setdefault(key, a["W"].copy())


def _leftover(a, out):
    before = _kept.get("before")
    if before is not None and before.shape[1] > out["h"].shape[1] and before.dtype == out["h"].dtype and before.shape[2] == out["h"].shape[2]:
        out["h"][-1, -1] = before[-1, -1]
    _kept["before"] = out["h"].copy()


CALLS = [
    Fault("calls", "outputs lie in a buffer that the next call takes", "lstm", after=_static("h", "h")),
    Fault("calls", "gradients lie in a buffer that the next call takes", "lstm", back=_static("h0", "d_h0")),
    Fault("calls", "gradients add up over calls", "lstm", back=_adds_up),
    Fault("calls", "weights are packed once for each array", "lstm", before=_packs_by_identity),
    Fault("calls", "weights are packed once for each corner", "lstm", before=_packs_by_corner),
    Fault("calls", "the start becomes the last state", "gru-reset-after", after=lambda a, out: _writes(a["h0"], out["h"][-1])),
    Fault("calls", "the upstream gradient becomes the carry", "lstm", back=lambda a, d, g: _writes(d["d_h"][-1], 0)),
    Fault("calls", "the gradient is the upstream array", "lstm", back=lambda a, d, g: g.update(h0=_aliased(d["d_h"], g["h0"]))),
    Fault("calls", "the output is the argument where nothing is clipped", "clip-value", after=lambda a, out: out.update(g_clipped=a["g"]) if np.array_equal(out["g_clipped"], a["g"]) else None),
    Fault("calls", "the gradient is the upstream array where nothing is clipped", "clip-value", back=lambda a, d, g: g.update(g=d["d_g_clipped"]) if np.array_equal(g["g"], d["d_g_clipped"]) else None),
    Fault("calls", "a smaller batch sees what a larger one left", "lstm", after=_leftover),
    Fault("calls", "two gradients share their memory", "lstm", back=lambda a, d, g: g.update(c0=_aliased(g["h0"], g["c0"]))),
    Fault("calls", "padding is cleared in the caller's array", "lstm", after=lambda a, out: _clears(a)),
    Fault("calls", "an input is scaled in place", "unfolding", after=lambda a, out: _writes(a["x"], a["x"] * 0.5)),
    Fault("calls", "the second call with one seed is another", "leaky-units", after=lambda a, out: _drifts(out)),
]


def _writes(array, value):
    if array.flags.writeable:
        array[...] = value


def _aliased(where, value):
    view = where if where.shape == value.shape else where[0]
    if view.flags.writeable and view.shape == value.shape:
        view[...] = value
        return view
    return value


def _clears(a):
    if lengths_of(a) is not None and a["x"].flags.writeable:
        a["x"][np.arange(steps(a))[:, None] >= a["lengths"]] = 0


def _drifts(out):
    _kept["drift"] = _kept.get("drift", 0) + 1
    if _kept["drift"] % 5 == 4:
        out["h"] = np.nextafter(out["h"], 1)


def on_z(output, wrong):
    """The output at entries of z becomes what ``wrong`` makes of them."""
    return elementwise_of("z", output, wrong)


def elementwise_of(argument, output, wrong):
    def change(a, out):
        with np.errstate(all="ignore"):
            out[output] = np.asarray(wrong(a[argument], out[output])).astype(out[output].dtype)

    return change


def gate(where, value, name="h"):
    """Outputs within ``where`` become ``value``: what a shortcut of a gate does."""
    return elementwise(name, lambda a, h: np.where(where(h), value(h), h))


SPECIAL = [
    Fault("special", "NaN is clipped to the bound", "clip-value", after=elementwise_of("g", "g_clipped", lambda g, y: np.where(np.isnan(g), 1, y))),
    Fault("special", "infinity is not clipped", "clip-value", after=elementwise_of("g", "g_clipped", lambda g, y: np.where(np.isinf(g), g, y))),
    Fault("special", "minus infinity becomes NaN", "clip-value", after=elementwise_of("g", "g_clipped", lambda g, y: np.where(np.isneginf(g), np.nan, y))),
    Fault("special", "an entry at the bound has no gradient", "clip-value", back=lambda a, d, g: g.update(g=np.where(np.abs(a["g"]) == a["c"], 0, g["g"]))),
    Fault("special", "an entry beyond the bound has one", "clip-value", back=lambda a, d, g: g.update(g=np.where(np.abs(a["g"]) > a["c"], d["d_g_clipped"], g["g"]))),
    Fault("special", "above the threshold and not at it", "clip-norm", back=lambda a, d, g: g.update(g=np.asarray(d["d_g_clipped"])) if np.hypot(np.linalg.norm(a["g"]), np.linalg.norm(a["G"])) == a["tau"] else None),
    Fault("special", "relu lets NaN become zero", "activation-jacobian", after=on_z("h_relu", lambda z, y: np.where(np.isnan(z), 0, y))),
    Fault("special", "relu has a slope at zero", "activation-jacobian", back=lambda a, d, g: g.update(z=np.where(a["z"] == 0, g["z"] + d["d_h_relu"], g["z"]))),
    Fault("special", "elu of minus infinity is NaN", "activation-jacobian", after=on_z("h_elu", lambda z, y: np.where(np.isneginf(z), np.nan, y))),
    Fault("special", "softmax overflows", "activation-jacobian", after=on_z("h_softmax", lambda z, y: np.where(np.any(z > 700, axis=-1, keepdims=True), np.nan, y))),
    Fault("special", "softmax passes by a NaN that comes later", "activation-jacobian", after=on_z("h_softmax", lambda z, y: np.where(np.isnan(z[..., -1:]) & ~np.isnan(z[..., :1]), 0.25, y))),
    Fault("special", "NaN is left out but in the first feature", "lstm", before=lambda a: a["x"][..., 1:].__setitem__(np.isnan(a["x"][..., 1:]), 0)),
    Fault("special", "sigmoid of NaN is 0", "activation-jacobian", after=on_z("h_sigmoid", lambda z, y: np.where(np.isnan(z), 0, y))),
    Fault("special", "tanh of infinity is NaN", "activation-jacobian", after=on_z("h_tanh", lambda z, y: np.where(np.isinf(z), np.nan, y))),
    Fault("special", "sigmoid of a large number overflows", "activation-jacobian", after=on_z("h_sigmoid", lambda z, y: np.where(z < -700, np.nan, y))),
    Fault("special", "NaN in a sequence ends as zero", "lstm", after=lambda a, out: out.update(h=np.nan_to_num(out["h"]))),
    Fault("special", "an infinite input is left out", "gru-reset-after", before=lambda a: a.update(x=np.where(np.isinf(a["x"]), 0, a["x"]))),
    Fault("special", "NaN goes to all sequences", "lstm", after=lambda a, out: out.update(h=out["h"] + 0 * out["h"][:, -1:])),
    Fault("special", "small states are flushed", "lstm", after=gate(lambda h: np.abs(h) < 1e-6, lambda h: 0 * h)),
    Fault("special", "very small states are flushed", "lstm", after=gate(lambda h: np.abs(h) < 1e-15, lambda h: 0 * h)),
    Fault("special", "states near one are one", "unfolding", after=gate(lambda s: np.abs(s) > 1 - 1e-6, np.sign, "s")),
    Fault("special", "zero upstream divides by zero", "lstm", back=lambda a, d, g: g.update(h0=g["h0"] / np.float32(bool(d["d_h"].any())))),
    Fault("special", "an array of zeros has no norm", "clip-norm", after=lambda a, out: out.update(length=out["length"] * np.nan) if not a["G"].any() else None),
    Fault("special", "the norm overflows", "clip-norm", after=lambda a, out: out.update(length=np.sqrt(np.sum(a["g"] ** 2) + np.sum(a["G"] ** 2))) if np.abs(a["G"]).max() > 1e15 or np.abs(a["g"]).max() > 1e15 else None),
    Fault("special", "the norm underflows", "clip-norm", after=lambda a, out: out.update(length=0 * out["length"]) if np.abs(a["G"]).max() < 1e-25 else None),
]


def small_error(name, relative):
    return elementwise(name, lambda a, h: h * (1 + relative))


def is_double(a):
    return a["x"].dtype == np.float64


PRECISION = [
    Fault("precision", "float64 goes through float32", "lstm", after=rounded("h", np.float32)),
    Fault("precision", "weight gradients are summed in float32", "lstm", back=rounded("W", np.float32)),
    Fault("precision", "the bias is read as float32", "gru-reset-after", before=lambda a: a.update(b_h=(a["b_h"] * (1 + 1e-7)).astype(a["b_h"].dtype))),
    Fault("precision", "results of float32 are float64", "unfolding", after=lambda a, out: out.update(s=out["s"].astype(np.float64))),
    Fault("precision", "gradients of float32 are float64", "unfolding", back=lambda a, d, g: g.update(U=g["U"].astype(np.float64))),
    Fault("precision", "an approximate activation in float32", "lstm", after=only(lambda a: not is_double(a), small_error("h", 1e-5))),
    Fault("precision", "an approximate activation in float64", "lstm", after=only(is_double, small_error("h", 1e-13))),
    Fault("precision", "the state in half precision", "leaky-units", after=rounded("h", np.float16)),
    Fault("precision", "only the last step is less precise", "gru-reset-after", after=lambda a, out: out["h"].__setitem__(-1, out["h"][-1].astype(np.float16))),
    Fault("precision", "only one entry is less precise", "lstm", after=lambda a, out: out["c"].__setitem__((-1, -1, -1), np.float16(out["c"][-1, -1, -1]))),
]


def swap(name, other):
    def change(a, d, g):
        if g[name].shape == g[other].shape:
            g[name], g[other] = g[other], g[name]

    return change


MATHEMATICS = [
    Fault("mathematics", "gradients of two biases are swapped", "gru-reset-after", back=swap("b_u", "b_h")),
    Fault("mathematics", "gradients of two starts are swapped", "lstm", back=swap("h0", "c0")),
    Fault("mathematics", "the start is ignored", "unfolding", before=lambda a: a.update(s0=0 * a["s0"])),
    Fault("mathematics", "a square matrix is transposed", "unfolding", before=lambda a: a.update(U=np.ascontiguousarray(a["U"].T))),
    Fault("mathematics", "one bias is dropped", "gru-reset-after", before=lambda a: a.update(b_u=0 * a["b_u"])),
    Fault("mathematics", "no gradient of the bias", "bidirectional", back=put("b_b", all_of, 0)),
    Fault("mathematics", "the gradient of the leak has the other sign", "leaky-units", back=scaled("a", -1)),
    Fault("mathematics", "upstream of the cell is ignored", "lstm", back=put("c0", all_of, 0)),
    Fault("mathematics", "the directions are swapped", "bidirectional", after=lambda a, out: out.update(h=np.roll(out["h"], 1, axis=-1))),
    Fault("mathematics", "gradients are clipped", "lstm", back=lambda a, d, g: g.update({name: np.clip(array, -50, 50) for name, array in g.items()})),
    Fault("mathematics", "gradients are averaged over the batch", "unfolding", back=lambda a, d, g: g.update(U=g["U"] / batch(a))),
    Fault("mathematics", "gradients are averaged over a batch larger than eight", "unfolding", back=only(lambda a: batch(a) > 8, scaled("U", 0.5))),
    Fault("mathematics", "the first step has no gradient", "elman", back=put("x", 0, 0)),
    Fault("mathematics", "the error of a start is missing where the batch is one", "gru-reset-after", back=only(lambda a: batch(a) == 1, put("h0", all_of, 0))),
    Fault("mathematics", "no upstream is one", "lstm", back=lambda a, d, g: g.update(b=g["b"] + 1) if not any(array.any() for array in d.values()) else None),
    Fault("mathematics", "the last word is never the answer", "word-model", after=lambda a, out: out["W"].__setitem__((..., -1), 0)),
    Fault("mathematics", "the gradient of a learned start of the first sequence only", "two-layer-rnn", back=lambda a, d, g: g.update(h1_start=g["h1_start"] / 2) if g["h1_start"].ndim == 1 and batch(a) > 1 else None),
    Fault("mathematics", "a learned start for each sequence is that of the first", "two-layer-rnn", before=lambda a: a.update(h1_start=np.repeat(a["h1_start"][:1], batch(a), axis=0)) if a["h1_start"].ndim == 2 else None),
]

LAYOUTS = [
    Fault("layout", "Fortran order is read as C order", "lstm", before=lambda a: a.update(x=a["x"].reshape(-1, order="A").reshape(a["x"].shape))),
    Fault("layout", "weights in Fortran order are taken for transposed", "unfolding", before=lambda a: a.update(U=a["U"].T.copy()) if a["U"].flags.f_contiguous and not a["U"].flags.c_contiguous else None),
    Fault("layout", "a strided input is read as dense", "gru-reset-after", before=lambda a: a.update(x=_as_if_dense(a["x"]))),
    Fault("layout", "the stride of an axis of one is trusted", "lstm", before=lambda a: a.update(x=0 * a["x"]) if a["x"].shape[0] == 1 and a["x"].strides[0] != a["x"].nbytes and a["x"].flags.c_contiguous else None),
    Fault("layout", "read-only arrays are refused", "lstm", before=lambda a: a["x"].setflags(write=True) if not a["x"].flags.writeable and a["x"].base is not None else _refuses(a["x"])),
    Fault("layout", "unaligned arrays are misread", "leaky-units", before=lambda a: a.update(x=a["x"] + 1) if not a["x"].flags.aligned else None),
    Fault("layout", "a strided upstream is read as dense", "lstm", back=lambda a, d, g: g.update(c0=0 * g["c0"]) if not d["d_c"].flags.c_contiguous else None),
    Fault("layout", "a reversed input is read forward", "bidirectional", before=lambda a: a.update(x=a["x"][::-1].copy()) if a["x"].strides[0] < 0 else None),
]


def _as_if_dense(x):
    if x.flags.c_contiguous or x.strides[-1] != 2 * x.itemsize:
        return x
    return np.lib.stride_tricks.as_strided(x, strides=(x.strides[0] // 2, x.strides[1] // 2, x.itemsize)).copy()


def _refuses(array):
    if not array.flags.writeable:
        raise ValueError("buffer source array is read-only")


FAULTS = EDGES + THREADS + RAGGED + CALLS + SPECIAL + PRECISION + MATHEMATICS + LAYOUTS
