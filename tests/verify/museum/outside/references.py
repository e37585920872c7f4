"""Faults in references: hand-derived BPTT, ends, ties, special values, precision, memory."""

from tests.verify.museum.outside.planting import Fault

LSTM, GRU, DIAGONAL = "gated/lstm.py", "gated/gru_reset_after.py", "gated/lstm_peephole_diagonal.py"
BOTH_WAYS, ANSWER, PAIR = "architectures/bidirectional.py", "architectures/sequence_classification.py", "architectures/encoder_decoder.py"
WORDS, MEAN, NARX = "language/word_model.py", "language/mean_pooling.py", "systems/narx.py"
NORM, VALUE, HALF, CHUNKS = "learning/clip_norm.py", "learning/clip_value.py", "learning/clip_halving.py", "learning/truncated_bptt.py"


def fault(kind, name, file, old, new, found_by="quick"):
    return Fault(kind, name, file.split("/")[1][:-3].replace("_", "-"), file, old, new, found_by)


REFERENCES = (
    # Gradients derived by hand.
    fault("gradient", "no error for the start of one step", LSTM, '"h0": d_h_next', '"h0": d_h_next if len(x) > 1 else 0 * d_h_next'),
    fault("gradient", "the cell's upstream lost at the last step", LSTM, "d_c_t = d_c[t] +", "d_c_t = (d_c[t] if t + 1 < len(x) else 0) +"),
    fault("gradient", "i and f swapped on the way back", LSTM, "[d_a_i, d_a_f,", "[d_a_f, d_a_i,"),
    fault("gradient", "no tanh's slope at the last step", LSTM, "(1 - np.tanh(c[t]) ** 2)", "(1 - np.tanh(c[t]) ** 2 * (t + 1 < len(x)))"),
    fault("gradient", "inner bias past the reset", GRU, "d_b_u += d_u", "d_b_u += d_a"),
    fault("gradient", "reset gate without the inner bias", GRU, "d_a * (U @ h_previous + b_u)", "d_a * (U @ h_previous)"),
    fault("gradient", "the second direction overwrites the input's", BOTH_WAYS, "d_x[t] += W_b.T", "d_x[t] = W_b.T"),
    fault("gradient", "the last state's upstream lost for one step", PAIR, "d_e[-1] = d_v +", "d_e[-1] = (d_v if len(d_e) > 1 else 0) +"),
    fault("gradient", "a word that comes twice counts once", WORDS, "d_P[:, w[t]] += A.T", "d_P[:, w[t]] = A.T"),
    fault("gradient", "a word that comes twice in the mean counts once", MEAN, "d_P[:, w[k]] += d_pool", "d_P[:, w[k]] = d_pool"),
    fault("gradient", "the mean's way back divides by distinct words", MEAN, "d_pool / len(w)", "d_pool / len(set(w.tolist()))"),
    fault("gradient", "the output gate's peephole sees the cell before", DIAGONAL, "d_w_Co += d_a_o * C[t]", "d_w_Co += d_a_o * C_previous"),
    fault("gradient", "simple learning stops the start too late", "systems/elman.py", '["simple"] == 1 else', '["simple"] == 1 and t > 0 else'),
    fault("gradient", "the errors fed back with a plus", NARX, "0, -d_all_fed[N + t])", "0, d_all_fed[N + t])"),
    fault("gradient", "nothing flows to the farthest delay before the start", NARX, '"fed_start": d_all_fed[:N]', '"fed_start": d_all_fed[:N] * (T >= N)'),
    # Ends of sequences and of chunks.
    fault("ends", "the backward start not used for one step", BOTH_WAYS, "h_b_next = h_binf\n", "h_b_next = h_binf if T > 1 else 0 * h_binf\n"),
    fault("ends", "the last chunk is taken for a whole one", CHUNKS, "min(T, chunk_start + K1)", "chunk_start + K1"),
    fault("ends", "the start is cut off as a chunk's", CHUNKS, "t == chunk_start and t > 0", "t == chunk_start"),
    fault("ends", "delays longer than the sequence", "systems/multi_tap_recursion.py", '"h_three_start": d_three[:8]', '"h_three_start": d_three[:8] * (len(d_h_two) > 7)'),
    # Ties, bounds, special values.
    fault("special", "a norm at the threshold is not clipped", NORM, "if length < tau", "if length <= tau"),
    fault("special", "squares overflow", NORM, "unit = largest if largest > 0 else largest + 1", "unit = largest * 0 + 1"),
    fault("special", "NaN clipped to the bound", VALUE, "np.minimum(np.maximum(g, -c), c)", "np.fmin(np.fmax(g, -c), c)"),
    fault("special", "an entry at the bound has no gradient", VALUE, '<= saved["c"]', '< saved["c"]'),
    fault("special", "a mask multiplied, which lets NaN pass", VALUE, "np.where(unclipped, d_g_clipped, 0)", "unclipped * d_g_clipped"),
    fault("special", "not halved at the threshold", HALF, "g / 2 if length >= tau", "g / 2 if length > tau"),
    fault("special", "softmax overflows", ANSWER, "np.exp(z - np.max(z))", "np.exp(z)"),
    fault("special", "the logarithm of a softmax that is 0", WORDS, "shifted - np.log(np.sum(np.exp(shifted)))", "np.log(np.exp(shifted) / np.sum(np.exp(shifted)))"),
    fault("special", "arguments cut at 16", LSTM, "[h_previous, x[t]]) + b\n", "[h_previous, x[t]]) + b\n        a[t] = np.clip(a[t], -16, 16)\n"),
    fault("special", "a ReLU that answers 0 to NaN", "dynamics/scalar_recursion.py", "np.maximum(z, 0)", "np.fmax(z, 0)"),
    fault("special", "a ReLU with the slope 1 at 0", "dynamics/scalar_recursion.py", "else d_h if h > 0 else", "else d_h if h >= 0 else"),
    fault("special", "minus zero made zero", "gated/leaky_units.py", "return {", "h = h + 0\n    return {", "nobody"),
    # Precision, memory, names.
    fault("precision", "the new state rounded to single", GRU, "h_previous = h[t]\n", "h[t] = h[t].astype(np.float32)\n        h_previous = h[t]\n"),
    fault("precision", "a sum of products in single", ANSWER, "W_o @ h[T - 1]", "(W_o.astype(np.float32) @ h[T - 1].astype(np.float32))"),
    fault("memory", "the upstream gradient is written to", LSTM, "d_h_t = d_h[t] + d_h_next", "d_h[t] += d_h_next\n        d_h_t = d_h[t]"),
    fault("memory", "the start is written to", LSTM, "c[t] = f[t] * c_previous + i[t] * g[t]", "c_previous *= f[t]\n        c_previous += i[t] * g[t]\n        c[t] = c_previous"),
    fault("memory", "a gradient goes on growing in the next call", GRU, "np.zeros_like(W), np.zeros_like(U), np.zeros_like(b_u)", "np.zeros_like(W), saved.setdefault('kept', np.zeros_like(U)), np.zeros_like(b_u)"),
    fault("names", "an intermediate that nothing reads is wrong", LSTM, '"a": a,', '"a": 2 * a,'),
)  # fmt: skip
