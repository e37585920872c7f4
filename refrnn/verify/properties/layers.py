"""A spec bound to its parameters."""

import numpy as np

from refrnn.backends.layer import goes_by_steps
from refrnn.backends.run import module_of, run_checked
from refrnn.errors import ValuesError
from refrnn.verify.backends import KERNELS, by_two_threads
from refrnn.verify.properties.asking import at_step, carried, handed_in, is_a_stream, near, of_any_starts, run_of, same_bits, with_halves
from refrnn.verify.properties.layouts import each, strided
from refrnn.verify.variants import HELD, STREAMED, compare_crowd, in_a_crowd


def binding_changes_nothing(spec, truth, backend):
    """Bound to its parameters the spec gives the same bits, keeping or not; a kernel's steps in turn give them too, others' the same within bounds."""
    checked = truth.checked
    if not spec.parameters:
        return None
    values = handed_in(checked) | {name: checked.sizes[name] for name in spec.named_sizes}
    given = {name: np.copy(value) if np.ndim(value) else value for name, value in values.items() if name not in spec.arrays or spec.arrays[name].is_kept}
    layer = spec.bind(given, backend)
    for array in given.values():
        if np.ndim(array):
            array[...] = 3  # later changes are not seen
    rest = {name: value for name, value in values.items() if name not in layer.values}
    plain = _given_by(run_checked(spec, checked, backend))
    with by_two_threads(backend):
        return _bound_differs(spec, truth, backend, layer, rest, plain)


def _given_by(run):
    """Outputs, and the state."""
    return run.outputs | carried(run)


def _bound_differs(spec, truth, backend, layer, rest, plain):
    checked = truth.checked
    for word, keep in (("", True), (" and keeps nothing", False), (" and is asked once more", False)):
        for name, array in _given_by(layer.forward(rest, checked.lengths, keep)).items():
            if not same_bits(array, plain[name]):
                return f"{name} changes when the spec is bound to its parameters{word}"
    if checked.lengths is None and len(spec.time) == 1 and spec.batched:
        copied, lengths = {name: np.copy(value) for name, value in rest.items()}, _first_shorter(spec, checked)
        ragged = _given_by(run_of(spec, layer.values | copied, lengths, backend))
        for name, array in _given_by(layer.forward(copied, lengths, keep=False)).items():
            if not same_bits(array, ragged[name]):
                return f"{name} of sequences of other lengths is not that of a run"
    if checked.lengths is not None or not is_a_stream(spec, checked, rest):
        return None
    (_, state), steps, states = at_step(spec, rest, 0), [], []
    if of_any_starts(spec) is not spec:
        layer = of_any_starts(spec).bind(layer.values, backend)
    for t in range(checked.sizes[spec.time[0]]):
        given = at_step(spec, rest, t)[0]
        outputs, state = layer.step(*given.values() if len(given) == 1 and t % 2 else [given], state)  # one input may be given without its name
        steps.append(outputs)
        states += [(name, array, array.copy()) for name, array in state.items()]
    for t, outputs in enumerate(steps):  # all done: no step writes into what an earlier one gave
        for name, array in outputs.items():
            key, right = (truth.kind_of(name), name), plain[name][t]
            if not (same_bits(array, right) if backend == "kernel" else near(truth, key, array, right)):
                return f"{name} of single steps is not that of the whole"
    for name, kept, right in states:
        if not same_bits(kept, right):
            return f"the state {name} of single steps changes at a later one"
    return None


def _first_shorter(spec, checked):
    """Lengths of a whole batch whose first sequence is cut in half."""
    lengths = np.full(checked.sizes[spec.batch] if spec.batch else checked.batch, checked.sizes[spec.time[0]])
    lengths[0] = max(1, lengths[0] // 2)
    return lengths


def calls_of_a_layer_do_not_touch(spec, truth, backend):
    """After a call with other numbers, and one with a shorter sequence, whole ones come out of a layer as before, written where ``out`` says."""
    checked = truth.checked
    if not spec.parameters or not spec.time or checked.lengths is not None or spec.named_sizes or not goes_by_steps(spec, checked.integers):
        return None
    values = handed_in(checked)
    layer = spec.bind({name: value for name, value in values.items() if spec.arrays[name].is_kept}, backend)
    rest = {name: value for name, value in values.items() if name not in layer.values}
    run = layer.forward(rest, keep=False)
    plain, state = run.outputs, carried(run)
    right = {name: array.copy() for name, array in state.items()}
    for array in state.values():
        array[...] = 3
    for name, array in carried(run).items():
        if not same_bits(array, right[name]):
            return f"the state {name} of a layer changes when it is written into"
    return _calls_differ(spec, checked, layer, rest, plain)


def _calls_differ(spec, checked, layer, rest, plain):
    outs, lengths = [], _first_shorter(spec, checked)
    for ends, laid in ((None, np.asarray), (lengths, np.asarray), (None, strided)):
        layer.forward({name: np.copy(with_halves(spec, name, np.asarray(value))) for name, value in rest.items()}, ends, keep=False)
        out = {name: laid(np.full_like(array, 3)) for name, array in plain.items()}
        layer.forward(rest, keep=False, out=out)
        outs.append(out)
        for name, array in (one for out in outs for one in out.items()):  # the earlier ones too: no call writes into what another was given
            if not same_bits(array, plain[name]):
                return f"{name} written into out is not that of an earlier call"
    for name, array in layer.forward(each(rest, strided), keep=False).outputs.items():
        if not same_bits(array, plain[name]):
            return f"{name} is not that of an earlier call when the arrays are strided"
    ragged, apart = (layer.forward(each(rest, laid), lengths, keep=False).outputs for laid in (np.copy, strided))
    for name, array in apart.items():
        if not same_bits(array, ragged[name]):
            return f"{name} of sequences of other lengths is another one when the arrays are strided"
    for given, array in rest.items():
        if array.dtype != checked.dtype:
            continue
        output, room = spec.outputs[0], np.zeros(array.size + plain[spec.outputs[0]].size, checked.dtype)
        overlapping = room[: array.size].reshape(array.shape), room[: plain[output].size].reshape(plain[output].shape)
        try:
            layer.forward(rest | {given: overlapping[0]}, keep=False, out={output: overlapping[1]})
        except ValuesError:
            continue
        return f"{output} is written into memory that {given} is read from"
    return _takes_another_precision(spec, checked, layer, rest)


def _takes_another_precision(spec, checked, layer, rest):
    """Where a layer, after calls that fit, takes arrays of another precision than its own without a word."""
    other = np.float32 if checked.dtype == np.float64 else np.float64
    turned = {name: array.astype(other) if np.ndim(array) and array.dtype == checked.dtype else array for name, array in rest.items()}
    if all(array is rest[name] for name, array in turned.items()) or not any(np.ndim(value) and value.dtype == checked.dtype for value in layer.values.values()):
        return None
    asked = [("layer", lambda given: layer.forward(given, keep=False))]
    if is_a_stream(spec, checked, rest):
        asked.append(("layer", lambda given: layer.step(*at_step(spec, given, 0))))
    bind = getattr(module_of(spec, layer.backend, checked.integers), "bind", None) if layer.backend in KERNELS else None
    if bind is not None:  # which a caller may use alone: what it is given nobody else looks at
        bound = bind(**{name: array for name, array in checked.arrays.items() if spec.arrays[name].is_kept})
        asked.append(("bound kernel", bound.forward))
    for word, ask in asked:
        ask(rest)
        try:
            ask(turned)
        except (ValuesError, TypeError):
            continue
        return f"a {word} of {checked.dtype} takes arrays of {np.dtype(other)}"
    return None


def layers_of_many_answer_as_runs(spec, truth, backend):
    """In chunks of steps, the last one shorter; and a run of the sizes that a layer had has its gradients."""
    if not truth.case.ragged or spec.batch is not None or not hasattr(module_of(spec, backend, truth.checked.integers), "bind"):
        return None
    kept = {name: array for name, array in handed_in(truth.checked).items() if spec.arrays[name].is_kept}
    layer = spec.bind(kept, backend)
    for sequences in (HELD, STREAMED):
        arrays = in_a_crowd(spec, truth, sequences)[0].arrays
        found = layer.forward({name: array for name, array in arrays.items() if name not in layer.values}, keep=False)
        right = run_of(spec, kept | arrays, None, backend)
        for name, array in _given_by(right).items():
            if not same_bits(_given_by(found)[name], array):
                return f"{name} of a layer is not that of a run of as many sequences"
    found = compare_crowd(spec, truth, backend, HELD) if spec.differentiated else ()
    return next((f"after a layer had the same sizes {finding.text}" for finding in found), None)
