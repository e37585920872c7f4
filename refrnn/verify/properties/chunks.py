"""A sequence in two chunks, and starts that are given for each sequence."""

import ast

import numpy as np

from refrnn.verify.properties.asking import first_wrong, handed_in, key_of, near, of_any_starts, run_of


def chunks_join(spec, truth, backend):
    """A second run started with the first one's state, of the sequences that go on, is the rest of the whole, and ends in its state."""
    chunks = _in_two_chunks(spec, truth, backend)
    if chunks is None:
        return None
    going_on, _, items, lengths, first, second, _ = chunks
    state = {name: array.copy() for name, array in first.state.items()}
    whole = run_of(spec, handed_in(truth.checked), truth.checked.lengths, backend)
    for name, last in second.state.items():
        state[name][items] = last
        key = truth.kind_of(going_on[name].state), going_on[name].state
        right = whole.state[name]
        if key in truth.quantities and not going_on[name].delayed:
            right = truth.quantities[key][lengths - 1, np.arange(len(lengths))]
        for word, found in (("the whole", whole.state[name]), ("two chunks", state[name])):
            if not near(truth, key, found, right):
                return f"the state {name} after {word} is not that at the end of each sequence"
    outputs = [name for name in spec.outputs if spec.time_size(name) and name in spec.batched]
    name = first_wrong(spec, truth, {name: _joined(first.outputs[name], second.outputs[name], items) for name in outputs})
    return name and f"{name} of two chunks is not that of the whole"


def errors_join(spec, truth, backend):
    """The second chunk's error of its starts, handed to the first chunk, makes the gradients of the whole."""
    chunks = _in_two_chunks(spec, truth, backend) if spec.differentiated else None
    if chunks is None or not all(spec.time_size(name) and name in spec.batched for name in spec.outputs):
        return None
    going_on, cut, items, _, _, second, again = chunks
    if _stops(spec) or any(one.delayed or one.state not in spec.outputs for one in going_on.values()):
        return None
    late = second.backward({name: array[cut:, items] for name, array in truth.upstream.items()})
    upstream = {name: array[:cut].copy() for name, array in truth.upstream.items()}
    for name, one in going_on.items():
        upstream[one.state][cut - 1, items] += late[name]
    for name, early in again().backward(upstream).items():
        found = early.copy()
        if spec.time_size(name):
            found = _joined(early, late[name], items)
        elif name not in going_on:
            found[... if spec.batch_axis(name) is None else items] += late[name]
        key = "gradient", f"d_{name}"
        if key in truth.quantities and not near(truth, key, found, truth.quantities[key], 4):
            return f"d_{name} of two chunks is not that of the whole"
    return None


def _stops(spec):
    """Whether an error ends somewhere: where, may hang on where the sequence begins and ends."""
    nodes = [node for equation in spec.equations for node in ast.walk(equation.value)]
    return any(isinstance(node, ast.Call) and node.func.id == "stop" for node in nodes)


def _in_two_chunks(spec, truth, backend):
    """What goes on, where the cut is, the sequences that go on, all lengths, a run of each chunk, and a function that runs the first again.

    None where no sequence may be cut.
    """
    checked = truth.checked
    going_on = {one.start: one for one in spec.continuing(checked.integers)}
    starts = {name for name, symbol in spec.arrays.items() if symbol.role == "start"} | set(spec.begun)
    stays = starts != set(going_on) or spec.staying(checked.integers)
    if len(spec.time) != 1 or spec.batch is not None or spec.named_sizes or stays or not starts:
        return None
    cut = checked.sizes[spec.time[0]] // 2
    if not cut or not all(one.forward for one in going_on.values()):
        return None
    lengths = np.full(checked.batch, checked.sizes[spec.time[0]]) if checked.lengths is None else checked.lengths[spec.time[0]]
    items = np.flatnonzero(lengths > cut)
    values, ragged = handed_in(checked), checked.lengths is not None

    def run_first():
        return run_of(spec, part(spec, values, slice(0, cut), slice(None)), np.minimum(lengths, cut) if ragged else None, backend)

    first = run_first()
    rest = part(spec, values, slice(cut, None), items) | {name: array[items] for name, array in first.state.items()}
    second = run_of(of_any_starts(spec), rest, lengths[items] - cut if ragged else None, backend)
    return going_on, cut, items, lengths, first, second, run_first


def part(spec, values, steps, items):
    """Some steps of some sequences."""
    part = {}
    for name, value in values.items():
        axis = spec.batch_axis(name) if np.ndim(value) else None
        if axis is not None:
            value = np.moveaxis(np.moveaxis(value, axis, 0)[items], 0, axis)
        part[name] = value[steps] if np.ndim(value) and spec.time_size(name) else value
    return part


def _joined(first, second, items):
    rest = np.zeros((len(second), *first.shape[1:]), first.dtype)
    rest[:, items] = second
    return np.concatenate((first, rest))


def learned_starts_may_be_given_for_each_sequence(spec, truth, backend):
    """Starts that are parameters, repeated for every sequence, one alone or all, give the same, and one gradient for each sequence."""
    checked = truth.checked
    learned = [name for name in spec.begun if spec.symbols[name].role == "parameter" and name not in checked.omitted]
    if not learned or spec.batch is not None or not spec.batched:
        return None
    values = handed_in(checked) | {name: checked.sizes[name] for name in spec.named_sizes}
    for repeated in [learned, *([[name] for name in learned] if len(learned) > 1 else ())]:
        run = run_of(spec, values | {name: np.repeat(checked.arrays[name][None], checked.batch, axis=0) for name in repeated}, checked.lengths, backend)
        found = {key_of(spec, truth, name): array for name, array in run.outputs.items()}
        if spec.differentiated:
            for name, gradient in run.backward(truth.upstream).items():
                found["gradient", f"d_{name}"] = gradient.sum(axis=0) if name in repeated else gradient
        for worst in truth.judge({key: array for key, array in found.items() if key in truth.quantities}):
            if not worst.ok:
                return f"{worst.quantity} changes when {' and '.join(repeated)} {'is' if len(repeated) == 1 else 'are'} given for each sequence"
    return None
