"""Faults in the kernels' families and primitives: edges, ragged ends, memory, threads, special values, precision."""

from tests.verify.museum.outside.planting import Fault

RECURRENT, LSTM, GRU, DELAYED = (f"families/{name}.py" for name in ("recurrent", "lstm", "gru", "delayed"))
CLIPPING, EMBEDDING, SEQUENCES, SOFTMAX = (f"families/{name}.py" for name in ("clipping", "embedding", "sequences", "softmax"))
ARRAYS, PRODUCTS, ACTIVATIONS, THREADS = (f"primitives/{name}.py" for name in ("arrays", "products", "activations", "threads"))

KERNELS = (
    # Edges of blocks, tails of vectors.
    Fault("edges", "no task past row 128", "lstm", LSTM, "-(-B // rows), dtype, T, B, H, rows, peephole, steps, packed(W),", "min(8, -(-B // rows)), dtype, T, B, H, rows, peephole, steps, packed(W),"),
    Fault("edges", "the 257th term of a sum", "elman", PRODUCTS, "range(0, terms, SUMMED)", "range(0, terms if terms < 140 else terms - 1, SUMMED)"),
    Fault("edges", "the rest of a thousand rows", "lstm", PRODUCTS, "first_task += -(-c.shape[0] // TASK_ROWS)", "first_task += -(-c.shape[0] // TASK_ROWS) if len(c) < 1000 else len(c) // TASK_ROWS"),
    Fault("edges", "the last columns of a wide state", "gru-reset-before", GRU, "for j in range(H):\n                        m[j] = r[j] * s[j]", "for j in range(H if H < 20 else H - H % 4):\n                        m[j] = r[j] * s[j]"),
    Fault("edges", "the last columns of a wide table", "word-model", EMBEDDING, "_scatter.run(-(-M // COLUMNS)", "_scatter.run(max(1, M // COLUMNS)"),
    Fault("edges", "the last places of many", "word-model", EMBEDDING, "-(-places.size // ROWS), _distances", "max(1, places.size // ROWS), _distances"),
    Fault("edges", "the second array read from its start in each chunk", "clip-norm", CLIPPING, "a, b = shift(pointer(table[1], like), first), shift(pointer(table[2], like), first)\n    found", "a, b = shift(pointer(table[1], like), first), pointer(table[2], like)\n    found"),
    Fault("edges", "the odd number of a later part", "clip-norm", CLIPPING, "if (stop - start) % 2:", "if (stop - start) % 2 and start == 0:"),
    Fault("edges", "a delay longer than the sequence", "multi-tap-recursion", DELAYED, 'dense(d_fed[:depth].swapaxes(0, 1))', "dense(d_fed[:depth].swapaxes(0, 1)) * (T >= depth)"),
    Fault("edges", "columns of the second panel", "lstm", PRODUCTS, "panels[full, :, :rest] = matrix[:, full * width :]", "panels[full, :, :rest] = matrix[:, full * width :] if full < 2 else 0"),
    # Ragged batches.
    Fault("ragged", "the reversed start at the longest end", "bidirectional", ARRAYS, "last = len(h) - 1 if lengths is None else np.asarray(lengths) - 1", "last = len(h) - 1"),
    Fault("ragged", "the first sequence speaks for all", "lstm", ARRAYS, "all(length == T for length in lengths)", "lengths[0] == T"),
    Fault("ragged", "one step past the end is kept", "elman", ARRAYS, "[:, None] >= np.asarray(lengths)] = 0", "[:, None] > np.asarray(lengths)] = 0"),
    Fault("ragged", "errors of padded steps left as they were", "gru-reset-after", GRU, "for j in range(3 * H):\n                    d_r[j] = 0", "for j in range(2 * H):\n                    d_r[j] = 0"),
    Fault("ragged", "the last state is the last step's", "encoder-decoder", SEQUENCES, "return h[whole(lengths, T, B) - 1,", "return h[np.full(B, T) - 1,"),
    Fault("ragged", "the last state's error to the last step", "encoder-decoder", SEQUENCES, "d_h[whole(lengths, T, B) - 1,", "d_h[np.full(B, T) - 1,"),
    Fault("ragged", "a chunk that ends with the batch", "truncated-bptt", "learning/truncated_bptt.py", "np.minimum(whole(lengths, T, B),", "np.minimum(whole(None, T, B),"),
    Fault("ragged", "the mean over the padded length", "mean-pooling", EMBEDDING, "found[j] = found[j] / steps[b]", "found[j] = found[j] / table[0]"),
    Fault("ragged", "the cell's upstream lost at a short end", "lstm", LSTM, "error_c[j] = error_c[j] + up_c[j] + error_h[j]", "error_c[j] = error_c[j] + up_c[j] * (t + 1 < ends[row] or ends[row] == T) + error_h[j]"),
    Fault("ragged", "padding reversed with the rest", "bidirectional", RECURRENT, "if t < ends[row]:\n                call(table[14]", "if t < ends[row] or reverse:\n                call(table[14]"),
    # Memory: written arguments, kept buffers, what was not set.
    Fault("memory", "errors begin with what memory held", "elman", RECURRENT, "np.empty_like(s), np.zeros_like(start)", "np.empty_like(s), np.empty_like(start)"),
    Fault("memory", "products begin with what memory held", "gru-reset-after", GRU, "times_packed(table[14], CLEAR, inner,", "times_packed(table[14], KEEP, inner,"),
    Fault("memory", "the last state's errors begin with what memory held", "encoder-decoder", SEQUENCES, "d_h = np.zeros((T, *d_last.shape)", "d_h = np.empty((T, *d_last.shape)"),
    Fault("memory", "the cell's start is written to", "lstm", LSTM, "h0.copy(), c0.copy()", "h0.copy(), c0"),
    Fault("memory", "gates kept from run to run", "lstm", LSTM, "gates = np.empty((T, B, 4 * H), dtype)", "gates = np.__dict__.setdefault(('kept', T, B, H, dtype), np.empty((T, B, 4 * H), dtype))"),
    Fault("memory", "a gradient kept from call to call", "gru-reset-before", GRU, "np.empty((H, 2 * H), dtype), np.empty((H, H), dtype)\n", "np.empty((H, 2 * H), dtype), np.__dict__.setdefault(('kept', H, dtype), np.empty((H, H), dtype))\n"),
    Fault("memory", "packed weights kept by their address", "elman", PRODUCTS, "    panels[:full] =", "    known = packed.__dict__.setdefault((matrix.ctypes.data, matrix.shape, matrix.strides, matrix.dtype), panels)\n    if known is not panels:\n        return known\n    panels[:full] ="),
    Fault("memory", "a strided table read as dense", "word-model", EMBEDDING, "found[j] = source[j * column]", "found[j] = source[j]"),
    # Threads.
    Fault("threads", "the last task is lost", "lstm", THREADS, "        _work(address, count, place)\n", "        _work(address, count - 1, place)\n"),
    Fault("threads", "each thread does all tasks", "lstm", THREADS, "    index = fetch_add(counter)\n    while index < count:\n        call(address, (index, shift(counter, 1), counter))\n        index = fetch_add(counter)", "    index = 0\n    while index < count:\n        call(address, (index, shift(counter, 1), counter))\n        index += 1"),
    Fault("threads", "a counter that is not atomic", "lstm", THREADS, "        index = fetch_add(counter)", "        index = counter[0]\n        counter[0] = index + 1", "nobody"),
    # Special values.
    Fault("special", "minus zero made zero", "elman", ACTIVATIONS, "return copy_sign(e / (two + e), x)", "return copy_sign(e / (two + e), x + (x - x))"),
    Fault("special", "a ReLU that answers 0 to NaN", "scalar-recursion", ACTIVATIONS, "return unit - unit if x <= 0 else x", "return x if x > 0 else unit - unit"),
    Fault("special", "a ReLU with the slope 1 at 0", "scalar-recursion", ACTIVATIONS, "d_after[j] if after[j] > 0 else unit - unit", "d_after[j] if after[j] >= 0 else unit - unit"),
    Fault("special", "nothing clipped below", "clip-value", CLIPPING, "above = -bound if a[j] < -bound else a[j]", "above = a[j]"),
    Fault("special", "NaN clipped to the bound", "clip-value", CLIPPING, "found[j] = bound if above > bound else above", "found[j] = above if above <= bound else bound"),
    Fault("special", "a small norm's squares underflow", "clip-norm", CLIPPING, "min(max(unit, -1000), 1000)", "min(max(unit, -60), 1000)"),
    Fault("special", "softmax of scores far below 0", "word-model", SOFTMAX, "highest, total = y[0], 0.0", "highest, total = y[0] - y[0], 0.0"),
    Fault("special", "exponentials end at -33", "lstm", ACTIVATIONS, "-746.0, 710.0", "-33.0, 710.0"),
    Fault("special", "a start given for each sequence is the first one's", "state-space", ARRAYS, "return start if start.ndim == 2 else", "return np.broadcast_to(start[:1], start.shape) if start.ndim == 2 else"),
    # Precision.
    Fault("precision", "tanh by a difference near 0", "elman", ACTIVATIONS, "_, _, _, _, _, _, _, _, two, _ = _constants(x)\n    e = _exp_minus_one(-two * abs(x))", "_, _, _, _, _, _, _, unit, two, _ = _constants(x)\n    e = exp(-two * abs(x)) - unit"),
    Fault("precision", "one coefficient of exp left out", "lstm", ACTIVATIONS, "2.0914686968086877e-9,", "0.0,"),
    Fault("precision", "two coefficients of exp left out", "lstm", ACTIVATIONS, "2.5105217004720745e-8, 2.0914686968086877e-9,", "0.0, 0.0,"),
    # Order of gates and of biases.
    Fault("order", "peepholes of i and f swapped", "lstm-peephole", "gated/lstm_peephole.py", "np.concatenate((W_Ci, W_Cf)).T", "np.concatenate((W_Cf, W_Ci)).T"),
    Fault("order", "the inner bias twice", "gru-reset-after", GRU, "m[j] = m[j] + inner_bias[j]", "m[j] = m[j] + inner_bias[j] + inner_bias[j]"),
    Fault("order", "gradients of the two gates' biases swapped", "gru-reset-after", "gated/gru_reset_after.py", "b_r, b_z, b_h = np.split", "b_z, b_r, b_h = np.split"),
)  # fmt: skip
