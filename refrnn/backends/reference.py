"""The reference backend: the readable NumPy module of a spec, run for each sequence by itself."""

import numpy as np

from refrnn.backends.answers import Intermediates, pair, picked
from refrnn.backends.sequences import Sequences
from refrnn.errors import ValuesError

MOST_STEPS = 2_000_000  # of all sequences together, some 10 microseconds each way
_BEGINNING = 5  # steps that take as long as a sequence's beginning and end


def answer(spec, checked, module):
    """See :func:`refrnn.backends.run.forward`: outputs, intermediates, and the way back."""
    checked = checked.copied()
    sequences = Sequences(spec, checked)
    _check_work(spec, sequences)
    outputs = {name: sequences.empty(name, checked.dtype) for name in spec.outputs}
    intermediates, all_saved = {}, []
    for item in sequences.items:
        arrays = {name: sequences.take(name, array, item) for name, array in checked.arrays.items()}
        arrays = {name: array[()] if array.ndim == 0 else array for name, array in arrays.items()}
        named = {name: sequences.sizes(item)[name] for name in spec.named_sizes}
        with np.errstate(all="ignore"):
            found, saved = pair(module.forward(**arrays, **checked.integers, **named))
        all_saved.append(saved)
        found = picked(found, spec.outputs, "the outputs of forward")
        for name in spec.outputs:
            sequences.put(name, outputs[name], item, found[name])
        for name, array in Intermediates(spec, saved).items():
            if name not in intermediates:
                intermediates[name] = sequences.empty(name, checked.dtype)
            sequences.put(name, intermediates[name], item, array)

    def backward(upstream):
        gradients = {name: sequences.empty(name, checked.dtype) for name in spec.differentiated}
        for item, saved in zip(sequences.items, all_saved):
            parts = {f"d_{name}": sequences.seed(name, array, item) for name, array in upstream.items()}
            with np.errstate(all="ignore"):
                found = picked(module.backward(saved, **parts), spec.differentiated, "the gradients of backward")
                for name in spec.differentiated:
                    if spec.batch_axis(name) is None:
                        gradients[name] = _sum(gradients[name], found[name])
                    else:
                        sequences.put(name, gradients[name], item, found[name])
        return gradients

    return outputs, intermediates, backward


def _sum(total, part):
    """In the memory of the total, where the sum is of its form: large arrays are dear to make."""
    fits = part.dtype == total.dtype and part.shape == total.shape
    return np.add(total, part, out=total) if fits else total + part


def _check_work(spec, sequences):
    """Refuse what would run for minutes: it is NumPy in loops over sequences and steps."""
    many = len(sequences.items)
    if sum(_BEGINNING + sum(map(sequences.sizes(item).get, spec.time)) for item in sequences.items) > MOST_STEPS:
        steps = " and ".join(f"{time} = {sequences.checked.sizes[time]:,}" for time in spec.time)
        what = f"{many:,} sequence{'s' * (many != 1)}{' of ' * bool(steps)}{steps} {'is' if many == 1 else 'are'}"
        raise ValuesError(
            f"{spec.id}: {what} too much for the reference, which takes one at a time, step by step; choose fewer, or the kernel"
        )
