"""What properties ask of a backend, and when two answers are the same."""

import functools
from dataclasses import replace

import numpy as np

from refrnn.backends.layer import goes_by_steps
from refrnn.backends.run import answer, run_checked


_BESIDE = "the gradient "


def answers_of(spec, checked, backend, upstream):
    """Outputs and gradients by name."""
    outputs, _, backward = answer(spec, checked, backend)
    return {**outputs, **gradients_of(spec, backward, upstream)}


def gradients_of(spec, backward, upstream):
    return {gradient_name(spec, name): gradient for name, gradient in backward(upstream).items()} if spec.differentiated else {}


def gradient_name(spec, name):
    """How the gradient of an array is called beside the outputs: d_name, where no output is called so."""
    return f"d_{name}" if f"d_{name}" not in spec.outputs else f"{_BESIDE}d_{name}"


def array_of(spec, name):
    """The array that a gradient is of, or the output itself."""
    return name if name in spec.outputs else name.removeprefix(_BESIDE).removeprefix("d_")


def key_of(spec, truth, name):
    return (truth.kind_of(name), name) if name in spec.outputs else ("gradient", name.removeprefix(_BESIDE))


def first_wrong(spec, truth, found):
    """The first name under which ``found`` is not right, or None."""
    judged = truth.judge({key_of(spec, truth, name): array for name, array in found.items() if key_of(spec, truth, name) in truth.quantities})
    return next((worst.quantity for worst in judged if not worst.ok), None)


def near(truth, key, found, other, factor=2, shares=()):
    """Whether two arrays differ by at most ``factor`` bounds of the quantity ``key``; what has no bound must be equal.

    ``shares``: arrays that were added up, which may be larger than their sum and are rounded as such; so are terms that cancel.
    """
    if key not in truth.quantities or found.dtype.kind != "f":
        return np.array_equal(found, other)
    scale = max(truth.smallest, *(float(np.abs(array).max(initial=0)) for array in (truth.quantities[key], truth.cancelling(key), *shares)))
    return np.all(np.abs(found - other) <= factor * truth.bounds[key] * truth.eps * scale)


def is_seen(spec, truth, name, moved):
    """Whether, by the truth's gradient, outputs are others by more than their rounding where ``moved`` stands for an array: it may have no say at all."""
    key = "gradient", f"d_{name}"
    least = 1000 * truth.eps * sum(float(np.abs(array * truth.quantities[key_of(spec, truth, name)]).sum()) for name, array in truth.upstream.items())
    return key in truth.quantities and abs(np.sum(truth.quantities[key] * (moved - truth.checked.arrays[name]))) > least


def same_bits(left, right):
    if left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes():
        return True  # which is told soonest; one NaN may have other bits than another
    return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=True) and np.array_equal(np.signbit(left), np.signbit(right))


def pulled_back(spec, truth, backend, upstream):
    return run_checked(spec, truth.checked, backend).backward(upstream)


def run_of(spec, values, lengths, backend):
    """As a caller runs it."""
    return spec.forward(values, backend=backend, lengths=lengths)


def handed_in(checked):
    """What was handed in, without what was left out."""
    return {name: array for name, array in checked.arrays.items() if name not in checked.omitted} | checked.integers


def carried(run):
    return {name: array for name, array in run.state.items() if isinstance(array, np.ndarray)}


def is_a_stream(spec, checked, rest):
    """Whether a layer that is given ``rest`` goes by single steps."""
    return bool(spec.time) and goes_by_steps(spec, checked.integers) and not spec.named_sizes and any(spec.time_size(name) for name in rest)


def at_step(spec, rest, t):
    """What a layer's step takes at t of what is not bound, and the starts."""
    starts = {name: value for name, value in rest.items() if spec.arrays[name].role == "start"}
    return {name: value[t] if spec.time_size(name) else value for name, value in rest.items() if name not in starts}, starts


def with_halves(spec, name, array):
    symbol = spec.symbols[name]
    return array / 2 if symbol.type == "real" and symbol.draw == "normal" and symbol.low is None and array.ndim else array


def with_last(spec, name, array, change):
    """``array`` with its last sequence changed, where any real numbers may stand."""
    axis, symbol = spec.batch_axis(name), spec.arrays.get(name)
    bound = symbol and (symbol.draw != "normal" or symbol.low is not None or symbol.finite)
    if axis is None or array.dtype.kind != "f" or bound:
        return array
    changed = array.copy()
    np.moveaxis(changed, axis, 0)[-1] = change(np.moveaxis(changed, axis, 0)[-1])
    return changed


@functools.lru_cache(maxsize=4)
def of_any_starts(spec):
    """The spec where starts may lie anywhere: a state that leaves the range of its start is right, and is handed on in chunks and steps all the same."""
    starts = [symbol for symbol in spec.arrays.values() if symbol.role == "start" or symbol.name in spec.begun]
    freed = {symbol.name: replace(symbol, low=None, high=None) for symbol in starts if (symbol.low, symbol.high) != (None, None)}
    return replace(spec, symbols=spec.symbols | freed) if freed else spec
