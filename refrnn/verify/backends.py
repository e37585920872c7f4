"""Holds a backend against the truth of a case: outputs, intermediates, gradients, and what a backend must not do."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.run import run_checked
from refrnn.backends.sequences import past_end
from refrnn.spec.values import Checked, check_values


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in words."""

    backend: str
    case: str
    text: str

    def __str__(self):
        return f"{self.backend}: {self.text}"


def _name_of(backend):
    return backend if isinstance(backend, str) else backend.__name__.rpartition(".")[2]


def compare(spec, truth, backend):
    """Judge one backend on one case: (worst of each quantity, findings)."""
    run = run_checked(spec, poisoned(spec, truth.checked), backend)
    found = {(truth.kind_of(name), name): array for name, array in {**run.intermediates, **run.outputs}.items()}
    # A backend may offer an intermediate at steps where the equation has none.
    found = {key: array for key, array in found.items() if key in truth.quantities}
    misshapen = _misshapen(found, truth)
    if spec.differentiated and not misshapen:
        upstream = {name: _poison(spec, name, array, truth.checked) for name, array in truth.upstream.items()}
        found.update({("gradient", f"d_{name}"): gradient for name, gradient in run.backward(upstream).items()})
        misshapen = _misshapen(found, truth)
    judged = truth.judge({key: array for key, array in found.items() if key not in misshapen})
    case = truth.case.name
    findings = [Finding("equation", case, f"can't be judged: {text}") for text in truth.failures]
    texts = list(misshapen.values()) + [describe(worst, case) for worst in judged if not worst.ok] + _dtype_texts(found, truth)
    if backend == "reference" and spec.group:  # the library's own; of others the report says so
        texts += [f"does not save {name} under its name, so that nothing compares it; save it in forward" for name in not_offered(truth, found)]
    return judged, findings + [Finding(_name_of(backend), case, text) for text in texts]


def _misshapen(found, truth):
    """What has another shape than it should, in words, by key."""
    return {
        key: f"{key[1]} has the shape {list(np.shape(array))}, expected {list(truth.quantities[key].shape)}, in case {truth.case.name}"
        for key, array in found.items()
        if np.shape(array) != truth.quantities[key].shape
    }


def not_offered(truth, found):
    """The symbols that the equation computes at every step and that are not among the keys ``found``."""
    return [name for kind, name in truth.quantities if kind != "gradient" and (kind, name) not in found]


def describe(worst, case):
    """A difference as people say it."""
    place = f" at [{', '.join(map(str, worst.place))}]" if worst.place else ""
    size = "is not a number or not zero where it must be" if not np.isfinite(worst.ulp) else f"{worst.ulp:.3g} ulp"
    return f"{worst.quantity} differs{place} in case {case}, {size}, bound {worst.bound:.3g}"


def _dtype_texts(found, truth):
    expected = truth.checked.dtype
    return [
        f"{name} has dtype {array.dtype}, expected {expected} in case {truth.case.name}"
        for (_, name), array in found.items()
        if array.dtype != expected
    ]


def poisoned(spec, checked):
    """The same values with NaN (-1 for integers) past every sequence's end, where nobody may read."""
    if checked.lengths is None:
        return checked
    arrays = {name: _poison(spec, name, array, checked) for name, array in checked.arrays.items()}
    return Checked(arrays, checked.integers, checked.sizes, checked.batch, checked.lengths, checked.dtype, checked.omitted)


def _poison(spec, name, array, checked):
    past = past_end(spec, checked, name, array)
    return np.where(past, array.dtype.type(np.nan if array.dtype.kind == "f" else -1), array) if np.any(past) else array


# ---------------------------------------------------------------- properties


def properties(spec, truth, backend):
    """What holds for any right backend, whatever the equation: findings where it does not."""
    findings = []
    for check in (_upstream_is_linear, _missing_is_zero, _backward_repeats, _items_do_not_touch, _layout_does_not_matter):
        text = check(spec, truth, backend)
        if text:
            findings.append(Finding(_name_of(backend), truth.case.name, f"{text} in case {truth.case.name}"))
    return findings


def _gradients(spec, checked, backend, upstream):
    return run_checked(spec, checked, backend).backward(upstream)


def _first_difference(truth, gradients, others, factor):
    """The first gradient that differs by more than ``factor`` bounds, in words, or None."""
    for name, gradient in gradients.items():
        key = ("gradient", f"d_{name}")
        allowed = factor * truth.allowed(key)
        if not np.all(np.abs(gradient - others[name]) <= allowed):
            return f"d_{name}"
    return None


def _upstream_is_linear(spec, truth, backend):
    if not spec.differentiated:
        return None
    two = truth.checked.dtype.type(2)
    once = _gradients(spec, truth.checked, backend, truth.upstream)
    twice = _gradients(spec, truth.checked, backend, {name: two * array for name, array in truth.upstream.items()})
    name = _first_difference(truth, once, {name: gradient / two for name, gradient in twice.items()}, 2)
    return name and f"{name} is not linear in the upstream gradient"


def _missing_is_zero(spec, truth, backend):
    if not spec.differentiated:
        return None
    whole = _gradients(spec, truth.checked, backend, truth.upstream)
    total = {name: np.zeros_like(gradient) for name, gradient in whole.items()}
    for output in spec.outputs:
        for name, gradient in _gradients(spec, truth.checked, backend, {output: truth.upstream[output]}).items():
            total[name] = total[name] + gradient
    # Each output's share may be larger than their sum: allow for what cancels.
    name = _first_difference(truth, whole, total, 4 * (1 + len(spec.outputs)))
    return name and f"{name} is not the sum of what the single outputs give: a missing upstream gradient is not zero"


def _backward_repeats(spec, truth, backend):
    if not spec.differentiated:
        return None
    run = run_checked(spec, truth.checked, backend)
    first, second = run.backward(truth.upstream), run.backward(truth.upstream)
    for name in first:
        if not np.array_equal(first[name], second[name], equal_nan=True):
            return f"d_{name} changes when backward is called twice"
    return None


def _items_do_not_touch(spec, truth, backend):
    """Another sequence in the batch changes nothing of the first one, bit for bit."""
    checked = truth.checked
    if spec.batch is not None or not spec.batched or checked.batch < 2:
        return None
    disturbed = {}
    for name, array in checked.arrays.items():
        axis = spec.batch_axis(name)
        if axis is None or array.dtype.kind != "f" or spec.symbols[name].draw != "normal" or spec.symbols[name].low is not None:
            disturbed[name] = array
            continue
        disturbed[name] = array.copy()
        last = [slice(None)] * array.ndim
        last[axis] = -1
        disturbed[name][tuple(last)] *= 3
    other = Checked(disturbed, checked.integers, checked.sizes, checked.batch, checked.lengths, checked.dtype, checked.omitted)
    before, after = run_checked(spec, checked, backend), run_checked(spec, other, backend)
    for name in spec.outputs:
        axis = spec.batch_axis(name)
        if axis is not None and not np.array_equal(
            before.outputs[name].take(0, axis), after.outputs[name].take(0, axis), equal_nan=True
        ):
            return f"{name} of the first sequence changes with the last one"
    return None


def _layout_does_not_matter(spec, truth, backend):
    """Fortran-ordered, strided and read-only arrays give the same bits and are not written to."""
    plain = run_checked(spec, truth.checked, backend)
    layouts = {"Fortran-ordered": np.asfortranarray, "strided": _strided, "read-only": _read_only}
    for word, rearrange in layouts.items():
        arrays = {name: rearrange(array) for name, array in truth.values.items() if np.ndim(array)}
        values = {**truth.values, **arrays}
        before = {name: array.copy() for name, array in arrays.items()}
        run = run_checked(spec, check_values(spec, values, truth.lengths), backend)
        upstream = {name: rearrange(array) if array.ndim else array for name, array in truth.upstream.items()}
        pairs = [(plain.outputs, run.outputs)]
        if spec.differentiated:
            pairs.append((plain.backward(truth.upstream), run.backward(upstream)))
        for left, right in pairs:
            for name in left:
                if not np.array_equal(left[name], right[name], equal_nan=True):
                    return f"{name} changes when the arrays are {word}"
        if any(not np.array_equal(before[name], arrays[name], equal_nan=True) for name in arrays):
            return f"an input that is {word} was written to"
    return None


def _strided(array):
    wide = np.empty(array.shape[:-1] + (2 * array.shape[-1],), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def _read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def threads_agree(spec, truth):
    """Kernel results bit for bit with one and with two threads (where the machine has two): a finding, or None."""
    from refrnn.kernels.primitives import threads

    found = []
    for number in (1, min(2, threads.most())):
        with threads.using(number):
            run = run_checked(spec, truth.checked, "kernel")
            found.append({**run.outputs, **(run.backward(truth.upstream) if spec.differentiated else {})})
    for name in found[0]:
        if not np.array_equal(found[0][name], found[1][name], equal_nan=True):
            return Finding("kernel", truth.case.name, f"{name} differs between 1 and 2 threads in case {truth.case.name}")
    return None
