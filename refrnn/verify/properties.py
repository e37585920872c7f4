"""What holds for any right backend, whatever the equation: each property a function, each with a planted fault in the tests.

A property takes (spec, truth, backend) and returns in words what does not hold, or None. Arrays go to the backend itself,
just as they are laid out: the library would put them in order first.
"""

import ast
import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import numpy as np

from refrnn import free
from refrnn.backends.layer import goes_by_steps
from refrnn.backends.run import answer, expected_shapes, run_checked
from refrnn.equation.held import Held
from refrnn.errors import ValuesError
from refrnn.spec.values import check_values
from refrnn.verify.backends import Finding, by_two_threads, name_of, poison, poisoned
from refrnn.verify.passes import Passes
from refrnn.verify.variants import CROWD, FEW, HELD, MANY, STREAMED, compare_crowd, in_a_crowd

FINE = 1 + 2.0**-30  # a factor that float32 doesn't tell from one
TIMES = 3  # each of two threads calls
NAN = 255  # every byte of a NaN, in both precisions
SEGMENT = 2  # steps that run once more at a time: of as many sequences no more make a block


def properties(spec, truth, backend, level="full"):
    """The findings of all properties that a level asks on one case."""
    checks = _of_level(spec, truth, backend, level)
    found = [(check, _checked_by(check, spec, truth, backend)) for check in checks]
    return [Finding(name_of(backend), truth.case.name, f"{text} in case {truth.case.name}") for _, text in found if text]


def _of_level(spec, truth, backend, level):
    """At the quick level sequences of all lengths are asked everything, and whole ones what takes another way with them."""
    others = KERNEL_PROPERTIES if backend == "kernel" else REFERENCE_PROPERTIES if backend == "reference" and spec.group else ()
    if level != "quick":
        return PROPERTIES + others + (FULL_PROPERTIES if backend == "kernel" else ())
    if not spec.time or truth.case.ragged:
        return PROPERTIES + others
    return OF_WHOLE_SEQUENCES + (KERNELS_OF_WHOLE_SEQUENCES if backend == "kernel" else ())


def of_choices(spec, truth, backend):
    """The findings on a case of one of the functions that a constant chooses between: errors may be cut off by one of them alone."""
    text = _checked_by(errors_go_where_the_equation_sends_them, spec, truth, backend)
    return [Finding(name_of(backend), truth.case.name, f"{text} in case {truth.case.name}")] if text else []


def of_wide_work(spec, truth, backend):
    """The findings on a case of many numbers, which threads share; or of many units in a batch, where some parts of units are not whole."""
    text = _checked_by(_bits_by_memory if spec.batched or spec.batch else threads_agree, spec, truth, backend)
    return [Finding(name_of(backend), truth.case.name, f"{text} in case {truth.case.name}")] if text else []


def _checked_by(check, spec, truth, backend):
    try:
        return check(spec, truth, backend)
    except Exception as error:  # a backend is anyone's code: what it raises is a finding
        return f"{check.__name__.strip('_').replace('_', ' ')}: raises {type(error).__name__} ({error})"


# ------------------------------------------------------------ asking a backend


def _asked(spec, checked, backend, upstream):
    """Outputs and gradients by name, the gradients as d_name."""
    outputs, _, backward = answer(spec, checked, backend)
    return {**outputs, **_gradients(spec, backward, upstream)}


def _gradients(spec, backward, upstream):
    return {f"d_{name}": gradient for name, gradient in backward(upstream).items()} if spec.differentiated else {}


def _key(spec, truth, name):
    return (truth.kind_of(name), name) if name in spec.outputs else ("gradient", name)


def _wrong(spec, truth, found):
    """The first name under which ``found`` is not right, or None."""
    judged = truth.judge({_key(spec, truth, name): array for name, array in found.items() if _key(spec, truth, name) in truth.quantities})
    return next((worst.quantity for worst in judged if not worst.ok), None)


def _near(truth, key, found, other, factor=2):
    """Whether two arrays differ by at most ``factor`` bounds of the quantity ``key``; what has no bound must be equal."""
    if key not in truth.quantities or found.dtype.kind != "f":
        return np.array_equal(found, other)
    scale = max(float(np.abs(truth.quantities[key]).max(initial=0)), truth.smallest)
    return np.all(np.abs(found - other) <= factor * truth.bounds[key] * truth.eps * scale)


def _same_bits(left, right):
    return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=True) and np.array_equal(np.signbit(left), np.signbit(right))


def _only(upstream, *names):
    """``upstream`` of these outputs, zero for the others."""
    return {name: array if name in names else np.zeros_like(array) for name, array in upstream.items()}


# ------------------------------------------------------------ the way back


def upstream_is_linear(spec, truth, backend):
    """A thousandfold upstream, of digits that float32 has not, gives a thousandfold gradient: nothing is clipped or cut off on the way."""
    if not spec.differentiated:
        return None
    factor = truth.checked.dtype.type(1024 * FINE)
    _, _, backward = answer(spec, truth.checked, backend)
    grown = _gradients(spec, backward, {name: factor * array for name, array in truth.upstream.items()})
    for name, gradient in grown.items():
        key = ("gradient", name)
        if key in truth.quantities and not truth.judge({key: gradient / factor})[0].ok:
            return f"{name} is not linear in the upstream gradient"
    return None


def missing_upstream_is_zero(spec, truth, backend):
    """Outputs without an upstream gradient, left out, None or zero, add nothing; without any all gradients are zero."""
    if not spec.differentiated:
        return None
    for name, gradient in _pulled(spec, truth, backend, {}).items():
        if np.any(gradient):
            return f"d_{name} is not zero though no output has an upstream gradient"
    if len(spec.outputs) == 1:  # all that is left would be one call, made again
        return None
    total = {}
    for output in spec.outputs:
        given = {output: truth.upstream[output]}
        left_out = _pulled(spec, truth, backend, given)
        for word, upstream in (("None", dict.fromkeys(spec.outputs) | given), ("zero", _only(truth.upstream, output))):
            for name, gradient in _pulled(spec, truth, backend, upstream).items():
                if not _same_bits(gradient, left_out[name]):
                    return f"d_{name} is another one where the other outputs' upstream is {word}, not left out"
        for name, gradient in left_out.items():
            total[name] = total.get(name, 0) + gradient
    whole = _pulled(spec, truth, backend, truth.upstream)
    for name, gradient in total.items():
        # Single shares may be larger than their sum.
        if not _near(truth, ("gradient", f"d_{name}"), gradient, whole[name], 4 * (1 + len(spec.outputs))):
            return f"d_{name} is not the sum of what the single outputs give"
    return None


def _pulled(spec, truth, backend, upstream):
    return run_checked(spec, truth.checked, backend).backward(upstream)


def upstream_adds_up_over_steps(spec, truth, backend):
    """The gradient is the sum of what single steps give: none ends where a step has no upstream gradient."""
    steps = max((len(array) for name, array in truth.upstream.items() if spec.time_size(name)), default=0)
    if not spec.differentiated or steps < 2:
        return None
    whole, total = _pulled(spec, truth, backend, truth.upstream), {}
    for chosen in (slice(-1, None), slice(0, -1, 2), slice(1, -1, 2)):
        for name, gradient in _pulled(spec, truth, backend, _of_steps(spec, truth.upstream, chosen)).items():
            total[name] = total.get(name, 0) + gradient
    for name, gradient in total.items():
        if not _near(truth, ("gradient", f"d_{name}"), gradient, whole[name], 16):
            return f"d_{name} is not the sum of what the last step, every other one and the rest give"
    return None


def _of_steps(spec, upstream, chosen):
    """``upstream`` at the chosen steps, zero at the others; what has no time counts as the last one."""
    found = {}
    for name, array in upstream.items():
        found[name] = np.zeros_like(array)
        if spec.time_size(name):
            found[name][chosen] = array[chosen]
        elif chosen.start == -1:
            found[name] = array
    return found


def backward_repeats(spec, truth, backend):
    if not spec.differentiated:
        return None
    _, _, backward = answer(spec, truth.checked, backend)
    first = {name: np.copy(array) for name, array in backward(truth.upstream).items()}
    upstream = {name: array.copy() for name, array in truth.upstream.items()}
    backward(upstream)
    for array in upstream.values():  # where they lie is no sign that they are the same
        array /= 4
    quarter = {name: np.copy(array) for name, array in backward(upstream).items()}
    for name, gradient in backward(truth.upstream).items():
        if not _same_bits(gradient, first[name]):
            return f"d_{name} changes when backward is called again"
        if np.any(gradient) and np.array_equal(gradient, quarter[name]):
            return f"d_{name} stays as it was when backward is called with a quarter of the errors"
    return None


def errors_go_where_the_equation_sends_them(spec, truth, backend):
    """NaN in an upstream gradient comes out where the equation passes it on: not at what is cut off, nor at what comes later.

    Where zero times NaN makes it NaN, in arithmetic or in what has no gradient, either is right.
    """
    if not spec.differentiated or truth.special or bool(spec.time) != truth.case.ragged:
        return None
    _, _, backward = answer(spec, truth.checked, backend)
    for word, upstream, by_arithmetic, by_calculus in _lost(spec, truth):
        for name, gradient in _gradients(spec, backward, upstream).items():
            lost, key = np.isnan(gradient), ("gradient", name)
            if np.any(lost & ~by_arithmetic[name]):
                return f"{name} is NaN at places that no NaN reaches where the upstream gradient is NaN {word}"
            if name in by_calculus and key in truth.quantities and np.any(~lost & by_calculus[name] & (truth.quantities[key] != 0)):
                return f"{name} hides that the upstream gradient is NaN {word}"
    return None


def _lost(spec, truth):
    """Upstream gradients with NaN, in words and numbers, and where the equation's gradients are NaN then; once for all backends."""
    if not hasattr(truth, "lost"):
        one_step = {name: _middle(array) for name, array in truth.upstream.items() if array.ndim > 1}
        given = {f"all over {name}": {name: np.s_[...]} for name in spec.outputs} | {"at one step of one sequence": one_step}
        lost = [{name: array.copy() for name, array in truth.upstream.items()} for _ in given]
        for upstream, places in zip(lost, given.values()):
            for name, where in places.items():
                upstream[name][where] = np.nan
        passed = Passes(spec, truth.checked, truth.checked.dtype, [[Held() for _ in range(truth.sequences)] for _ in lost])
        with np.errstate(all="ignore"):
            by_arithmetic, by_calculus = (_where_lost(passed, lost, absorbing) for absorbing in (False, True))
        # What is lost at one step may go out anywhere.
        truth.lost = list(zip(given, lost, by_arithmetic, [*by_calculus[:-1], {}]))
    return truth.lost


def _where_lost(passed, upstream, absorbing):
    return [{f"d_{name}": np.isnan(gradient) for name, gradient in gradients.items()} for gradients in passed.backward(upstream, absorbing)]


def _middle(array):
    """The step in the middle, of the first sequence."""
    return slice(len(array) // 2, len(array) // 2 + 1), slice(1)


# ------------------------------------------------------------ sequences


def sequences_do_not_touch(spec, truth, backend):
    """Whatever the last sequence holds, NaN too, the others have the same bits, forward and backward."""
    checked = truth.checked
    if spec.batch is not None or not spec.batched or checked.batch < 2:
        return None
    plain = _asked(spec, checked, backend, truth.upstream)
    for word, change in (("three times as large", lambda last: 3 * last), ("NaN", lambda last: np.full_like(last, np.nan))):
        other = replace(checked, arrays={name: _with_last(spec, name, array, change) for name, array in checked.arrays.items()})
        upstream = {name: _with_last(spec, name, array, change) for name, array in truth.upstream.items()}
        found = _asked(spec, other, backend, upstream)
        for name, array in plain.items():
            axis = spec.batch_axis(name.removeprefix("d_") if name not in spec.outputs else name)
            if axis is not None and not _same_bits(_but_last(array, axis), _but_last(found[name], axis)):
                return f"{name} of the other sequences changes when the last one is {word}"
    return None


def _with_last(spec, name, array, change):
    """``array`` with its last sequence changed, where any real numbers may stand."""
    axis, symbol = spec.batch_axis(name), spec.arrays.get(name)
    bound = symbol and (symbol.draw != "normal" or symbol.low is not None or symbol.finite)
    if axis is None or array.dtype.kind != "f" or bound:
        return array
    changed = array.copy()
    np.moveaxis(changed, axis, 0)[-1] = change(np.moveaxis(changed, axis, 0)[-1])
    return changed


def _but_last(array, axis):
    return np.moveaxis(array, axis, 0)[:-1]


# ------------------------------------------------------------ memory


def _strided(array):
    wide = np.full(array.shape[:-1] + (2 * array.shape[-1],), 77, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def _reversed(array):
    return np.flip(np.flip(array).copy())


def _dense_looking(array):
    """Where an axis has one place only its stride is of no meaning, and NumPy calls the array contiguous."""
    strides = [3 * array.itemsize if size == 1 else stride for size, stride in zip(array.shape, array.strides)]
    return np.lib.stride_tricks.as_strided(array, strides=strides)


def _unaligned(array):
    room = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    room[...] = array
    return room


def _read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS = {
    "Fortran-ordered": np.asfortranarray,
    "strided": _strided,
    "in reverse in memory": _reversed,
    "one wide with odd strides": _dense_looking,
    "unaligned": _unaligned,
    "read-only": _read_only,
}


def layout_does_not_matter(spec, truth, backend):
    """Arrays that lie otherwise in memory, handed to the backend as they are, do as well."""
    for word, rearrange in LAYOUTS.items():
        arrays = _each(truth.checked.arrays, rearrange)
        name = _wrong(spec, truth, _asked(spec, replace(truth.checked, arrays=arrays), backend, _each(truth.upstream, rearrange)))
        if name:
            return f"{name} is wrong when the arrays are {word}"
    return None


def _each(arrays, rearrange):
    return {name: rearrange(array) if array.ndim else array for name, array in arrays.items()}


def arguments_are_not_written(spec, truth, backend):
    """Not even past a sequence's end, where nobody reads."""
    checked = poisoned(spec, truth.checked)
    arrays = {name: array.copy() for name, array in checked.arrays.items()}
    upstream = {name: poison(spec, name, array, checked).copy() for name, array in truth.upstream.items()}
    _asked(spec, replace(checked, arrays=arrays), backend, upstream)
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
    results = list({**outputs, **_gradients(spec, backward, upstream)}.items())
    again = list(_gradients(spec, backward, upstream).items())
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
    alone = _asked(spec, checked, backend, truth.upstream)
    outputs, _, backward = answer(spec, checked, backend)
    other = replace(checked, arrays={name: _halved(spec, name, array) for name, array in checked.arrays.items()})
    _asked(spec, other, backend, {name: -array for name, array in truth.upstream.items()})
    found = {**outputs, **_gradients(spec, backward, truth.upstream)}
    for name, array in alone.items():
        if not _same_bits(found[name], array):
            return f"{name} changes when another run came between"
    return None


def what_changes_hands_may_be_written_into(spec, truth, backend):
    """d = run.outputs["h"]; d -= wanted; run.backward({"h": d}): backward answers for the pass that was run."""
    if not spec.differentiated:
        return None
    plain = _pulled(spec, truth, backend, truth.upstream)
    for word in ("outputs and intermediates are", "the arguments are"):
        arrays = {name: array.copy() for name, array in truth.checked.arrays.items()}
        run = run_checked(spec, replace(truth.checked, arrays=arrays), backend)
        for array in arrays.values() if "arguments" in word else (*run.outputs.values(), *run.intermediates.values()):
            array[...] = 3
        for name, gradient in run.backward(truth.upstream).items():
            if not _same_bits(gradient, plain[name]):
                return f"d_{name} changes when {word} written into before backward"
    return None


def state_is_its_own(spec, truth, backend):
    """What is written into the state changes nothing of the run; what is written into outputs and arguments nothing of the state."""
    arrays = {name: array.copy() for name, array in truth.checked.arrays.items()}
    run = run_checked(spec, replace(truth.checked, arrays=arrays), backend)
    state, going_on = _carried(run), {one.start for one in spec.continuing(truth.checked.integers)}
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
        plain = _pulled(spec, truth, backend, truth.upstream)
        for name, gradient in run.backward(truth.upstream).items():
            if not _same_bits(gradient, plain[name]):
                return f"d_{name} changes when the state is written into"
    for word, written in (("the state is", ()), ("outputs and arguments are", (*run.outputs.values(), *run.intermediates.values(), *arrays.values()))):
        for array in written:
            array[...] = 3
        for name, array in _carried(run).items():
            if not _same_bits(array, right[name]):
                return f"the state {name} changes when {word} written into"
    return None


def _is_first(spec, truth, name, found):
    """Whether ``found`` is a symbol's first step; that it is the last one on the way forward, :func:`chunks_join` asks."""
    key = truth.kind_of(name), name
    return key not in truth.quantities or _near(truth, key, found, truth.quantities[key][0])


def _carried(run):
    return {name: array for name, array in run.state.items() if isinstance(array, np.ndarray)}


def arguments_are_read_anew(spec, truth, backend):
    """Arrays changed in place give what new arrays with those numbers give, and one number in the middle of a parameter counts."""
    arrays = {name: array.copy() for name, array in truth.checked.arrays.items()}
    checked = replace(truth.checked, arrays=arrays)
    plain = _asked(spec, checked, backend, truth.upstream)
    for name, array in arrays.items():
        array[...] = _halved(spec, name, array)
    changed = _asked(spec, checked, backend, truth.upstream)
    fresh = replace(checked, arrays={name: array.copy() for name, array in arrays.items()})
    for name, array in _asked(spec, fresh, backend, truth.upstream).items():
        if not _same_bits(changed[name], array):
            return f"{name} is that of the arrays before they were changed in place"
    for name, array in arrays.items():
        array[...] = truth.checked.arrays[name]
    answer(spec, checked, backend)
    for name in spec.differentiated:
        if name in truth.checked.omitted:
            continue
        array, slope = arrays[name], plain[f"d_{name}"]
        middle = array.size // 2
        if spec.symbols[name].role != "parameter" or not abs(slope.flat[middle]) > np.abs(slope).max() / 100:
            continue
        array.flat[middle] /= 2
        found = answer(spec, checked, backend)[0]
        if all(_same_bits(found[output], plain[output]) for output in found):
            return f"nothing changes with a number in the middle of {name}"
        array.flat[middle] = truth.checked.arrays[name].flat[middle]
    return _of_more_steps(spec, truth, backend) if spec.named_sizes else None


def _of_more_steps(spec, truth, backend):
    """A size that no array shows may be another one at the next call."""
    checked, more = truth.checked, {name: truth.checked.sizes[name] + 1 for name in spec.named_sizes}
    lengths = checked.lengths and {name: given + (name in more) for name, given in checked.lengths.items()}
    checked = check_values(spec, _values(checked) | more, lengths)
    for name, array in run_checked(spec, checked, backend).outputs.items():
        if array.shape != expected_shapes(spec, checked)[name]:
            return f"{name} has the shape {list(array.shape)} when {' and '.join(more)} is one more than in the call before"
    return None


def every_digit_counts(spec, truth, backend):
    """Numbers that differ beyond the digits of float32 give other results in float64: no array is taken in a lower precision."""
    if truth.checked.dtype != np.float64 or not spec.differentiated:
        return None
    plain = answer(spec, truth.checked, backend)[0]
    least = 1000 * truth.eps * sum(float(np.abs(array * truth.quantities[_key(spec, truth, name)]).sum()) for name, array in truth.upstream.items())
    for name in spec.differentiated:
        array, key = truth.checked.arrays[name], ("gradient", f"d_{name}")
        moved = np.where(_halved(spec, name, array) != array, array * FINE, array)
        if key not in truth.quantities or not abs(np.sum(truth.quantities[key] * (moved - array))) > least:
            continue  # it need not be seen
        found = answer(spec, replace(truth.checked, arrays=truth.checked.arrays | {name: moved}), backend)[0]
        if all(_same_bits(found[output], plain[output]) for output in found):
            return f"nothing changes with the last digits of {name}"
    return None


def _halved(spec, name, array):
    symbol = spec.symbols[name]
    return array / 2 if symbol.type == "real" and symbol.draw == "normal" and symbol.low is None and array.ndim else array


# ------------------------------------------------------------ going on


def chunks_join(spec, truth, backend):
    """A second run started with the first one's state, of the sequences that go on, is the rest of the whole, and ends in its state."""
    chunks = _in_two_chunks(spec, truth, backend)
    if chunks is None:
        return None
    going_on, _, items, lengths, first, second, _ = chunks
    state = {name: array.copy() for name, array in first.state.items()}
    whole = _run_of(spec, _values(truth.checked), truth.checked.lengths, backend)
    for name, last in second.state.items():
        state[name][items] = last
        key = truth.kind_of(going_on[name].state), going_on[name].state
        right = whole.state[name]
        if key in truth.quantities and not going_on[name].delayed:
            right = truth.quantities[key][lengths - 1, np.arange(len(lengths))]
        for word, found in (("the whole", whole.state[name]), ("two chunks", state[name])):
            if not _near(truth, key, found, right):
                return f"the state {name} after {word} is not that at the end of each sequence"
    outputs = [name for name in spec.outputs if spec.time_size(name) and name in spec.batched]
    name = _wrong(spec, truth, {name: _joined(first.outputs[name], second.outputs[name], items) for name in outputs})
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
        if key in truth.quantities and not _near(truth, key, found, truth.quantities[key], 4):
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
    values, ragged = _values(checked), checked.lengths is not None

    def run_first():
        return _run_of(spec, _part(spec, values, slice(0, cut), slice(None)), np.minimum(lengths, cut) if ragged else None, backend)

    first = run_first()
    rest = _part(spec, values, slice(cut, None), items) | {name: array[items] for name, array in first.state.items()}
    second = _run_of(spec, rest, lengths[items] - cut if ragged else None, backend)
    return going_on, cut, items, lengths, first, second, run_first


def _values(checked):
    """What was handed in, without what was left out."""
    return {name: array for name, array in checked.arrays.items() if name not in checked.omitted} | checked.integers


def _part(spec, values, steps, items):
    """Some steps of some sequences."""
    part = {}
    for name, value in values.items():
        axis = spec.batch_axis(name) if np.ndim(value) else None
        if axis is not None:
            value = np.moveaxis(np.moveaxis(value, axis, 0)[items], 0, axis)
        part[name] = value[steps] if np.ndim(value) and spec.time_size(name) else value
    return part


def _run_of(spec, values, lengths, backend):
    """As a caller runs it."""
    return spec.forward(values, backend=backend, lengths=lengths)


def _joined(first, second, items):
    rest = np.zeros((len(second), *first.shape[1:]), first.dtype)
    rest[:, items] = second
    return np.concatenate((first, rest))


def learned_starts_may_be_given_for_each_sequence(spec, truth, backend):
    """A start that is a parameter, repeated for every sequence, gives the same, and one gradient for each sequence."""
    checked = truth.checked
    learned = [name for name in spec.begun if spec.symbols[name].role == "parameter" and name not in checked.omitted]
    if not learned or spec.batch is not None or not spec.batched:
        return None
    repeated = {name: np.repeat(checked.arrays[name][None], checked.batch, axis=0) for name in learned}
    values = _values(checked) | {name: checked.sizes[name] for name in spec.named_sizes} | repeated
    run = _run_of(spec, values, checked.lengths, backend)
    found = {_key(spec, truth, name): array for name, array in run.outputs.items()}
    if spec.differentiated:
        for name, gradient in run.backward(truth.upstream).items():
            found["gradient", f"d_{name}"] = gradient.sum(axis=0) if name in learned else gradient
    for worst in truth.judge({key: array for key, array in found.items() if key in truth.quantities}):
        if not worst.ok:
            return f"{worst.quantity} changes when {learned[0]} is given for each sequence"
    return None


def binding_changes_nothing(spec, truth, backend):
    """Bound to its parameters the spec gives the same bits, keeping or not; a kernel's steps in turn give them too, others' the same within bounds."""
    checked = truth.checked
    if not spec.parameters:
        return None
    values = _values(checked) | {name: checked.sizes[name] for name in spec.named_sizes}
    given = {name: np.copy(value) if np.ndim(value) else value for name, value in values.items() if name not in spec.arrays or spec.arrays[name].is_kept}
    layer = spec.bind(given, backend)
    for array in given.values():
        if np.ndim(array):
            array[...] = 3  # later changes are not seen
    rest = {name: value for name, value in values.items() if name not in layer.values}
    plain = run_checked(spec, checked, backend).outputs
    with by_two_threads(backend):
        return _bound_differs(spec, truth, backend, layer, rest, plain)


def _bound_differs(spec, truth, backend, layer, rest, plain):
    checked = truth.checked
    for word, keep in (("", True), (" and keeps nothing", False)):
        for name, array in layer.forward(rest, checked.lengths, keep).outputs.items():
            if not _same_bits(array, plain[name]):
                return f"{name} changes when the spec is bound to its parameters{word}"
    timed = {name for name in rest if spec.time_size(name)}
    if checked.lengths is not None or not goes_by_steps(spec, checked.integers) or spec.named_sizes or not timed:
        return None
    state, steps = {name: value for name, value in rest.items() if spec.arrays[name].role == "start"}, []
    for t in range(checked.sizes[spec.time[0]]):
        given = {name: value[t] if name in timed else value for name, value in rest.items() if spec.arrays[name].role != "start"}
        outputs, state = layer.step(given, state)
        steps.append(outputs)
    for t, outputs in enumerate(steps):  # all done: no step writes into what an earlier one gave
        for name, array in outputs.items():
            key, right = (truth.kind_of(name), name), plain[name][t]
            if not (_same_bits(array, right) if backend == "kernel" else _near(truth, key, array, right)):
                return f"{name} of single steps is not that of the whole"
    return None


def calls_of_a_layer_do_not_touch(spec, truth, backend):
    """After a call with other numbers, and one with a shorter sequence, whole ones come out of a layer as before, written where ``out`` says."""
    checked = truth.checked
    if not spec.parameters or not spec.time or checked.lengths is not None or spec.named_sizes or not goes_by_steps(spec, checked.integers):
        return None
    values = _values(checked)
    layer = spec.bind({name: value for name, value in values.items() if spec.arrays[name].is_kept}, backend)
    rest = {name: value for name, value in values.items() if name not in layer.values}
    run = layer.forward(rest, keep=False)
    plain, state = run.outputs, _carried(run)
    right = {name: array.copy() for name, array in state.items()}
    for array in state.values():
        array[...] = 3
    for name, array in _carried(run).items():
        if not _same_bits(array, right[name]):
            return f"the state {name} of a layer changes when it is written into"
    return _calls_differ(spec, checked, layer, rest, plain)


def _calls_differ(spec, checked, layer, rest, plain):
    outs = []
    lengths = np.full(checked.sizes[spec.batch] if spec.batch else checked.batch, checked.sizes[spec.time[0]])
    lengths[0] = max(1, lengths[0] // 2)
    for ends in (None, lengths):
        layer.forward({name: np.copy(_halved(spec, name, np.asarray(value))) for name, value in rest.items()}, ends, keep=False)
        out = {name: np.full_like(array, 3) for name, array in plain.items()}
        layer.forward(rest, keep=False, out=out)
        outs.append(out)
        for name, array in (one for out in outs for one in out.items()):  # the earlier ones too: no call writes into what another was given
            if not _same_bits(array, plain[name]):
                return f"{name} written into out is not that of an earlier call"
    for name, array in layer.forward(_each(rest, _strided), keep=False).outputs.items():
        if not _same_bits(array, plain[name]):
            return f"{name} is not that of an earlier call when the arrays are strided"
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
    return None


# ------------------------------------------------------------ references of this project


def extended_precision_is_kept(spec, truth, backend):
    """Given extended precision, nothing is computed in less: results are as near to the truth as its own rounding allows."""
    wide = {name: array.astype(np.longdouble) if array.dtype.kind == "f" else array for name, array in truth.checked.arrays.items()}
    upstream = {name: array.astype(np.longdouble) for name, array in truth.upstream.items()}
    for name, array in _asked(spec, replace(truth.checked, arrays=wide, dtype=np.dtype(np.longdouble)), backend, upstream).items():
        key, digits = _key(spec, truth, name), truth.eps / np.finfo(np.longdouble).eps
        if key in truth.quantities and truth.error(key, array)[0] * digits > 2 * truth.bounds[key]:
            return f"{name} is computed in less than the precision that is given"
    return None


# ------------------------------------------------------------ kernels of this project


def threads_agree(spec, truth, backend):
    """The same bits by one thread, by two that share even the least work, and by two again: of many sequences, where there are any."""
    return _agreed_by_threads(spec, truth, backend, MANY)


def threads_agree_in_a_crowd(spec, truth, backend):
    """So they do where there are more rows than any block has."""
    return _agreed_by_threads(spec, truth, backend, CROWD)


def _agreed_by_threads(spec, truth, backend, sequences):
    from refrnn.kernels.primitives import threads

    if bool(spec.time) != truth.case.ragged and (spec.batched or spec.batch):
        return None
    checked, upstream = in_a_crowd(spec, truth, sequences)
    plain = None
    for number in (1, 2, 2):
        with threads.using(min(number, threads.most()), little=0):
            found = _asked(spec, checked, backend, upstream)
        plain = plain or found
        for name, array in plain.items():
            if not _same_bits(found[name], array):
                return f"{name} differs between 1 and 2 threads"
    return None


def memory_that_is_used_again_is_as_new(spec, truth, backend):
    """In arrays large enough for that: after runs that leave NaN in it, a run's second way back and a new run have the bits of the first."""
    return _bits_by_memory(spec, truth, backend) if bool(spec.time) == truth.case.ragged else None


def _bits_by_memory(spec, truth, backend):
    if not spec.differentiated:
        return None
    checked, upstream = in_a_crowd(spec, truth, FEW)
    _leave_in_memory(0)
    outputs, _, backward = answer(spec, checked, backend)
    plain = {name: np.copy(array) for name, array in {**outputs, **_gradients(spec, backward, upstream)}.items()}
    lost = replace(checked, arrays={name: np.where(_halved(spec, name, array) != array, np.nan, array).astype(array.dtype) for name, array in checked.arrays.items()})
    _asked(spec, lost, backend, {name: np.full_like(array, np.nan) for name, array in upstream.items()})

    def anew():
        _leave_in_memory(NAN)
        return _asked(spec, checked, backend, upstream)

    for word, ask in (("once more", lambda: {**outputs, **_gradients(spec, backward, upstream)}), ("anew", anew)):
        for name, array in ask().items():
            if not _same_bits(array, plain[name]):
                return f"{name} of many sequences is another one when asked {word}, after a run of NaN"
    return None


def _leave_in_memory(byte):
    """Where what is not set begins: work memory is let go, and as much as is asked for next has this byte everywhere; NaN has ``NAN``."""
    from refrnn.kernels.engine.pool import POOL

    free()
    POOL.give([np.full(size, byte, np.uint8) for size in 2 ** np.arange(14, 19) for _ in range(4)])
    for size in 2 ** np.arange(8, 18):
        np.full(size, byte, np.uint8)


def checkpoints_change_nothing(spec, truth, backend):
    """Of a kernel that keeps states alone, and runs the steps behind each once more: the bits of a pass that keeps everything."""
    from refrnn.kernels.engine.segments import checkpoint

    if not spec.time or not truth.case.ragged:
        return None
    checked, upstream = _long(spec, *in_a_crowd(spec, truth, MANY))
    # First whole sequences, which are not put in another order, for that would copy them; they also leave numbers where shorter ones have none.
    for given in (replace(checked, lengths=None), checked):
        arrays = {name: array.copy() for name, array in given.arrays.items()}
        with checkpoint(SEGMENT) as taken:
            outputs, intermediates, backward = answer(spec, replace(given, arrays=arrays), backend)
        if not taken:  # it runs nothing step by step
            return None
        for array in arrays.values():  # what runs once more reads copies
            array[...] = 3
        plain, offered, plain_backward = answer(spec, given, backend)
        found = {**intermediates, **outputs, **_gradients(spec, backward, upstream)}
        for name, array in {**offered, **plain, **_gradients(spec, plain_backward, upstream)}.items():
            if not _same_bits(found[name], array):
                return f"{name} is another one when states are kept alone, before every {SEGMENT} steps"
    return None


def _long(spec, checked, upstream):
    """The same steps as often as it takes for two segments, where rows are read back over many steps: no segment has fewer."""
    deep = max((checked.arrays[one.start].shape[1] for one in spec.continuing(checked.integers) if one.delayed), default=1)
    time = spec.time[0]
    times = -(-2 * deep // checked.sizes[time])
    if times == 1:
        return checked, upstream
    arrays, upstream = ({name: _repeated(spec, name, array, times) for name, array in given.items()} for given in (checked.arrays, upstream))
    lengths = checked.lengths | {time: times * checked.lengths[time]}
    return replace(checked, arrays=arrays, lengths=lengths, sizes=checked.sizes | {time: times * checked.sizes[time]}), upstream


def _repeated(spec, name, array, times):
    return np.concatenate(times * [array]) if spec.time_size(name) else array


def copies_answer_alike(spec, truth, backend):
    """A run that went through pickle has the gradients of the run, where not all are numbers, too; a layer that was in use has its outputs."""
    checked = truth.checked
    if bool(spec.time) != truth.case.ragged:
        return None
    if spec.differentiated:
        lost = {name: _with_last(spec, name, array, lambda last: np.full_like(last, np.nan)) for name, array in checked.arrays.items()}
        run = run_checked(spec, replace(checked, arrays=lost), backend)
        plain = run.backward(truth.upstream)
        for name, gradient in _copied(spec, run).backward(truth.upstream).items():
            if not _same_bits(gradient, plain[name]):
                return f"d_{name} of a copy of a run is not that of the run"
    if not spec.parameters or spec.named_sizes:
        return None
    values = _values(checked)
    layer = spec.bind({name: value for name, value in values.items() if spec.arrays[name].is_kept}, backend)
    rest = {name: value for name, value in values.items() if name not in layer.values}
    plain = layer.forward(rest, checked.lengths, keep=False).outputs
    for name, array in _copied(spec, layer).forward(rest, checked.lengths, keep=False).outputs.items():
        if not _same_bits(array, plain[name]):
            return f"{name} of a copy of a layer is not that of the layer"
    return None


class _Pickler(pickle.Pickler):
    """Passes over ``spec``, which takes long to be made anew."""

    spec = None

    def persistent_id(self, one):
        return "spec" if one is self.spec else None


class _Unpickler(pickle.Unpickler):
    """Puts ``spec`` where the pickler passed over it."""

    spec = None

    def persistent_load(self, name):
        return self.spec


def _copied(spec, thing):
    """A copy by pickle, but for the spec."""
    data = io.BytesIO()
    pickler = _Pickler(data)
    pickler.spec = spec
    pickler.dump(thing)
    unpickler = _Unpickler(io.BytesIO(data.getvalue()))
    unpickler.spec = spec
    return unpickler.load()


def calls_at_once_do_not_touch(spec, truth, backend):
    """Two threads of Python that call at once, with other numbers each, get the bits that they get alone."""
    if bool(spec.time) != truth.case.ragged:
        return None
    halved = {name: _halved(spec, name, array) for name, array in truth.checked.arrays.items()}
    asked = [(truth.checked, truth.upstream), (replace(truth.checked, arrays=halved), {name: -array for name, array in truth.upstream.items()})]
    alone, together = [_asked(spec, checked, backend, upstream) for checked, upstream in asked], Barrier(2)

    def ask(checked, upstream):
        together.wait()
        return [_asked(spec, checked, backend, upstream) for _ in range(TIMES)]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, *zip(*asked)))
    for plain, found in zip(alone, answers):
        for name, array in plain.items():
            if not all(_same_bits(one[name], array) for one in found):
                return f"{name} changes when two threads of Python call at once"
    return None


def layers_of_many_answer_as_runs(spec, truth, backend):
    """In chunks of steps, the last one shorter; and a run of the sizes that a layer had has its gradients."""
    if not truth.case.ragged or spec.batch is not None or not hasattr(spec.bindings[backend].load(), "bind"):
        return None
    kept = {name: array for name, array in _values(truth.checked).items() if spec.arrays[name].is_kept}
    layer = spec.bind(kept, backend)
    for sequences in (HELD, STREAMED):
        arrays = in_a_crowd(spec, truth, sequences)[0].arrays
        found = layer.forward({name: array for name, array in arrays.items() if name not in layer.values}, keep=False)
        right = _run_of(spec, kept | arrays, None, backend)
        for name, array in (right.outputs | _carried(right)).items():
            if not _same_bits({**found.outputs, **_carried(found)}[name], array):
                return f"{name} of a layer is not that of a run of as many sequences"
    found = compare_crowd(spec, truth, backend, HELD) if spec.differentiated else ()
    return next((f"after a layer had the same sizes {finding.text}" for finding in found), None)


PROPERTIES = (
    upstream_is_linear,
    missing_upstream_is_zero,
    upstream_adds_up_over_steps,
    backward_repeats,
    errors_go_where_the_equation_sends_them,
    sequences_do_not_touch,
    layout_does_not_matter,
    arguments_are_not_written,
    results_are_their_own,
    runs_do_not_share,
    what_changes_hands_may_be_written_into,
    state_is_its_own,
    arguments_are_read_anew,
    every_digit_counts,
    chunks_join,
    errors_join,
    learned_starts_may_be_given_for_each_sequence,
    binding_changes_nothing,
    calls_of_a_layer_do_not_touch,
)
KERNEL_PROPERTIES = (
    threads_agree, memory_that_is_used_again_is_as_new, checkpoints_change_nothing, calls_at_once_do_not_touch,
    copies_answer_alike, layers_of_many_answer_as_runs,
)  # fmt: skip
FULL_PROPERTIES = (threads_agree_in_a_crowd,)
# Where no lengths are given, or a stream has no end, a backend goes another way.
OF_WHOLE_SEQUENCES = (chunks_join, errors_join, binding_changes_nothing, calls_of_a_layer_do_not_touch)
# A kernel reads them where they are, and its last state is a row of them: nothing is put in order.
KERNELS_OF_WHOLE_SEQUENCES = (what_changes_hands_may_be_written_into, state_is_its_own)
REFERENCE_PROPERTIES = (extended_precision_is_kept,)
