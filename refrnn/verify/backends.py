"""Holds a backend against the truth of a case: outputs, intermediates and gradients."""

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from refrnn.backends.run import run_checked
from refrnn.spec.values import Checked
from refrnn.verify.ends import past_end
from refrnn.verify.text import excused


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in words."""

    backend: str
    case: str
    text: str

    def __str__(self):
        return f"{self.backend}: {self.text}"


KERNELS = ("kernel", "compiled")  # what threads run


def name_of(backend):
    return backend if isinstance(backend, str) else backend.__name__.rpartition(".")[2]


def by_two_threads(backend):
    """A context in which two threads share the work of a kernel, however little there is to do; of other backends nothing is asked."""
    if backend not in KERNELS:
        return nullcontext()
    from refrnn.kernels.primitives import threads

    return threads.using(min(2, threads.most()), little=0)


def compare(spec, truth, backend):
    """Judge one backend on one case: (worst of each quantity, findings)."""
    run = run_checked(spec, poisoned(spec, truth.checked), backend)
    found = {(truth.kind_of(name), name): array for name, array in {**run.intermediates, **run.outputs}.items()}
    # A backend may offer an intermediate at steps where the equation has none.
    found = {key: array for key, array in found.items() if key in truth.quantities}
    misshapen = _misshapen(found, truth)
    if spec.differentiated and not misshapen:
        upstream = {name: poison(spec, name, array, truth.checked) for name, array in truth.upstream.items()}
        found.update({("gradient", f"d_{name}"): gradient for name, gradient in run.backward(upstream).items()})
        misshapen = _misshapen(found, truth)
    fitting = {key: array for key, array in found.items() if key not in misshapen}
    judged = truth.judge(fitting)
    case = truth.case.name
    if backend == "compiled" and not all(worst.ok for worst in judged):
        judged = truth.judge(excused(spec, truth, fitting))
    findings = [Finding("equation", case, f"can't be judged: {text}") for text in truth.failures]
    texts = list(misshapen.values()) + [describe(worst, case) for worst in judged if not worst.ok] + _dtype_texts(found, truth)
    if backend == "reference" and spec.group:  # the library's own; of others the report says so
        texts += [f"does not save {name} under its name, so that nothing compares it; save it in forward" for name in not_offered(truth, found)]
    return judged, findings + [Finding(name_of(backend), case, text) for text in texts]


def _misshapen(found, truth):
    """What has another shape than it should, in words, by key."""
    return {
        key: f"{key[1]} has the shape {list(np.shape(array))}, expected {list(truth.quantities[key].shape)}, in case {truth.case.name}"
        for key, array in found.items()
        if np.shape(array) != truth.quantities[key].shape
    }


def not_offered(truth, found):
    """The symbols that the equation computes at every step and that are not among the keys ``found``."""
    return [name for kind, name in truth.quantities if kind != "gradient" and (kind, name) not in found and name in truth.spec.whole]


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
    arrays = {name: poison(spec, name, array, checked) for name, array in checked.arrays.items()}
    return Checked(arrays, checked.integers, checked.sizes, checked.batch, checked.lengths, checked.dtype, checked.omitted)


def poison(spec, name, array, checked):
    past = past_end(spec, checked, name, array.shape)
    return np.where(past, array.dtype.type(np.nan if array.dtype.kind == "f" else -1), array) if np.any(past) else array
