"""The library's face of a pass: spec.forward(values) gives a Run, run.backward(upstream) the gradients."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from numbers import Integral
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from refrnn.backends import equation, kernel, reference
from refrnn.errors import NotFoundError, ValuesError, cut
from refrnn.kernels.primitives.fork import cached_property
from refrnn.spec.binding import Compiled
from refrnn.spec.chunks import NotCarried
from refrnn.spec.draw import shape_of
from refrnn.spec.values import check_upstream, check_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from refrnn.spec.spec import Spec


class Run:
    """One forward pass.

    ``outputs`` and ``intermediates`` map names to arrays: (T, batch, ...) where the first axis is time, else
    (batch, ...), and past a sequence's end zero. They are the caller's own and may be written into, as may the arrays
    that were handed in: :meth:`backward` answers for the pass that was run. ``state`` maps each start to the state, or the states,
    that continue it; a start that is a parameter or a constant may be given so, one for each sequence, and then has a gradient for each.
    """

    spec: Spec
    backend: str | ModuleType
    outputs: dict[str, NDArray[Any]]

    def __init__(self, spec, checked, backend, checkpoint, outputs, intermediates, backward):
        self.spec = spec
        self.backend = backend
        self._checkpoint = checkpoint
        again = intermediates.keys()
        self._read = {name: array for name, array in outputs.items() if name not in again}
        self.outputs = outputs | {name: array.copy() for name, array in self._read.items()} if self._read else outputs
        self._offered = intermediates
        self._checked = checked
        self._backward = backward
        self._later = _kept_for_later(spec, checked, outputs, again)

    @cached_property
    def _found(self):
        """All that the backend gave, by name, as it was when it was given."""
        return ChainMap(self._read, self._offered)

    @cached_property
    def intermediates(self) -> dict[str, NDArray[Any]]:
        """The defined symbols, other than outputs, that the backend offers."""
        return {name: array.copy() for name, array in self._found.items() if name not in self.outputs}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """An output or an intermediate by its name."""
        if name in self.outputs:
            return self.outputs[name]
        if name in self.intermediates:
            return self.intermediates[name]
        raise NotFoundError(f"{self.spec.id}: this run has no {cut(repr(name))}; it has {', '.join((*self.outputs, *self.intermediates))}")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {list(array.shape)}" for name, array in self.outputs.items())
        return f"<refrnn run of {self.spec.id} by {_name_of(self.backend)}: {shown}, {self._checked.dtype}>"

    def __getstate__(self):
        """All but the way back, which is no data: a copy walks the way forward again when it is first asked for gradients."""
        backend = self.backend if isinstance(self.backend, str) else ModuleByName(self.backend.__name__)
        return {**self.__dict__, "backend": backend, "_backward": None}

    def backward(self, upstream: Mapping[str, ArrayLike | None]) -> dict[str, NDArray[Any]]:
        """Gradients of every input, start and parameter, by name.

        ``upstream`` maps outputs to their gradients, in the shape of the outputs; those left out are zero, and any real
        numbers are taken in the precision of the values, as from a loss that was computed in double precision.
        Raises ValuesError for wrong names, shapes or dtypes.
        """
        shapes = {name: array.shape for name, array in self.outputs.items()}
        complete = check_upstream(self.spec, upstream, self._checked, shapes)
        if self._backward is None:
            self._backward = self._way_back()
        gradients, omitted = self._backward(complete), self._checked.omitted
        return {name: np.asarray(gradient) for name, gradient in gradients.items() if name not in omitted}

    def _way_back(self):
        """That of a copy: the way forward once more, which has to end where it ended."""
        again = run_checked(self.spec, self._checked, self.backend, self._checkpoint)
        if not all(np.array_equal(again._found[name], self._found[name], equal_nan=True) for name in self.spec.outputs):
            mend = "copy or pickle a run before its values are written into"
            raise ValuesError(f"{self.spec.id}: this copy of a run holds other values than the run had, so it can't give its gradients; {mend}")
        return again._backward

    @property
    def state(self) -> dict[str, Any]:
        """For each start (by its name) the last state, or states, of every sequence, to be handed to the next chunk.

        ``values | run.state`` continues the sequences. What does not go on there, such as a state that reads the wanted
        output of the step before, is in it as a :class:`NotCarried`: a pass that is given it raises ValuesError.
        A state that the backend does not offer, or that no output needs at the last step, is computed by the equation.
        """
        found, known = {}, self._states()
        for one in self.spec.continuing(self._checked.integers):
            if one.delayed:
                last = self._followed(one.start, one.state, known[one.state])
            else:
                last = self._last(one.state, known[one.state], one.forward)
            found[one.start] = last.astype(np.int64) if self.spec.symbols[one.start].type == "integer" else last
        for name, why in self.spec.staying(self._checked.integers).items():
            found[name] = NotCarried(self.spec.id, name, why)
        return found

    def _states(self):
        """All that is carried, over all steps: what was found, and the rest by the equation."""
        names = {one.state for one in self.spec.continuing(self._checked.integers)}
        found = {name: self._found[name] for name in names if name in self._found and name in self.spec.whole}
        missing = tuple(sorted(names - found.keys()))
        if missing:
            found |= equation.EquationPass(self.spec, self._later, wanted=missing).gather(missing)
        return found

    def _followed(self, start, name, array):
        """As many states as ``start`` (batch, delays, ...) holds, now those before each sequence's end."""
        before = self._later.arrays[start]
        states = np.concatenate((before, array.swapaxes(0, 1)), axis=1)
        lengths = (self._checked.lengths or {}).get(self.spec.time_size(name), [len(array)] * len(states))
        return np.stack([item[length : length + before.shape[1]] for item, length in zip(states, lengths)])

    def _last(self, name, array, forward):
        if not forward:
            return array[0].copy()
        lengths = (self._checked.lengths or {}).get(self.spec.time_size(name))
        if lengths is None:
            return array[-1].copy()
        return array[lengths - 1, np.arange(len(lengths))]


@dataclass(frozen=True)
class ModuleByName:
    """A backend of one's own in a run that is pickled."""

    name: str


def _name_of(backend):
    return backend if isinstance(backend, str) else getattr(backend, "__name__", None) or backend.name


def _kept_for_later(spec, checked, outputs, intermediates):
    """The values as ``state`` still reads them, whatever the caller writes into them meanwhile."""
    states, read = spec.needed_to_go_on(checked.integers)
    if states is None or not all([name in outputs or name in intermediates for name in states]):
        read = checked.arrays.keys()
    if not read:
        return checked
    return replace(checked, arrays={name: array.copy() if name in read else array for name, array in checked.arrays.items()})


def forward(spec, values, backend, lengths, checkpoint=None):
    """See :meth:`refrnn.spec.spec.Spec.forward`."""
    if hasattr(values, "keys"):
        spec = spec.continued(values)
    checked = check_values(spec, values, lengths)
    return run_checked(spec, checked, backend, checkpoint)


def run_checked(spec, checked, backend, checkpoint=None):
    """Run values that are already checked."""
    backend = loaded(spec, backend)
    passed = _answer if checkpoint is None or checkpoint is False else partial(_checkpointed, checkpoint)
    # A run copies what it hands out, so its kernel need not.
    return Run(spec, checked, backend, checkpoint, *passed(spec, checked, backend, copied=False))


def _checkpointed(checkpoint, spec, checked, backend, copied):
    """As ``answer``, of a kernel that keeps states before every ``checkpoint`` steps."""
    if not isinstance(checkpoint, Integral) or checkpoint < 1:
        raise ValuesError(f"{spec.id}: checkpoint must be a number of steps, 1 or more, or True, not {cut(repr(checkpoint))}")
    from refrnn.kernels.engine.segments import checkpoint as every

    with every(checkpoint if checkpoint is True else int(checkpoint)) as taken:
        found = _answer(spec, checked, backend, copied)
    if not taken:
        raise ValuesError(f"{spec.id}: {_name_of(backend)} keeps no steps that could run once more; leave checkpoint out")
    return found


def answer(spec, checked, backend, copied=True):
    """What a backend itself says to arrays just as they are: outputs, intermediates, and backward(complete upstream).

    Not ``copied``, a kernel's outputs may be what its way back reads, and must not be written into.
    """
    return _answer(spec, checked, loaded(spec, backend), copied)


def _answer(spec, checked, backend, copied):
    """As ``answer``, of a backend that is ``loaded``."""
    if backend == "equation":
        return equation.answer(spec, checked)
    module = backend if isinstance(backend, ModuleType) else module_of(spec, backend, checked.integers)
    return reference.answer(spec, checked, module) if backend == "reference" else kernel.answer(spec, checked, module, copied)


def module_of(spec, backend, constants):
    """The module of a backend other than the equation, at values of the integer constants."""
    if backend == "compiled":
        return compiler().module(spec, constants)
    binding = spec.bindings[backend]
    return binding.load(constants) if isinstance(binding, Compiled) else binding.load()


def loaded(spec, backend):
    """The backend, if the spec has it; a module that was pickled is found by its name. Whether equations can be compiled is not asked."""
    if isinstance(backend, ModuleByName):
        backend = import_module(backend.name)
    if isinstance(backend, ModuleType):
        if not callable(getattr(backend, "forward", None)):
            raise NotFoundError(f"{spec.id}: the module {backend.__name__} has no function forward, so it is no backend; give it one")
    elif backend == "compiled" or backend == "kernel" and backend not in spec.bindings:
        return "compiled"
    elif not isinstance(backend, str) or backend not in ("equation", *spec.bindings):
        raise NotFoundError(f"{spec.id}: there is no backend {cut(repr(backend))}; this spec has {', '.join(spec.backends)}")
    return backend


@cache
def compiler():
    """The module that compiles; most passes have no use for it."""
    return import_module("refrnn.compiler.load")


def expected_shapes(spec, checked):
    """The library shapes of the outputs."""
    return {name: shape_of(spec, name, checked.sizes, checked.batch) for name in spec.outputs}
