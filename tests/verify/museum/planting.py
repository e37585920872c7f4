"""How a fault is planted in a kernel: what it is given, what it gives or what its way back gives is changed on the way."""

from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Callable, NamedTuple

import numpy as np

import refrnn
from refrnn.verify.cases import asked
from refrnn.verify.truth import truths
from refrnn.verify.verify import wrong_with


class Fault(NamedTuple):
    """``before(a)`` changes the arguments, ``after(a, out)`` the outputs, ``back(a, d, g)`` the gradients, each in place by name.

    ``level`` says by which cases it must be found.
    """

    kind: str
    name: str
    spec: str
    before: Callable | None = None
    after: Callable | None = None
    back: Callable | None = None
    level: str = "quick"


class Planted:
    """Stands where the binding of a kernel stands."""

    def __init__(self, spec, fault):
        right = spec.bindings["kernel"].load()
        self.module = ModuleType("planted")

        def forward(**arguments):
            given = dict(arguments)
            if fault.before:
                fault.before(given)
            outputs, saved = right.forward(**given)
            outputs = {name: np.array(array) for name, array in outputs.items()}
            if fault.after:
                fault.after(given, outputs)
            offered = {name: array() if callable(array) else array for name, array in saved.items() if name in spec.defined} if hasattr(saved, "keys") else {}
            return outputs, {**offered, "right": saved, "given": given, "outputs": outputs}

        def backward(saved, **upstream):
            gradients = {name: np.array(array) for name, array in right.backward(saved["right"], **upstream).items()}
            if fault.back:
                fault.back(saved["given"], upstream, gradients)
            return gradients

        forward.is_apart = True  # as the library's kernels say: nothing is copied for it
        self.module.forward, self.module.backward = forward, backward

    def load(self):
        return self.module


@lru_cache(maxsize=None)
def truths_of(name, level):
    spec = refrnn.load(name)
    return {truth.case.name: truth for truth in truths(spec, asked(spec, level))}


@contextmanager
def standing(spec, backend, binding, known):
    """``binding`` stands where that of a backend stands; what it writes into the arrays of ``known`` truths no later fault sees."""
    kept, arrays = spec.bindings[backend], [array for truth in known.values() for array in (*truth.checked.arrays.values(), *truth.upstream.values())]
    before = [array.copy() for array in arrays]
    spec.bindings[backend] = binding
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        spec.bindings[backend] = kept
        for array, right in zip(arrays, before):
            if not np.array_equal(array, right, equal_nan=array.dtype.kind == "f"):
                array[...] = right


def found(fault, level="quick"):
    """What verification says of the kernel with the fault: texts, none where it finds nothing."""
    spec = refrnn.load(fault.spec)
    known = truths_of(fault.spec, level)
    with standing(spec, "kernel", Planted(spec, fault), known):
        return wrong_with(spec, known, "kernel", level)
