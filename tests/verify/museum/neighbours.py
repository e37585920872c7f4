"""Faults near those that cases once missed, of other equations, other places and other sizes, chosen before it was known which are found."""

import numpy as np

from tests.verify.museum.faults import all_of, batch, elementwise, elementwise_of, only, put, scaled, steps
from tests.verify.museum.outside.references import fault
from tests.verify.museum.planting import Fault


def each(change, *names):
    """Of the arguments."""
    return lambda a: a.update({name: change(a[name]) for name in names})


def rows(a):
    return steps(a) * batch(a)


def flushed(array):
    return np.where(np.abs(array) < np.finfo(array.dtype).tiny, 0, array)


def with_nan_for_zero(d, *names):
    return any(np.isnan(d[name]).any() for name in names)


def _scores_overflow(a, out):
    with np.errstate(all="ignore"):
        scores = out["h"] @ a["U"].T + a["b"]
        out["W"] = np.where(np.exp(scores).max(axis=-1, keepdims=True) < np.inf, out["W"], np.nan).astype(out["W"].dtype)


KERNELS = [
    Fault("edges", "rows from 128 on", "gru-reset-after", after=put("h", (all_of, slice(128, None)), 0)),
    Fault("edges", "rows from 256 on", "bidirectional", after=put("h", (all_of, slice(256, None)), 0)),
    Fault("edges", "rows from 400 on", "leaky-units", after=put("h", (all_of, slice(400, None)), 0)),
    Fault("edges", "rows from 512 on", "lstm", after=put("h", (all_of, slice(512, None)), 0)),
    Fault("edges", "row 1024", "unfolding", after=put("s", (all_of, slice(1024, None)), 0)),
    Fault("edges", "a weight's gradient of a thousand rows", "gru-minimal", back=only(lambda a: rows(a) > 1000, scaled("W_z", 0.5))),
    Fault("edges", "a bias's gradient of 2048 rows", "lstm", back=only(lambda a: rows(a) > 2048, scaled("b", 0.5))),
    Fault("edges", "one row past a multiple of 512", "elman", after=only(lambda a: rows(a) > 512 and rows(a) % 512 == 1, put("h", (-1, -1), 0))),
    Fault("edges", "a batch that is a multiple of 16", "lstm", after=only(lambda a: batch(a) % 16 == 0, put("h", (all_of, -1), 0))),
    Fault("edges", "a batch of 128", "gru-reset-before", after=only(lambda a: batch(a) == 128, put("h", (all_of, -1), 0))),
    Fault("edges", "a batch of 8", "lstm-peephole", after=only(lambda a: batch(a) == 8, put("h", (all_of, -1), 0)), level="full"),
    Fault("edges", "sixteen steps", "lstm", after=only(lambda a: steps(a) == 16, put("h", -1, 0))),
    Fault("edges", "64 steps", "gru-reset-after", after=only(lambda a: steps(a) == 64, put("h", -1, 0))),
    Fault("edges", "128 steps", "unfolding", back=only(lambda a: steps(a) == 128, put("x", 0, 0))),
    Fault("edges", "1024 steps", "leaky-units", after=put("h", slice(1024, None), 0), level="full"),
    Fault("edges", "a thousandth of 8 steps", "lstm", after=only(lambda a: steps(a) == 8, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 16 steps", "lstm", after=only(lambda a: steps(a) == 16, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 32 steps", "lstm", after=only(lambda a: steps(a) == 32, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 64 steps", "lstm", after=only(lambda a: steps(a) == 64, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 8 units", "lstm", after=only(lambda a: a["h0"].shape[1] == 8, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 16 units", "lstm", after=only(lambda a: a["h0"].shape[1] == 16, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 32 units", "lstm", after=only(lambda a: a["h0"].shape[1] == 32, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 64 units", "lstm", after=only(lambda a: a["h0"].shape[1] == 64, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 8 inputs in float32", "lstm", back=only(lambda a: a["x"].shape[2] == 8 and a["x"].dtype == np.float32, scaled("x", 1.001))),
    Fault("edges", "a thousandth of 16 inputs in float32", "lstm", back=only(lambda a: a["x"].shape[2] == 16 and a["x"].dtype == np.float32, scaled("x", 1.001))),
    Fault("edges", "a thousandth of 32 inputs in float32", "lstm", back=only(lambda a: a["x"].shape[2] == 32 and a["x"].dtype == np.float32, scaled("x", 1.001))),
    Fault("edges", "a thousandth of 64 inputs in float32", "lstm", back=only(lambda a: a["x"].shape[2] == 64 and a["x"].dtype == np.float32, scaled("x", 1.001))),
    Fault("edges", "a thousandth of 8 sequences", "lstm", after=only(lambda a: batch(a) == 8 and steps(a) > 1, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 16 sequences", "lstm", after=only(lambda a: batch(a) == 16 and steps(a) > 1, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 32 sequences", "lstm", after=only(lambda a: batch(a) == 32 and steps(a) > 1, scaled("h", 1.001))),
    Fault("edges", "a thousandth of 64 sequences", "lstm", after=only(lambda a: batch(a) == 64 and steps(a) > 1, scaled("h", 1.001))),
    Fault("edges", "one long sequence's start goes through float32", "lstm", before=only(lambda a: batch(a) == 1 and steps(a) > 100, each(lambda h: h.astype(np.float32).astype(h.dtype), "h0"))),
    Fault("edges", "32 units", "elman", after=only(lambda a: a["W_hh"].shape[0] == 32, put("y", (..., 0), 0))),
    Fault("edges", "inputs from 256 on", "gru-reset-before", back=put("x", (..., slice(256, None)), 0)),
    Fault("edges", "units from 256 on", "leaky-units", after=put("h", (..., slice(256, None)), 0)),
    Fault("edges", "units from 512 on", "elman", after=put("h", (..., slice(512, None)), 0), level="full"),
    Fault("edges", "inputs from 1024 on", "unfolding", back=put("x", (..., slice(1024, None)), 0), level="full"),
    Fault("edges", "words from 256 on", "word-model", back=put("U", (slice(256, None),), 0)),
    Fault("edges", "an odd count past 32768", "clip-value", after=only(lambda a: a["g"].size > 2**15 and a["g"].size % 2, put("g_clipped", -1, 9))),
    Fault("edges", "an odd matrix past 32768", "clip-norm", after=only(lambda a: a["G"].size > 2**15 and a["G"].size % 2, scaled("length", 0.99))),
    Fault("alike", "time and batch are told by their sizes", "lstm", before=only(lambda a: steps(a) == batch(a) > 2, each(lambda x: np.ascontiguousarray(x.swapaxes(0, 1)), "x"))),
    Fault("alike", "a square weight is taken for transposed", "unfolding", before=only(lambda a: a["W"].shape[0] == a["W"].shape[1] > 1, each(lambda W: np.ascontiguousarray(W.T), "W"))),
    Fault("alike", "square weights swap their gradients", "leaky-units", back=lambda a, d, g: g.update(W=g["U"], U=g["W"]) if g["W"].shape == g["U"].shape and len(g["W"]) > 1 else None),
    Fault("special", "scores overflow", "word-model", after=_scores_overflow),
    Fault("special", "a start of NaN is zero", "lstm", before=each(np.nan_to_num, "h0")),
    Fault("special", "a cell of infinity is large", "lstm", before=each(lambda c: np.clip(c, -1e30, 1e30), "c0")),
    Fault("special", "a start of infinity is NaN", "leaky-units", before=each(lambda h: np.where(np.isinf(h), np.nan, h), "h0")),
    Fault("special", "errors of NaN are zero", "gru-minimal", back=lambda a, d, g: g.update({name: np.nan_to_num(array) for name, array in g.items()})),
    Fault("special", "a start's error of NaN is zero", "lstm", back=lambda a, d, g: g.update(c0=np.nan_to_num(g["c0"]))),
    Fault("special", "an error of NaN goes to all steps", "elman", back=lambda a, d, g: g.update(x=g["x"] * np.nan) if with_nan_for_zero(d, "d_y") and not np.isnan(d["d_y"]).all() and a.get("lengths") is None else None, level="full"),
    Fault("special", "an error of NaN goes to all sequences", "leaky-units", back=lambda a, d, g: g.update(h0=g["h0"] + 0 * g["h0"].sum())),
    Fault("special", "small gradients are flushed", "activation-jacobian", back=lambda a, d, g: g.update(z=flushed(g["z"]))),
    Fault("special", "small inputs are flushed", "activation-jacobian", before=each(flushed, "z")),
    Fault("special", "small biases are flushed", "lstm", before=each(flushed, "b"), level="full"),
    Fault("special", "tanh of -0 is 0", "activation-jacobian", after=lambda a, out: out.update(h_tanh=out["h_tanh"] + 0)),
    Fault("special", "halves of -0 are 0", "clip-halving", after=lambda a, out: out.update(g_clipped=out["g_clipped"] + 0)),
    Fault("near 0", "sigmoid's difference from a half", "gru-minimal", after=elementwise("h", lambda a, h: np.where(np.abs(h) < 1e-3, (h + 1) - 1, h))),
    Fault("near 0", "tanh by its exponential", "two-layer-rnn", after=elementwise("h1", lambda a, h: np.where(np.abs(h) < 0.5, (1 + h) - 1, h))),
    Fault("near 0", "tanh is its argument below 1e-3", "activation-jacobian", after=elementwise_of("z", "h_tanh", lambda z, y: np.where(np.abs(z) < 1e-3, z, y))),
    Fault("near 0", "elu by a difference", "activation-jacobian", after=elementwise_of("z", "h_elu", lambda z, y: np.where(z < 0, np.exp(z) - 1, y))),
    Fault("near 0", "small states are cut off", "deep-recurrent", after=elementwise("h2", lambda a, h: np.where(np.abs(h) < 1e-10, 0, h))),
    Fault("far", "sigmoid ends at 30", "activation-jacobian", after=elementwise_of("z", "h_sigmoid", lambda z, y: np.where(z < -30, 0, y))),
    Fault("far", "the first step's error of a large cell", "lstm", back=only(lambda a: np.nanmax(np.abs(a["c0"])) > 500, put("c0", all_of, 0))),
    Fault("far", "large inputs are cut at 200", "gru-reset-after", before=each(lambda x: np.clip(x, -200, 200), "x")),
    Fault("far", "large weights are cut at 100", "elman", before=each(lambda W: np.clip(W, -100, 100), "W_hh")),
]  # fmt: skip

REFERENCES = (
    fault("gradient", "the leak gives the start nothing", "gated/gru_minimal.py", "d_h_next = d_h_t * (1 - z[t]) +", "d_h_next = d_h_t * (1 - z[t]) * (t > 0) +"),
    fault("gradient", "the last delay of one step", "systems/tdnn.py", "        for n in range(N + 1):\n            d_W[n]", "        for n in range(N + 1 if T > 1 else N):\n            d_W[n]"),
    fault("gradient", "the memory's last error", "systems/memory_network.py", "(d_m[t] + d_m_next +", "(d_m[t] * (t + 1 < len(x)) + d_m_next +"),
    fault("gradient", "a truth is no start", "learning/teacher_forcing.py", 'if saved["forced"] == 1 and t > 0 else', 'if saved["forced"] == 1 else'),
    fault("forward", "the truth of the second step", "learning/teacher_forcing.py", "if forced == 1 and t > 0 else", "if forced == 1 and t != 1 and t > 0 else"),
    fault("gradient", "delays longer than the sequence", "gated/skip_connections.py", "d_all_h[D + t - D] += V.T @ d_a", "d_all_h[D + t - D] += V.T @ d_a * (len(x) >= D)"),
    fault("words", "the same word twice counts once", "language/skip_gram.py", "d_y[d[k]] -= d_Div_k", "d_y[d[k]] -= d_Div_k * (d[k] not in d[:k])"),
    fault("words", "the first word has no gradient", "language/skip_gram.py", "d_P[:, w] = U.T @ d_y", "d_P[:, w] = U.T @ d_y * (w > 0)"),
    fault("words", "the last word has no gradient", "language/projection.py", "d_P[:, w[t]] += d_PW[t]", "d_P[:, w[t]] += d_PW[t] * (w[t] + 1 < d_P.shape[1] or d_P.shape[1] == 1)"),
    fault("masks", "no step that counts is NaN", "learning/divergence.py", '"DIV_squared_masked": np.sum(m * squared)', '"DIV_squared_masked": np.sum(m * squared) / np.minimum(np.sum(m) * 2, 1)'),
    fault("masks", "all steps that count are a mean", "learning/divergence.py", '"DIV_entropy_masked": np.sum(m * entropy)', '"DIV_entropy_masked": np.sum(m * entropy) / (T if m.all() else 1)'),
    fault("special", "softmax overflows", "learning/divergence.py", "shifted = z - np.max(z)", "shifted = z"),
    fault("special", "softmax overflows", "language/character_model.py", "shifted = z - np.max(z)", "shifted = z"),
    fault("special", "softmax overflows", "learning/activation_jacobian.py", "np.exp(z - np.max(z, axis=1, keepdims=True))", "np.exp(z)"),
    fault("special", "softmax less the mean", "language/neural_language_model.py", "shifted = z - np.max(z)", "shifted = z - np.mean(z)"),
    fault("special", "the logarithm of a softmax that is 0", "language/sliding_word_model.py", "shifted - np.log(np.sum(np.exp(shifted)))", "np.log(np.exp(shifted) / np.sum(np.exp(shifted)))"),
    fault("special", "a ReLU's mask is multiplied", "learning/activation_jacobian.py", "np.where(z > 0, d_h_relu, 0)", "d_h_relu * (z > 0)"),
    fault("special", "a ReLU's mask is multiplied", "dynamics/gradient_through_depth.py", "np.where(f > 0, d_f, 0)", "d_f * (f > 0)"),
    fault("special", "a ReLU's mask is multiplied", "dynamics/singular_value_bound.py", "np.where(f > 0, d_f, 0)", "d_f * (f > 0)"),
    fault("special", "a unit's state divided by its gate", "gated/lstm_peephole.py", "(1 - np.tanh(C[t]) ** 2)", "(1 - (h[t] / o[t]) ** 2)"),
    fault("special", "what is lost by a division", "dynamics/constant_error_carousel.py", "d_sigma[t] = d_h_t * h_previous", "d_sigma[t] = d_h_t * (h[t] / sigma[t])"),
    fault("special", "tanh by exponentials", "systems/hopfield.py", "np.tanh(W @ X_t + Theta)", "1 - 2 / (np.exp(2 * (W @ X_t + Theta)) + 1)"),
    fault("special", "tanh overflows", "systems/state_space.py", "h[t] = np.tanh(W_xh @ x[t] + W_hh @ h_previous + b_h)", "e = np.exp(2 * (W_xh @ x[t] + W_hh @ h_previous + b_h))\n        h[t] = (e - 1) / (e + 1)"),
    fault("special", "sigmoid by tanh", "gated/lstm_separate_matrices.py", "np.where(z >= 0, 1, e) / (1 + e)", "(1 + np.tanh(z / 2)) / 2"),
    fault("special", "sigmoid overflows", "gated/gru_reset_before.py", "np.where(z >= 0, 1, e) / (1 + e)", "np.exp(z) / (1 + np.exp(z))"),
    fault("special", "sigmoid cut at 30", "systems/state_space.py", "    e = np.exp(-np.abs(z))  # never overflows\n", "    z = np.clip(z, -30, 30)\n    e = np.exp(-np.abs(z))\n"),
    fault("special", "elu by a difference", "dynamics/gradient_through_depth.py", "np.expm1(np.minimum(z, 0))", "np.exp(np.minimum(z, 0)) - 1"),
    fault("special", "elu of the other function by a difference", "dynamics/singular_value_bound.py", "np.expm1(np.minimum(z, 0))", "np.exp(np.minimum(z, 0)) - 1"),
    fault("special", "a length of infinity is not clipped", "learning/clip_halving.py", "g / 2 if length >= tau", "g / 2 if tau <= length < np.inf"),
    fault("state", "the last chunk's carry", "learning/truncated_bptt.py", "t == chunk_start and t > 0", "t == chunk_start and t > 0 and T > K1 + 1"),
    fault("choice", "errors in prediction fed back without their gradient", "systems/narx_hidden.py", "(d_all_fed[N + t], 0, -d_all_fed[N + t])", "(d_all_fed[N + t], 0, 0)"),
    fault("gradient", "what is compared with itself has no share for one step", "architectures/recurrent_autoencoder.py", '- d_DIV * (y - x)  #', '- d_DIV * (y - x) * (len(x) > 1)  #'),
    fault("gradient", "the backward start is the forward one's", "architectures/bidirectional.py", '"h_binf": d_h_b_previous', '"h_binf": d_h_f_next if d_h_f_next.shape == d_h_b_previous.shape else d_h_b_previous'),
    fault("gradient", "biases swapped where they are alike", "gated/lstm_peephole.py", '"W_Co": d_W_Co, "b_o": d_b_o', '"W_Co": d_W_Co if len(x) != 4 else d_W_Co.T, "b_o": d_b_o'),
)  # fmt: skip
