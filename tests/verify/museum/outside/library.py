"""Faults in the library around the backends: states, sequences, upstream gradients, networks."""

from tests.verify.museum.outside.planting import Fault

RUN, SEQUENCES, VALUES, NETWORK, CHUNKS = "backends/run.py", "backends/sequences.py", "spec/values.py", "compose/network.py", "spec/chunks.py"
COMPILED = "compiler/recurrence.py"
REFERENCE, KERNEL, LAYER, FUNCTIONS = "backends/reference.py", "backends/kernel.py", "backends/layer.py", "equation/functions.py"
TWO_WAYS = 'stack([bidirectional("elman"), bidirectional("gru-reset-after")])'
ATTENDING = r"refrnn.load_text('id: attending\ntitle: A\nsizes: {T: t, I: i}\nsymbols: {x: {role: input, shape: [T, I]}, v: {role: parameter, shape: [I]}}\nequations: [\"a[t] = v @ x[t]\", y = softmax(a)]\noutputs: [y]')"
ROOTS = r"refrnn.load_text('id: roots\ntitle: R\nsizes: {T: t, I: i}\nsymbols: {x: {role: input, shape: [T, I]}}\nequations: [\"y[t] = sqrt(x[t]) if x[t] > 0 else x[t]\"]\noutputs: [y]')"

LIBRARY = (
    Fault("state", "what is given at all steps at once goes on step by step", ATTENDING, "spec/chunks.py", "        elif spec.time_size(name):\n            found", "        elif False:\n            found", "tests/backends"),
    Fault("state", "of the padded step", "lstm", RUN, "return array[lengths - 1, np.arange(len(lengths))]", "return array[-1].copy()"),
    Fault("state", "one delay too early", "multi-tap-recursion", RUN, "item[length : length + before.shape[1]]", "item[length - 1 : length - 1 + before.shape[1]]"),
    Fault("state", "delays from the longest end", "multi-tap-recursion", RUN, "for item, length in zip(states, lengths)", "for item, length in zip(states, [max(lengths)] * len(states))"),
    Fault("state", "is the run's own memory", "elman", RUN, "return array[-1].copy()", "return array[-1]"),
    Fault("state", "of the first state for every start", "lstm", RUN, "last = self._last(one.state, known[one.state], one.forward)", "last = self._last(one.state, next(iter(known.values())), one.forward)"),
    Fault("sequences", "all as long as the longest", "lstm", SEQUENCES, "int(np.asarray(lengths[item]).max())", "int(np.asarray(lengths).max())"),
    Fault("sequences", "the last one's gradient only", "lstm", REFERENCE, "_sum(gradients[name], found[name])", "_sum(0 * gradients[name], found[name])"),
    Fault("sequences", "the way back of the last one for all", "lstm", REFERENCE, "module.backward(saved, **parts)", "module.backward(all_saved[-1], **parts)"),
    Fault("sequences", "intermediates of the first one only", "lstm", REFERENCE, "intermediates[name] = sequences.empty(name, checked.dtype)\n            sequences.put(", "intermediates[name] = sequences.empty(name, checked.dtype)\n                sequences.put("),
    Fault("upstream", "a missing one counts 1", "lstm", VALUES, "complete[name] = np.zeros(shape, checked.dtype)\n            continue", "complete[name] = np.ones(shape, checked.dtype)\n            continue"),
    Fault("upstream", "always single", "lstm", VALUES, "array.astype(checked.dtype, copy=False)", 'array.astype("float32").astype(checked.dtype)'),
    Fault("upstream", "integers are refused", "lstm", VALUES, "if array.dtype.kind not in \"fiu\":\n            raise ValuesError(f\"{spec.id}: the gradient", "if array.dtype.kind != \"f\":\n            raise ValuesError(f\"{spec.id}: the gradient"),
    Fault("numbers", "a whole one stays whole", "power-of-a-scalar", VALUES, "name in scalars and array.dtype.kind in \"fiu\" else", "name in scalars and array.dtype.kind == \"f\" else"),
    Fault("draws", "every array is drawn from the seed's first", "lstm", "spec/draw.py", "        shape = shapes[name]\n", "        shape, random = shapes[name], np.random.default_rng(seed)\n"),
    Fault("memory", "outputs are the kernel's own", "elman", RUN, "{name: array.copy() for name, array in self._read.items()} if self._read else outputs", "self._read"),
    Fault("memory", "gradients share an argument's memory", "lstm", KERNEL, "found[name] = gradient.copy() if shares else gradient", "found[name] = gradient", "tests/backends"),
    Fault("memory", "a reference sees the caller's arrays", "lstm", REFERENCE, "checked = checked.copied()", "checked = checked"),
    Fault("layers", "out is not looked at where the values are known to fit", "lstm", LAYER, "lengths is None and not out and type", "lengths is None and type"),
    Fault("layers", "steps do not hand on their state", "lstm", LAYER, "return self._kernel.step(arrays)", "return self._kernel.step(arrays)[0], state"),
    Fault("layers", "what keeps nothing is not told the lengths", "lstm", LAYER, "checked.lengths and checked.lengths[spec.time[0]], out)", "None, out)"),
    Fault("networks", "an input read twice has the last reader's gradient", 'bidirectional("lstm")', NETWORK, "gradient if known is None else known + gradient", "gradient"),
    Fault("networks", "an input read twice is added in place", 'bidirectional("lstm")', NETWORK, "= gradient if known is None else known + gradient", "= gradient if known is None else np.add(known, gradient, out=known)", "tests/compose"),
    Fault("networks", "padding is reversed too", 'bidirectional("lstm")', COMPILED, 'f"_reverse({text}, lengths)"', 'f"{text}[::-1]"'),
    Fault("networks", "recurrences are not told the lengths", 'bidirectional("lstm")', COMPILED, "{self.parameters}, lengths, {self.weights_name}", "{self.parameters}, None, {self.weights_name}"),
    Fault("networks", "errors are not turned round on their way", TWO_WAYS, NETWORK, "else self._turned(part, name, error)\n", "else error\n"),
    Fault("chunks", "a step before that is not handed over goes on", "tdnn", CHUNKS, "return name in self.states and distance == (-1 if self.forward else 1)", "return True", "tests/backends"),
    Fault("chunks", "a start anywhere stands before the first step", "lstm", CHUNKS, "return row == (-1 if one.forward else sizes[_time(spec, one.state)])", "return True", "tests/backends"),
    Fault("integers", "a place of a word handed over as a float", "generation", RUN, 'last.astype(np.int64) if self.spec.symbols[one.start].type == "integer" else last', "last"),
    Fault("kernels", "lengths are not passed on", "lstm", KERNEL, "given if given is None or len(self._times) > 1 else given[self._times[0]]", "None"),
    Fault("kernels", "the intermediates are not offered", "lstm", KERNEL, "return outputs, Intermediates(spec, saved), backward", "return outputs, {}, backward", "tests/backends"),
    # Chosen later, by one who knew neither the cases nor the faults above.
    Fault("state", "a short sequence's state past its end", "skip-connections", "backends/run.py", "states = np.concatenate((before, array.swapaxes(0, 1)), axis=1)\n        lengths = (self._checked.lengths or {}).get(self.spec.time_size(name), [len(array)] * len(states))\n        return np.stack([item[length : length + before.shape[1]] for item, length in zip(states, lengths)])", "states, depth = array.swapaxes(0, 1), before.shape[1]\n        lengths = (self._checked.lengths or {}).get(self.spec.time_size(name), [len(array)] * len(states))\n        return np.stack([np.concatenate((old, item))[-depth:] if length < depth else item[length - depth : length] for old, item, length in zip(before, states, lengths)])"),
    Fault("memory", "the last row itself", "jordan", "backends/run.py", "return array[-1].copy()", "return array[-1]"),
    Fault("memory", "the equation sees the caller's arrays", "unfolding", "backends/equation.py", "passed = EquationPass(spec, checked.copied())", "passed = EquationPass(spec, checked)"),
    Fault("memory", "lengths are the caller's own", "gru-reset-after", "spec/values.py", "checked[name] = array.astype(np.int64)", "checked[name] = array.astype(np.int64, copy=False)"),
    Fault("special", "NaN lies in every domain", "leaky-units", "spec/values.py", "outside |= ~(array >= symbol.low)\n    if symbol.high is not None:\n        outside |= ~(array <= symbol.high)", "outside |= array < symbol.low\n    if symbol.high is not None:\n        outside |= array > symbol.high"),
    Fault("state", "of a backward direction, the one it began with", "bidirectional", "backends/run.py", "        if not forward:\n            return array[0].copy()\n", ""),
    Fault("draws", "masks are never drawn true", "divergence", "spec/draw.py", "return random.integers(0, 1, shape, endpoint=True).astype(float)", "return random.integers(0, 1, shape).astype(float)"),
    Fault("draws", "the largest integer is never drawn", "elman", "spec/draw.py", "drawn = random.integers(*symbol.integers(sizes), shape, endpoint=True)", "low, high = symbol.integers(sizes)\n            drawn = random.integers(low, max(high, low + 1), shape)"),
    Fault("range", "a norm by plain squares", "clip-norm", "equation/functions.py", "return largest * np.sqrt(sum(np.sum((array / largest) ** 2) for array in arrays))", "return np.sqrt(sum(np.sum(array * array) for array in arrays))"),
    Fault("special", "the least of NaN and a number", "clip-value", "equation/functions.py", "return np.where(is_first | np.isnan(a), a, b)", "return np.where(is_first, a, b)"),
    Fault("memory", "a part's error added to the caller's array", "bptt", "equation/sweep.py", "if node not in self.owned:\n            fresh = np.zeros(node.value.shape, self.dtype)\n            if adjoint is not None:\n                fresh += adjoint\n            self.adjoints[node] = adjoint = fresh\n            self.owned.add(node)", "if adjoint is None:\n            self.adjoints[node] = adjoint = np.zeros(node.value.shape, self.dtype)\n            self.owned.add(node)"),
    Fault("special", "the branch that is not taken gives NaN", ROOTS, "equation/evaluate.py", "        if np.any(lost):\n", "        if False:\n"),
    # Chosen by yet another one, who looked at the code of all rooms but the judge's.
    Fault("memory", "a state of a layer handed out twice", "leaky-units", LAYER, "return {name: copy(last) for name, last in self._state.items()}", "return dict(self._state)"),
    Fault("layers", "out may overlap", "lstm", LAYER, "any(np.may_share_memory(array, other) for other in apart)", "any(array is other for other in apart)"),
    Fault("chunks", "what reads a step before goes on", "teacher-forcing", CHUNKS, "left = [one for one in kept if reading.obstacle(one.state, one.forward) is None]", "left = kept"),
    # Of a third such stranger's, those that nothing found then: no equation of the library has what they spoil.
    Fault("slopes", "norm of zero divides by it", "unfolding", FUNCTIONS, "g * array / out if out != 0 else np.zeros_like(array) for", "g * array / out for"),
    Fault("slopes", "sqrt lacks its half", "unfolding", FUNCTIONS, "(g / (2 * out),)", "(g / out,)"),
    Fault("slopes", "both of equal ones get all of a min, in equations", "unfolding", FUNCTIONS, '"0 if a <= b else g"', '"0 if a < b else g"'),
    Fault("slopes", "a place that another equation gives counts", "unfolding", "equation/clauses.py", "bounds.append(apart[0] - ONE)", "bounds.append(apart[0])"),
    Fault("slopes", "a factor of a product counts beside itself", "unfolding", "equation/adjoint.py", "other, here + ONE, node.upper, body", "other, here, node.upper, body"),
    Fault("slopes", "what is not above is below", "unfolding", "equation/comparisons.py", 'operator.gt, "LtE"', 'operator.gt, "Lt"'),
    Fault("slopes", "a range ends one too early", "unfolding", "equation/indices.py", 'upper = narrower.larger("min", upper, rest + ONE)', 'upper = narrower.larger("min", upper, rest)'),
    # Of the engine, what no row of the library asks of it.
    Fault("engine", "what a step sends back over many steps arrives one late", "elman", "../kernels/engine/plan.py", "back * arriving if is_apart", "(back - 1) * arriving if is_apart", "tests/engine/test_passes.py"),
    Fault("engine", "errors that stand where gates did are handed out as these", "elman", "../kernels/engine/segments.py", "self._is_spent = bool(one.plan.giving_way)", "self._is_spent = False", "tests/engine/test_passes.py"),
    Fault("engine", "empty vectors of gates are errors", "elman", "../kernels/engine/work.py", "            if panels.is_ragged:\n                gates", "            if False:\n                gates", "tests/engine/test_passes.py"),
    Fault("engine", "gates give way that are read once more", "elman", "../kernels/engine/recurrence.py", "if not given or any(gate in other.back_takes for other in self.stages[: min(given)]):", "if not given:", "tests/engine/test_recurrence.py"),
    Fault("engine", "what a later segment sent ahead over many steps stays", "elman", "../kernels/engine/work.py", "                array[:T] = 0\n", "", "tests/engine/test_segments.py"),
    # In kernels, where no case of verification goes, and tests do.
    Fault("threads", "a counter that is not atomic", "elman", "../kernels/primitives/tasks.py", "        index = fetch_add(counter)", "        index = counter[0]\n        counter[0] = index + 1", "tests/primitives"),
    Fault("layouts", "ragged inputs with strides are read as dense where a step takes them", "lstm", "../kernels/engine/bound.py", "self._taken.append(np.ascontiguousarray(array))", "self._taken.append(array)", "tests/engine"),
    Fault("memory", "a copy of inputs with strides is not kept while it is read", "lstm", "../kernels/engine/bound.py", 'places[f"given:{name}"] = address(self._taken[-1])', 'places[f"given:{name}"] = address(np.ascontiguousarray(array))', "tests/engine"),
    Fault("special", "powers of an infinite pair by the power function", "eigen-expansion", "../kernels/dynamics/eigen_expansion.py", "pairs = np.cumprod(pairs, axis=0)  # not", "pairs = pairs[-1] ** t if T > 1 else pairs  # not", "tests/dynamics"),
)  # fmt: skip
