"""Faults in the kernels' families, engine and primitives: edges, ragged ends, memory, threads, special values, precision."""

from tests.verify.museum.outside.planting import Fault

RECURRENT, NARX, LAYERS, TAPS = (f"families/{name}.py" for name in ("recurrent", "narx", "layers", "taps"))
BOUND, LOOP, PANELS, PASSES, PLAN, POINTWISE, RECURRENCE, SEGMENTS, SUMS, WEIGHTS, WORK = (
    f"engine/{name}.py" for name in ("bound", "loop", "panels", "passes", "plan", "pointwise", "recurrence", "segments", "sums", "weights", "work")
)
CLIPPING, EMBEDDING, SEQUENCES, SOFTMAX = (f"families/{name}.py" for name in ("clipping", "embedding", "sequences", "softmax"))
ARGUMENTS, ARRAYS, PRODUCTS, ACTIVATIONS, TASKS = (f"primitives/{name}.py" for name in ("arguments", "arrays", "products", "activations", "tasks"))

KERNELS = (
    # Edges of blocks, tails of vectors.
    Fault("edges", "no sequence past row 128", "lstm", PASSES, "return slices(len(ends), workers)", "return slices(min(len(ends), 128), workers)"),
    Fault("edges", "the 257th term of a sum", "elman", PRODUCTS, "range(0, terms, SUMMED)", "range(0, terms if terms < 140 else terms - 1, SUMMED)"),
    Fault("edges", "the rest of a thousand rows", "elman", PRODUCTS, "-(-len(c) // TASK_ROWS))", "(-(-len(c) // TASK_ROWS) if len(c) < 1000 else len(c) // TASK_ROWS))"),
    Fault("edges", "the last columns of a wide state", "gru-reset-before", LOOP, "min(stage.units, (p + 1) * stage.each)", "min(stage.units if stage.units < 20 else stage.units - stage.units % 4, (p + 1) * stage.each)"),
    Fault("edges", "the last columns of a wide table", "word-model", EMBEDDING, "_scatter.run(-(-M // COLUMNS)", "_scatter.run(max(1, M // COLUMNS)"),
    Fault("edges", "the last places of many", "word-model", EMBEDDING, "_look_up.run(-(-places.size // ROWS)", "_look_up.run(max(1, places.size // ROWS)"),
    Fault("edges", "the second array read from its start in each chunk", "clip-norm", CLIPPING, "a, b, found = shift(a, first), shift(b, first)", "a, b, found = shift(a, first), b"),
    Fault("edges", "the odd number of a later part", "clip-norm", CLIPPING, "if (stop - start) % 2:", "if (stop - start) % 2 and start == 0:"),
    Fault("edges", "a start farther back than the sequence is long", "multi-tap-recursion", PLAN, "range(1, self.recurrence.depth[row] + 1)", "range(1, min(self.recurrence.depth[row], self.T) + 1)"),
    Fault("edges", "what a step sends back arrives a step late", "multi-tap-recursion", PLAN, "back * arriving if back > 1", "(back - 1) * arriving if back > 1"),
    Fault("edges", "the second group of a tile of few rows", "memory-network", PANELS, "apart, step = group * terms, group if", "apart, step = 0, group if"),
    Fault("edges", "columns of the second panel", "lstm", PANELS, "count = max(0, min(lane, units - first))", "count = max(0, min(lane, units - first)) if p < 1 else 0"),
    Fault("edges", "the last term beside whole vectors, packed for the way back", "elman", PANELS, "range(count):\n                            target[", "range(count - 1):\n                            target["),
    Fault("edges", "the last of many rows of a panel", "lstm", PANELS, "rows * block // blocks, rows * (block + 1) // blocks", "rows * block // blocks, min(rows * (block + 1) // blocks, 96)"),
    Fault("edges", "the second block of a long sum", "lstm", SUMS, "start, count = blocks[k, 0], blocks[k, 1]\n        call(lay_out, (rows, shift(data_of(operand)", "start, count = blocks[k, 0], blocks[k, 1] if k == 0 else 0\n        call(lay_out, (rows, shift(data_of(operand)"),
    # Ragged batches.
    Fault("ragged", "reversed from the longest end", "bidirectional", SEQUENCES, "steps - 1 - t, t)", "T - 1 - t, t)"),
    Fault("ragged", "the first sequence speaks for all", "lstm", PASSES, "int(lengths.min()) < self.T", "int(lengths[0]) < self.T"),
    Fault("ragged", "one step past the end is kept", "elman", ARRAYS, "[:, None] >= np.asarray(lengths)] = 0", "[:, None] > np.asarray(lengths)] = 0"),
    Fault("ragged", "errors of padded steps left as they were", "gru-reset-after", PASSES, "        new = np.zeros if forward.ragged else np.empty\n", "        new = np.ones\n"),
    Fault("ragged", "the last state is the last step's", "encoder-decoder", SEQUENCES, "return h[whole(lengths, T, B) - 1,", "return h[np.full(B, T) - 1,"),
    Fault("ragged", "the last state's error to the last step", "encoder-decoder", SEQUENCES, "d_h[whole(lengths, T, B) - 1,", "d_h[np.full(B, T) - 1,"),
    Fault("ragged", "a chunk that ends with the batch", "truncated-bptt", "learning/truncated_bptt.py", "np.minimum(whole(lengths, T, B),", "np.minimum(whole(None, T, B),"),
    Fault("ragged", "the mean over the padded length", "mean-pooling", EMBEDDING, "mean[j] = mean[j] / steps[b]", "mean[j] = mean[j] / K"),
    Fault("ragged", "the cell's upstream lost at a short end", "lstm", PASSES, "np.ascontiguousarray(error) for", "np.ascontiguousarray(np.where(((np.arange(1, forward.T + 1)[:, None] == forward.ends[np.argsort(forward.order)]) & forward.ragged & (row == 'c'))[..., None], 0, error)) for"),
    Fault("ragged", "outputs in the order of lengths", "lstm", POINTWISE, "values[2 if sort == GIVEN else 1]", "values[1]"),
    Fault("ragged", "a gate of another sequence", "lstm", PASSES, "array[t, self.order[:running]] = values[t, :running]", "array[t, :running] = values[t, :running]"),
    Fault("ragged", "padding reversed with the rest", "bidirectional", RECURRENT, "reversed_in_time(x, lengths) if reverse else x}", "reversed_in_time(x) if reverse else x}"),
    Fault("ragged", "a window past the end", "tdnn", TAPS, "    clear(found, lengths)\n", ""),
    # Memory: written arguments, kept buffers, what was not set.
    Fault("memory", "errors begin with what memory held", "elman", WORK, 'self._errors["zeros"] = np.zeros(', 'self._errors["zeros"] = np.empty('),
    Fault("memory", "products begin with what memory held", "gru-reset-after", SUMS, "call(multiply, (CLEAR, c, operand, b,", "call(multiply, (KEEP, c, operand, b,"),
    Fault("memory", "the last state's errors begin with what memory held", "encoder-decoder", SEQUENCES, "d_h = np.zeros((T, *d_last.shape)", "d_h = np.empty((T, *d_last.shape)"),
    Fault("memory", "arguments are not copied", "lstm", ARGUMENTS, 'np.array(values[name], order="C") if kept', 'np.require(values[name], requirements="C") if kept'),
    Fault("memory", "gates kept from run to run", "lstm", WORK, 'return POOL.kept((plan, "forward", *lent)) or Forward(plan, lent)', "return forward_work.__dict__.setdefault((plan, *lent), Forward(plan, lent))"),
    Fault("memory", "a gradient kept from call to call", "gru-reset-before", PASSES, "found = {name: np.empty_like(array) for", "found = {name: np.__dict__.setdefault(('kept', name, array.shape, array.dtype), np.empty_like(array)) for"),
    Fault("memory", "whole empty vectors begin with what memory held", "lstm", WORK, "if part.is_ragged:\n                array[...] = 0", "if part.is_ragged:\n                pass"),
    Fault("memory", "packed weights kept by their address", "lstm", PANELS, "for array in arrays]], np.int64)\n", "for array in arrays]], np.int64)\n        known, self.known = getattr(self, \"known\", None), places.tolist()\n        if known == self.known:\n            return\n"),
    Fault("memory", "a strided table read as dense", "word-model", EMBEDDING, "found[j] = source[j * column]", "found[j] = source[j]"),
    # Threads.
    Fault("threads", "the last task is lost", "elman", TASKS, "        _work(body, count, place)\n", "        _work(body, count - 1, place)\n"),
    Fault("threads", "each thread does all tasks", "word-model", TASKS, "    index = fetch_add(counter)\n    while index < count:\n        call(body, (index, shift(counter, 1), counter))\n        index = fetch_add(counter)", "    index = 0\n    while index < count:\n        call(body, (index, shift(counter, 1), counter))\n        index += 1"),
    Fault("threads", "a counter that is not atomic", "elman", TASKS, "        index = fetch_add(counter)", "        index = counter[0]\n        counter[0] = index + 1"),
    Fault("threads", "the last worker is lost", "lstm", LOOP, "for worker in prange(len(slices)):", "for worker in prange(len(slices) - 1):"),
    Fault("threads", "the last panel of a thread's share of the units", "unfolding", LOOP, "stage.panels * (worker + 1) // workers\n", "stage.panels * (worker + 1) // workers - (worker > 0)\n"),
    Fault("memory", "an array that the way back reads is not copied", "elman", "systems/elman.py", 'keeps="x h0 W_hy"', 'keeps="x h0"'),
    Fault("threads", "each worker adds up all panels", "lstm", SUMS, "for p in range(parts[worker, 0], parts[worker, 1])", "for p in range(parts[-1, 1])"),
    # Special values.
    Fault("special", "minus zero made zero", "elman", ACTIVATIONS, "return copy_sign(e / (two + e), x)", "return copy_sign(e / (two + e), x + (x - x))"),
    Fault("special", "a ReLU that answers 0 to NaN", "scalar-recursion", ACTIVATIONS, "return select(x <= 0, unit - unit, x)", "return select(x > 0, x, unit - unit)"),
    Fault("special", "a ReLU with the slope 1 at 0", "scalar-recursion", LAYERS, "return select(h > 0, d_h, 0)", "return select(h >= 0, d_h, 0)"),
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
    # Errors fed back, and stopped.
    Fault("stops", "a stopped product lets errors pass", "jordan", RECURRENCE, " if not product.stopped]", "]"),
    Fault("stops", "true values fed back let errors pass", "narx", NARX, "lambda d_Y, Y: slope(d_Y, Y)", "lambda d_Y, d_fed, Y: slope(d_Y + d_fed, Y)"),
    Fault("stops", "errors fed back with a plus", "narx-hidden", NARX, "slope(d_Y - d_fed, Y)", "slope(d_Y + d_fed, Y)"),
    # Order of gates and of biases.
    Fault("order", "peepholes of i and f swapped", "lstm-peephole", "gated/lstm_peephole.py", '"P_if": (W_Ci, W_Cf)', '"P_if": (W_Cf, W_Ci)'),
    Fault("order", "the inner bias twice", "gru-reset-after", WEIGHTS, "pack_by(gates, self._at, weights.values())", 'pack_by(gates, self._at, [2 * array if name == "b_u" else array for name, array in weights.items()])'),
    Fault("order", "gradients of two gates' biases swapped", "gru-reset-after", WEIGHTS, "plan.parts[place], [names.index(gate) for gate in gates.split()])", "plan.parts[place], [names.index(gate) for gate in gates.split()[::-1]])"),
    Fault("order", "a shared row of errors read from the other gate", "lstm", WEIGHTS, "plan.parts[place], [names.index(gate) for gate in gates.split()])", "plan.parts[place], [(names.index(gate) - 1) % len(names) for gate in gates.split()])"),
    # Chosen later, by one who knew neither the cases nor the faults above.
    Fault("edges", "the rest behind whole blocks of rows", "lstm", "engine/sums.py", "for t in range(0, len(running), each):", "for t in range(0, max(each, len(running) // each * each), each):"),
    Fault("edges", "the input's error begins anew at each part", "lstm", "engine/panels.py", "v += groups * WIDEST\n        start = 0", "v += groups * WIDEST"),
    Fault("state", "empty vectors keep what memory held", "unfolding", WORK, "if part.is_ragged:\n                array[...] = 0", "if part.is_ragged:\n                pass"),
    Fault("memory", "gates given back while they are read", "gru-reset-after", PASSES, "work.give()\n        return found", "work.give()\n        self.forward._kept.give()\n        return found"),
    Fault("threads", "where errors pass is read from the first worker's rows", "truncated-bptt", "engine/loop.py", "keep = (t + product.ahead) * loop.sequences + first", "keep = (t + product.ahead) * loop.sequences"),
    Fault("range", "exponentials end where numbers are normal", "activation-jacobian", "primitives/activations.py", "1.5 * 2.0**52 + 1023, -746.0, 710.0,", "1.5 * 2.0**52 + 1023, -708.0, 710.0,"),
    Fault("special", "an infinite error of a unit that is off", "vector-recursion", "families/layers.py", "return select(h > 0, d_h, 0)", "return select(h > 0, d_h, d_h - d_h)"),
    Fault("precision", "the update gate's error from the new state", "gru-reset-after", "families/gru.py", "def after_back(d_h, n, r, z, m, h_before):\n    d_n = d_h * (1 - z) * ((1 - n) * (1 + n))\n    return d_n, d_n * m * (r * (1 - r)), d_h * (h_before - n) * (z * (1 - z)), d_n * r, d_h * z", "def after_back(d_h, n, r, z, m, h):\n    d_n = d_h * (1 - z) * ((1 - n) * (1 + n))\n    return d_n, d_n * m * (r * (1 - r)), d_h * (h - n) * (1 - z), d_n * r, d_h * z"),
    Fault("edges", "the rest behind whole tasks of rows", "state-space", PRODUCTS, "-(-len(c) // TASK_ROWS))", "max(1, len(c) // TASK_ROWS))"),
    Fault("ragged", "a window reads past the end", "tdnn", "families/taps.py", "    clear(found, lengths)\n", ""),
    Fault("domain", "a distribution taken to sum to 1", "divergence", "families/divergence.py", "share = mass / total", "share = 1 / total"),
    Fault("saturated", "softmax never shifted below 0", "neural-language-model", "families/softmax.py", "highest, total = y[0], 0.0", "highest, total = y[0] - y[0], 0.0"),
    Fault("edges", "the rest behind whole blocks of columns", "projection", "families/embedding.py", "_scatter.run(-(-M // COLUMNS), ", "_scatter.run(max(1, M // COLUMNS), "),
    Fault("integers", "places in int16", "projection", "families/embedding.py", 'found = np.array(w, dtype=np.int64, order="C")', "found = np.array(w, dtype=np.int16).astype(np.int64)"),
    Fault("special", "NaN clipped to minus the bound", "clip-value", "families/clipping.py", "above = -bound if a[j] < -bound else a[j]\n        found[j] = bound if above > bound else above", "above = a[j] if a[j] > -bound else -bound\n        found[j] = above if above < bound else bound"),
    Fault("ragged", "all sequences by the powers of the longest", "linear-recursion", "families/powers.py", "for T in np.unique(ends[ends > 0]):\n        items = np.flatnonzero(ends == T)", "for T in [rows - 1]:\n        items = np.arange(len(ends))"),
    Fault("special", "hypot of infinity and NaN", "blow-up-criterion", "dynamics/blow_up_criterion.py", "length = np.where(np.isnan(r) | np.isnan(s), r + s, np.hypot(r, s))  # hypot(inf, NaN) is inf", "length = np.hypot(r, s)"),
    Fault("edges", "no context as long as the text", "markov-factorisation", "families/counting.py", "min(K, T - 1, S)  # no context is longer", "min(K, T - 1, S - 1)  # no context is longer"),
    Fault("ties", "the last of equal scores", "generation", "families/drawing.py", "largest = j if y[j] > y[largest] else largest", "largest = j if y[j] >= y[largest] else largest"),
    Fault("ragged", "lengths that agree count as whole", "sequence-classification", "families/sequences.py", "T, B = h.shape[:2]\n    return h[whole(lengths, T, B) - 1, np.arange(B)]", "T, B = h.shape[:2]\n    if lengths is None or min(lengths) == max(lengths):\n        return h[-1]\n    return h[whole(lengths, T, B) - 1, np.arange(B)]"),
    Fault("edges", "the rest behind whole chunks", "tdnn", "families/pointwise.py", "_apply.run(-(-array.size // CHUNK), ", "_apply.run(max(1, array.size // CHUNK), "),
    Fault("gradient", "errors fed back with a plus, where outputs are", "narx", "families/narx.py", "slope(d_Y - d_fed, Y)", "slope(d_Y + d_fed, Y)"),
    Fault("domain", "no error of an imaginary part of 0", "blow-up-criterion", "families/eigenvalues.py", "sum_imaginary[j] += of_s * r_before[j] - of_r * s_before[j]", "sum_imaginary[j] += (of_s * r_before[j] - of_r * s_before[j]) * (imaginary[j] != 0)"),
    Fault("state", "starts given for each sequence get the sum", "state-space", "primitives/arrays.py", "return d_start if start.ndim == 2 else np.sum(d_start, axis=0, dtype=np.float64).astype(d_start.dtype)", "total = np.sum(d_start, axis=0, dtype=np.float64).astype(d_start.dtype)\n    return np.broadcast_to(total, start.shape).copy()"),
    # Of those that one more such stranger chose, the two that nothing found then.
    Fault("layers", "lengths of the call before", "lstm", BOUND, "if ends is not None or not self._is_whole:", "if ends is not None:"),
    Fault("layers", "a step hands out its work memory", "lstm", BOUND, "work.outputs[row][0].copy() for row", "work.outputs[row][0] for row"),
    # Of those that yet another one chose, who looked at the code of all rooms but the judge's, what nothing found then.
    Fault("layers", "arrays with strides are read as dense", "lstm", BOUND, "if order is None and array.flags.c_contiguous:", "if order is None:"),
    Fault("layers", "written into what was out before", "lstm", BOUND, "self._put({}, self._out | addresses(dense))", "self._put({}, addresses(dense))"),
    Fault("layers", "the state of a chunk that is not whole", "lstm", BOUND, "state = {own: work.ended(row, count) for", "state = {own: work.ended(row, steps) for"),
    Fault("layers", "a run takes a layer's plan, which keeps no gates", "gru-reset-after", "engine/forms.py", "_shapes(weights), lean\n", "_shapes(weights)\n"),
    Fault("memory", "a start read again is the caller's", "lstm", "gated/lstm.py", 'keeps="x h0 c0"', 'keeps="x h0"'),
    Fault("segments", "what a later one sent ahead stays", "multi-tap-recursion", WORK, "                array[:T] = 0\n", ""),
    Fault("calls", "a size by name is that of the call before", "hopfield", "primitives/arguments.py", "return type(value) if self.is_number else (type(value), value)", "return type(value)"),
    # Of a third such stranger's, those that nothing found then.
    Fault("segments", "rows stand in outputs in the order of lengths", "elman", SEGMENTS, "one.plan.unread >= PATIENCE and not one.ragged else", "one.plan.unread >= PATIENCE else"),
    Fault("segments", "rows are read where they do not stand", "lstm", SEGMENTS, "if with_gates or self.lent else", "if with_gates else"),
    Fault("segments", "segments are no whole blocks of sums", "elman", SEGMENTS, "    steps = -(-steps // each) * each\n", ""),
    Fault("threads", "none waits for the others' units", "elman", LOOP, "wait(integers(loop.meeting), workers, met)", "pass"),
    Fault("threads", "none waits for the others' products", "gru-reset-before", LOOP, "                if workers > 1:\n", "                if workers > 1 and s + OF_STAGE >= stages:\n"),
    Fault("segments", "a pass that runs again reads what outputs are now", "lstm", SEGMENTS, "            whole, spare = Whole(one), _spare(one, one.T)\n", "            whole, spare = Whole(one), self.lent or _spare(one, one.T)\n"),
)  # fmt: skip
