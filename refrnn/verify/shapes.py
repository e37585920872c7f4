"""Backends held against each other in shapes whose truth would be dear: sizes of one, wide and ragged, steps of whole blocks."""

from dataclasses import replace

import numpy as np

from refrnn.backends.run import answer, expected_shapes
from refrnn.spec.values import check_values
from refrnn.verify.backends import Finding, by_two_threads, name_of, poison, poisoned
from refrnn.verify.bits import unlike_itself
from refrnn.verify.cases import is_free, shapes
from refrnn.verify.properties.asking import array_of, gradient_name, handed_in, same_bits

# Of the largest number of a step: more than half of the digits. What goes wrong with a shape loses most of them, but a factor next to 1, or a
# number that went through the other precision, does not.
NEAR = {"float64": 2.0**-34, "float32": 2.0**-11}
LESS_NEAR = {"float64": 2.0**-26, "float32": 2.0**-10}  # half of the digits, at steps where what is moved is no nearer
MOVED = {"float64": 1024.0, "float32": 64.0}  # ulp of what is handed in: where they leave nothing near, rounding runs away, and no step is judged


def disagreements(spec, backend, level="full"):
    """The findings where a backend differs, in some shape, from the reference; the reference, or where there is none, from the equation."""
    other = "reference" if "reference" in spec.backends and backend != "reference" else "equation"
    found = [finding for case in shapes(spec, other == "equation", level) for finding in _of_case(spec, case, backend, other)]
    if backend == "kernel" and spec.time and not found:
        found += unlike_itself(spec, level)
    return found


def _of_case(spec, case, backend, other):
    checked = check_values(spec, *case.draw(spec))
    random = np.random.default_rng(case.seed)
    upstream = {name: poison(spec, name, random.standard_normal(shape).astype(checked.dtype), checked) for name, shape in expected_shapes(spec, checked).items()}
    given = poisoned(spec, checked)
    kept = _copies(given.arrays), _copies(upstream)
    found = _answered(spec, given, backend, upstream)
    written = [f"the argument {name} was written to" for name, array in kept[0].items() if array.tobytes() != given.arrays[name].tobytes()]
    written += [f"the upstream gradient of {name} was written to" for name, array in kept[1].items() if array.tobytes() != upstream[name].tobytes()]
    right = _answered(spec, replace(given, arrays=kept[0]), other, kept[1])
    apart = [name for name, array in right.items() if not _near(spec, name, found[name], array)]
    if apart:
        moved = _answered(spec, poisoned(spec, _moved(spec, checked)), other, kept[1])
        apart = [name for name in apart if not _near(spec, name, found[name], right[name], moved[name])]
    texts = written + [f"{name} is not that of the {other}" for name in apart] + _of_layer(spec, replace(given, arrays=kept[0]), backend, found)
    return [Finding(name_of(backend), case.name, f"{text} in case {case.name}") for text in texts]


def _copies(arrays):
    return {name: np.copy(array) for name, array in arrays.items()}


def _of_layer(spec, checked, backend, found):
    """Where a layer that keeps nothing, of a kernel that can be bound, has other bits than a run."""
    if backend != "kernel" or spec.batch is not None or not hasattr(spec.bindings[backend].load(), "bind"):
        return []
    values = handed_in(checked)
    layer = spec.bind({name: array for name, array in values.items() if name in checked.integers or spec.arrays[name].is_kept}, backend)
    rest, out = {name: array for name, array in values.items() if name not in layer.values}, {name: np.full_like(found[name], 3) for name in spec.outputs}
    with by_two_threads(backend):
        runs = layer.forward(rest, checked.lengths, keep=False), layer.forward(rest, checked.lengths, keep=False, out=out)
    differ = {name for run in runs for name, array in run.outputs.items() if not same_bits(array, found[name])}
    return [f"{name} of a layer is not that of a run" for name in sorted(differ)]


def _answered(spec, checked, backend, upstream):
    """Outputs and gradients by name, the gradients as d_name; of a kernel by two threads, however little there is to do."""
    with by_two_threads(backend):
        outputs, _, backward = answer(spec, checked, backend)
        gradients = backward(upstream) if spec.differentiated else {}
    return {**outputs, **{gradient_name(spec, name): gradient for name, gradient in gradients.items()}}


def _moved(spec, checked):
    """The same values, those that may be any numbers moved in their last digits."""
    random, far = np.random.default_rng(35), MOVED[checked.dtype.name] * np.finfo(checked.dtype).eps
    free = {name: array for name, array in checked.arrays.items() if is_free(spec.symbols[name])}
    return replace(checked, arrays=checked.arrays | {name: array * (1 + far * random.choice([-1, 1], array.shape)) for name, array in free.items()})


def _near(spec, name, found, right, moved=None):
    """Whether two arrays differ by less than half of their digits at most, in units of the largest number of a step; all is near what is no number.

    At steps where not even ``moved`` is, these may be ``LESS_NEAR``; where it is not so near either, all is near.
    """
    if np.shape(found) != right.shape:
        return False
    axes = tuple(range(1 if spec.time_size(array_of(spec, name)) else 0, right.ndim))
    return all(_within(near[right.dtype.name], axes, found, right, moved) for near in (NEAR, LESS_NEAR))


def _within(near, axes, found, right, moved):
    allowed = near * np.abs(np.where(np.isfinite(right), right, 0)).max(axis=axes, keepdims=True, initial=0)
    with np.errstate(invalid="ignore"):  # of what is no number on both sides
        certain = np.True_ if moved is None else np.all(np.abs(moved - right) <= allowed, axis=axes, keepdims=True)
        return bool(np.all((np.abs(found - right) <= allowed) | ~np.isfinite(right) | ~certain))
