"""What may not touch: sequences of a batch, runs, arguments, results and states."""

from dataclasses import replace

import numpy as np

from refrnn.backends.run import answer, expected_shapes, run_checked
from refrnn.spec.values import check_values
from refrnn.verify.backends import KERNELS, poison, poisoned
from refrnn.verify.properties.asking import answers_of, array_of, carried, gradients_of, handed_in, is_seen, key_of, near, pulled_back, same_bits, with_halves, with_last


def sequences_do_not_touch(spec, truth, backend):
    """Whatever the last sequence holds, NaN too, the others have the same bits, forward and backward."""
    checked = truth.checked
    if spec.batch is not None or not spec.batched or checked.batch < 2:
        return None
    plain = answers_of(spec, checked, backend, truth.upstream)
    for word, change in (("three times as large", lambda last: 3 * last), ("NaN", lambda last: np.full_like(last, np.nan))):
        other = replace(checked, arrays={name: with_last(spec, name, array, change) for name, array in checked.arrays.items()})
        upstream = {name: with_last(spec, name, array, change) for name, array in truth.upstream.items()}
        found = answers_of(spec, other, backend, upstream)
        for name, array in plain.items():
            axis = spec.batch_axis(array_of(spec, name))
            if axis is not None and not same_bits(_but_last(array, axis), _but_last(found[name], axis)):
                return f"{name} of the other sequences changes when the last one is {word}"
    return None


def _but_last(array, axis):
    return np.moveaxis(array, axis, 0)[:-1]


def sequences_of_an_own_batch_are_alone(spec, truth, backend):
    """Where the batch is one of the spec's sizes, each sequence has alone, and at another place, what it has among others: of kernels the same bits.

    What sequences have in common by a name of its own, such as a mean, is meant, and no lengths are taken there.
    """
    items = truth.checked.sizes.get(spec.batch, 1)
    if items < 2 or spec.joined:
        return None
    together = _of_places(spec, truth, backend, slice(None))
    for how, places in {"one by one": [slice(place, place + 1) for place in range(items)], "in reverse order": [slice(None, None, -1)]}.items():
        for place in places:
            for name, array in _of_places(spec, truth, backend, place).items():
                among = together[name][_at(spec, name, place)]
                if not (same_bits(array, among) if backend in KERNELS else near(truth, key_of(spec, truth, name), array, among)):
                    return f"{name} is another one when the sequences of the batch {spec.batch} are given {how}"
    return None


def _of_places(spec, truth, backend, place):
    """What belongs to each sequence: outputs and gradients of those at some places of the batch."""
    values = {name: array[_at(spec, name, place)] for name, array in handed_in(truth.checked).items()}
    lengths = {name: given[place] for name, given in (truth.checked.lengths or {}).items()}
    upstream = {name: array[_at(spec, name, place)] for name, array in truth.upstream.items()}
    found = answers_of(spec, check_values(spec, values, lengths or None), backend, upstream)
    return {name: array for name, array in found.items() if spec.batch_axis(array_of(spec, name)) is not None}


def _at(spec, name, place):
    axis = spec.batch_axis(array_of(spec, name))
    return (*(slice(None),) * axis, place) if axis is not None else ...


def arguments_are_not_written(spec, truth, backend):
    """Not even past a sequence's end, where nobody reads."""
    checked = poisoned(spec, truth.checked)
    arrays = {name: array.copy() for name, array in checked.arrays.items()}
    upstream = {name: poison(spec, name, array, checked).copy() for name, array in truth.upstream.items()}
    answers_of(spec, replace(checked, arrays=arrays), backend, upstream)
    for name, array in arrays.items():
        if array.tobytes() != checked.arrays[name].tobytes():
            return f"the argument {name} was written to"
    for name, array in upstream.items():
        if array.tobytes() != poison(spec, name, truth.upstream[name], checked).tobytes():
            return f"the upstream gradient of {name} was written to"
    return None


def results_are_their_own(spec, truth, backend):
    """No output or gradient shares its memory with an argument, with another one, or with those of another call."""
    arrays = {name: array.copy() for name, array in truth.checked.arrays.items()}
    checked = replace(truth.checked, arrays=arrays)
    upstream = {name: array.copy() for name, array in truth.upstream.items()}
    outputs, _, backward = answer(spec, checked, backend)
    results = list({**outputs, **gradients_of(spec, backward, upstream)}.items())
    again = list(gradients_of(spec, backward, upstream).items())
    others = [(f"the argument {name}", array) for name, array in arrays.items()]
    others += [(f"the upstream gradient of {name}", array) for name, array in upstream.items()]
    others += [(f"{name} of the next call", array) for name, array in (*again, *answer(spec, checked, backend)[0].items())]
    for place, (name, array) in enumerate(results):
        for word, other in others + results[place + 1 :]:
            if np.shares_memory(array, other):
                return f"{name} shares its memory with {word}"
    return None


def runs_do_not_share(spec, truth, backend):
    """Two runs alive at once: the later one, of the same shapes, changes nothing of the earlier one."""
    checked = truth.checked
    alone = answers_of(spec, checked, backend, truth.upstream)
    outputs, _, backward = answer(spec, checked, backend)
    other = replace(checked, arrays={name: with_halves(spec, name, array) for name, array in checked.arrays.items()})
    answers_of(spec, other, backend, {name: -array for name, array in truth.upstream.items()})
    found = {**outputs, **gradients_of(spec, backward, truth.upstream)}
    for name, array in alone.items():
        if not same_bits(found[name], array):
            return f"{name} changes when another run came between"
    return None


def what_changes_hands_may_be_written_into(spec, truth, backend):
    """d = run.outputs["h"]; d -= wanted; run.backward({"h": d}): backward answers for the pass that was run."""
    if not spec.differentiated:
        return None
    plain = pulled_back(spec, truth, backend, truth.upstream)
    for word in ("outputs and intermediates are", "the arguments are"):
        arrays = {name: array.copy() for name, array in truth.checked.arrays.items()}
        run = run_checked(spec, replace(truth.checked, arrays=arrays), backend)
        for array in arrays.values() if "arguments" in word else (*run.outputs.values(), *run.intermediates.values()):
            array[...] = 3
        for name, gradient in run.backward(truth.upstream).items():
            if not same_bits(gradient, plain[name]):
                return f"d_{name} changes when {word} written into before backward"
    return None


def state_is_its_own(spec, truth, backend):
    """What is written into the state changes nothing of the run; what is written into outputs and arguments nothing of the state."""
    arrays = {name: array.copy() for name, array in truth.checked.arrays.items()}
    run = run_checked(spec, replace(truth.checked, arrays=arrays), backend)
    state, going_on = carried(run), {one.start for one in spec.continuing(truth.checked.integers)}
    if state.keys() != going_on:
        return f"the state {min(state.keys() ^ going_on)} is handed on though it does not go on, or is not though it does"
    for one in spec.continuing(truth.checked.integers):
        if one.state in spec.staying(truth.checked.integers):
            return f"the state {one.start} is handed on though {one.state} does not go on"
    if not state:
        return None
    for one in spec.continuing(truth.checked.integers):
        if not one.forward and not one.delayed and not _is_first(spec, truth, one.state, state[one.start]):
            return f"the state {one.start} is not that at the end of its way, at the first step"
    right = {name: array.copy() for name, array in state.items()}
    for array in state.values():
        array[...] = 3
    if spec.differentiated:
        plain = pulled_back(spec, truth, backend, truth.upstream)
        for name, gradient in run.backward(truth.upstream).items():
            if not same_bits(gradient, plain[name]):
                return f"d_{name} changes when the state is written into"
    for word, written in (("the state is", ()), ("outputs and arguments are", (*run.outputs.values(), *run.intermediates.values(), *arrays.values()))):
        for array in written:
            array[...] = 3
        for name, array in carried(run).items():
            if not same_bits(array, right[name]):
                return f"the state {name} changes when {word} written into"
    return None


def _is_first(spec, truth, name, found):
    """Whether ``found`` is a symbol's first step; that it is the last one on the way forward, :func:`chunks_join` asks."""
    key = truth.kind_of(name), name
    return key not in truth.quantities or near(truth, key, found, truth.quantities[key][0])


def arguments_are_read_anew(spec, truth, backend):
    """Arrays changed in place give what new arrays with those numbers give, and one number in the middle of a parameter counts."""
    arrays = {name: array.copy() for name, array in truth.checked.arrays.items()}
    checked = replace(truth.checked, arrays=arrays)
    plain = answers_of(spec, checked, backend, truth.upstream)
    for name, array in arrays.items():
        array[...] = with_halves(spec, name, array)
    changed = answers_of(spec, checked, backend, truth.upstream)
    fresh = replace(checked, arrays={name: array.copy() for name, array in arrays.items()})
    for name, array in answers_of(spec, fresh, backend, truth.upstream).items():
        if not same_bits(changed[name], array):
            return f"{name} is that of the arrays before they were changed in place"
    for name, array in arrays.items():
        array[...] = truth.checked.arrays[name]
    answer(spec, checked, backend)
    for name in spec.differentiated:
        if name in truth.checked.omitted or spec.symbols[name].role != "parameter":
            continue
        array = arrays[name]
        middle = array.size // 2
        array.flat[middle] /= 2
        if is_seen(spec, truth, name, array):
            found = answer(spec, checked, backend)[0]
            if all(same_bits(found[output], plain[output]) for output in found):
                return f"nothing changes with a number in the middle of {name}"
        array.flat[middle] = truth.checked.arrays[name].flat[middle]
    return _of_more_steps(spec, truth, backend) if spec.named_sizes else None


def _of_more_steps(spec, truth, backend):
    """A size that no array shows may be another one at the next call."""
    within = {part for symbol in spec.arrays.values() for size in symbol.shape for part in size.names()}
    checked, more = truth.checked, {name: truth.checked.sizes[name] + (name not in within) for name in spec.named_sizes}
    lengths = checked.lengths and {name: given + (name in more and name not in within) for name, given in checked.lengths.items()}
    checked = check_values(spec, handed_in(checked) | more, lengths)
    for name, array in run_checked(spec, checked, backend).outputs.items():
        if array.shape != expected_shapes(spec, checked)[name]:
            return f"{name} has the shape {list(array.shape)} when {' and '.join(more)} is one more than in the call before"
    return None
