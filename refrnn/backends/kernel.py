"""The kernel backend: the Numba module of a spec, run on the whole batch at once."""

import numpy as np

from refrnn.backends.answers import Intermediates, pair, picked
from refrnn.errors import ValuesError

KERNEL_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def answer(spec, checked, module, copied=True):
    """See :func:`refrnn.backends.run.forward`: outputs, intermediates, and the way back.

    Not ``copied``, the outputs may be what the way back reads, and gradients of a module that is not the library's are kept apart.
    """
    if checked.dtype not in KERNEL_DTYPES:
        raise ValuesError(f"{spec.id}: kernels run in float32 and float64, not {checked.dtype}; use the equation or the reference")
    lengths = {}
    if spec.time:
        given = checked.lengths
        lengths = {"lengths": given if given is None or len(spec.time) > 1 else given[spec.time[0]]}
    # The library's kernels copy what they keep, and answer with arrays of their own; of any other module nothing is known.
    is_apart = getattr(module.forward, "is_apart", False)
    arrays = {name: array if array.ndim else array[()] for name, array in _apart(checked.arrays, is_apart).items()}
    named = {name: checked.sizes[name] for name in spec.named_sizes}
    forward = module.forward if copied else getattr(module.forward, "uncopied", module.forward)
    outputs, saved = pair(forward(**arrays, **checked.integers, **named, **lengths))
    outputs = picked(outputs, spec.outputs, "the outputs of forward")

    def backward(upstream):
        upstream = _apart(upstream, is_apart)
        gradients = module.backward(saved, **{f"d_{name}": gradient for name, gradient in upstream.items()})
        gradients = picked(gradients, spec.differentiated, "the gradients of backward")
        if is_apart or copied:
            return gradients
        return _own(gradients, [*upstream.values(), *checked.arrays.values(), *arrays.values(), *outputs.values()])

    return outputs, Intermediates(spec, saved), backward


def _apart(arrays, is_apart):
    """The arrays, in copies if a kernel may write into them."""
    return arrays if is_apart else {name: array.copy() for name, array in arrays.items()}


def _own(gradients, taken):
    """The gradients, those in a copy that lie in memory which others have, or another gradient."""
    found = {}
    for name, gradient in gradients.items():
        shares = any(np.may_share_memory(gradient, other) for other in (*taken, *found.values()))
        found[name] = gradient.copy() if shares else gradient
    return found
