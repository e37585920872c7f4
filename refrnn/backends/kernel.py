"""The kernel backend: the Numba module of a spec, run on the whole batch at once."""

import numpy as np

from refrnn.backends.answers import Intermediates, pair, picked
from refrnn.errors import ValuesError

KERNEL_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def answer(spec, checked, module, copied=True):
    """See :func:`refrnn.backends.run.forward`: outputs, intermediates, and the way back.

    Not ``copied``, the outputs may be what the way back reads, and gradients of a module that is not the library's are kept apart.
    """
    way = checked.common.get("kernel")
    if way is None or way.made_for != (module.forward, copied):
        way = checked.common["kernel"] = _Way(spec, checked, module, copied)
    is_apart = way.is_apart
    arrays, found = way.forward(checked)
    outputs, saved = pair(found)
    outputs = picked(outputs, spec.outputs, "the outputs of forward")

    def backward(upstream):
        upstream = upstream if is_apart else _copies(upstream)
        gradients = module.backward(saved, **{f"d_{name}": gradient for name, gradient in upstream.items()})
        gradients = picked(gradients, spec.differentiated, "the gradients of backward")
        if is_apart or copied:
            return gradients
        return _own(gradients, [*upstream.values(), *checked.arrays.values(), *arrays.values(), *outputs.values()])

    return outputs, Intermediates(spec, saved), backward


class _Way:
    """How a module's forward is called with values of one form."""

    def __init__(self, spec, checked, module, copied):
        if checked.dtype not in KERNEL_DTYPES:
            raise ValuesError(f"{spec.id}: kernels run in float32 and float64, not {checked.dtype}; use the equation or the reference")
        self.made_for = module.forward, copied
        # The library's kernels copy what they keep, and answer with arrays of their own; of any other module nothing is known.
        self.is_apart = getattr(module.forward, "is_apart", False)
        self._call = module.forward if copied else getattr(module.forward, "uncopied", module.forward)
        self._fitting, self._fit = getattr(self._call, "fitting", None), None
        self._numbers = [name for name, array in checked.arrays.items() if not array.ndim]
        self._others = {**checked.integers, **{name: checked.sizes[name] for name in spec.named_sizes}}
        self._times = spec.time

    def forward(self, checked):
        """The arrays that it was given, and what it answered."""
        arrays = checked.arrays if self.is_apart else _copies(checked.arrays)
        named = {**arrays, **self._others}
        for name in self._numbers:
            named[name] = arrays[name][()]
        if self._times:
            given = checked.lengths
            named["lengths"] = given if given is None or len(self._times) > 1 else given[self._times[0]]
        if self._fitting is None:
            return arrays, self._call(**named)
        if self._fit is None:
            self._fit = self._fitting(named)
        return arrays, self._call.of(self._fit, named)


def _copies(arrays):
    """For a kernel that may write into them."""
    return {name: array.copy() for name, array in arrays.items()}


def _own(gradients, taken):
    """The gradients, those in a copy that lie in memory which others have, or another gradient."""
    found = {}
    for name, gradient in gradients.items():
        shares = any(np.may_share_memory(gradient, other) for other in (*taken, *found.values()))
        found[name] = gradient.copy() if shares else gradient
    return found
