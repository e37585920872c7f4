"""A spec bound to its parameters: spec.bind(parameters) gives a Layer, for whole sequences and for streams of single steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from refrnn.backends.kernel import KERNEL_DTYPES
from refrnn.backends.run import ModuleByName, Run, compiler, expected_shapes, loaded, module_of, run_checked
from refrnn.errors import ValuesError, cut
from refrnn.kernels.primitives.fork import cached_property
from refrnn.spec.chunks import NotCarried
from refrnn.spec.values import MOST_FORMS, check_bound, check_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from refrnn.spec.spec import Spec


class Layer:
    """A spec with its parameters, of which it has a copy: what is written into the arrays that were bound is not seen.

    They are checked when they are bound, as far as they show their sizes, and packed once by a kernel that can be bound.
    Any number of threads may use a layer at once. A layer is pickled as its parameters.
    """

    spec: Spec
    backend: str | ModuleType
    values: dict[str, Any]

    def __init__(self, spec, parameters, backend):
        self.spec, self.backend = spec, loaded(spec, backend)
        if self.backend == "compiled":
            compiler().check(spec)
        self.values = check_bound(spec, parameters)
        self._fixed = [name for name, symbol in spec.arrays.items() if symbol.is_kept]
        self._kernel, self._fitting, self._checked = None, set(), {}

    def __repr__(self) -> str:
        return f"<refrnn layer of {self.spec.id}: {', '.join(self.values)}>"

    def __getstate__(self):
        backend = self.backend if isinstance(self.backend, str) else ModuleByName(self.backend.__name__)
        return {**self.__dict__, "backend": backend, "_kernel": None, "_fitting": set(), "_checked": {}}

    def forward(
        self,
        values: Mapping[str, Any],
        lengths: Sequence[int] | NDArray[Any] | Mapping[str, ArrayLike | None] | None = None,
        keep: bool = True,
        out: Mapping[str, NDArray[Any]] | None = None,
    ) -> Run:
        """Run what is bound on ``values``: inputs, starts and whatever else is not bound, in the shapes of ``spec.forward``.

        The results have the bits of ``spec.forward``. A start that all sequences share may be given for each, in place of the bound
        one. Without ``keep`` nothing is kept for the way back: the run has outputs and state only, and its ``backward``
        raises ValuesError; work memory is then small where a kernel can be bound, however long the sequences are. ``out`` maps
        outputs to arrays (T, batch, ...) of the values' dtype that they are written into; they overlap nothing else.
        Raises ValuesError for wrong names, shapes, dtypes or lengths.
        """
        form = _form(values) if not keep and lengths is None and not out and type(values) is dict else None
        known = self._checked.get(form)
        if known is not None:
            return Inferred(self.spec, known, self.backend, *self._kernel.forward(values))
        values, spec = self._joined(values)
        checked = check_values(spec, values, lengths)
        out = _checked_out(spec, checked, out or {})
        bound = None if keep or spec is not self.spec else self._bound(checked)
        if bound is not None:
            outputs, state = bound.forward(checked.arrays, checked.lengths if len(spec.time) > 1 else checked.lengths and checked.lengths[spec.time[0]], out)
            if self._needs_no_check(form, bound):
                if len(self._checked) >= MOST_FORMS:
                    self._checked = {}
                self._checked[form] = replace(checked, arrays={})
            return Inferred(spec, checked, self.backend, outputs, state)
        run = run_checked(spec, checked, self.backend)
        for name, array in out.items():
            array[...] = run.outputs[name]
            run.outputs[name] = array
        return run if keep else Inferred(spec, checked, self.backend, run.outputs, run)

    def step(self, x_t: ArrayLike | Mapping[str, Any], state: Mapping[str, Any]) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """One step of a stream: outputs (batch, ...) by name, and the state that the next step takes, new arrays both.

        ``x_t`` (batch, ...) is the input at this step, without its time axis, or a mapping where there are several;
        ``state`` maps starts to states, as ``run.state`` does: at first the starts themselves. Steps in turn have the bits of
        ``spec.forward`` over the whole sequence. Raises ValuesError where a state is not carried from step to step, or
        where an output belongs to the whole sequence; and for wrong names, shapes or dtypes.
        """
        given = x_t if hasattr(x_t, "keys") else {self._input: x_t}
        if not hasattr(state, "keys"):
            raise ValuesError(f"{self.spec.id}: state must be a mapping from starts to arrays, not {type(state).__name__}")
        arrays = {**given, **state}
        form = _form(arrays)
        if form not in self._fitting:
            return self._first_step(given, state, form)
        return self._kernel.step(arrays)

    def _first_step(self, given, state, form):
        """A step whose arrays are looked at; the next ones of the same form are not where a kernel is bound."""
        given = {name: self._at_one_step(name, array) for name, array in given.items()}
        values, spec = self._joined({**given, **state})
        checked = check_values(spec, values, None)
        obstacle = _in_the_way(spec, checked.integers)
        if obstacle is not None:
            raise ValuesError(f"{self.spec.id}: {obstacle}; run whole sequences")
        bound = self._bound(checked) if spec is self.spec else None
        if bound is None:
            run = run_checked(spec, checked, self.backend)
            return {name: array[0] for name, array in run.outputs.items()}, run.state
        if self._needs_no_check(form, bound):
            if len(self._fitting) >= MOST_FORMS:
                self._fitting = set()
            self._fitting.add(form)
        arrays = {name: array[0] if name in bound.inputs.values() else array for name, array in checked.arrays.items()}
        return bound.step(arrays)

    def _needs_no_check(self, form, bound):
        """Whether arrays of this form, which fit, are all that the bound kernel takes, and their entries may be anything."""
        if form is None or None in form:
            return False
        known = {*bound.inputs.values(), *bound.starts.values()}
        return {name for name, _, _ in form} == known and not any(self.spec.symbols[name].is_bounded for name in known)

    @cached_property
    def _input(self):
        """The one input that has a time."""
        names = [name for name, symbol in self.spec.arrays.items() if name not in self.values and self.spec.time_size(name)]
        if len(names) != 1:
            raise ValuesError(f"{self.spec.id}: {', '.join(names) or 'nothing'} is given at each step; give step a mapping from names to arrays")
        return names[0]

    def _at_one_step(self, name, array):
        return np.asarray(array)[None] if name in self.spec.arrays and self.spec.time_size(name) else array

    def _joined(self, values):
        """What is bound and what is given together, and the spec in which shared starts that are given are starts."""
        if not hasattr(values, "keys"):
            raise ValuesError(f"{self.spec.id}: values must be a mapping from symbol names to arrays, not {type(values).__name__}")
        twice = [name for name in values.keys() if name in self.values and name not in self.spec.begun]
        if twice:
            raise ValuesError(f"{self.spec.id}: {twice[0]} is bound already; bind it anew to change it")
        values = self.values | {name: values[name] for name in values.keys()}
        return values, self.spec.continued(values)

    def _bound(self, checked):
        """The kernel with the bound parameters packed, or None where it can't be bound."""
        if self.backend not in ("kernel", "compiled") or checked.dtype not in KERNEL_DTYPES or any(name not in self.values and name not in checked.omitted for name in self._fixed):
            return None
        if self._kernel is None:
            is_own = self.backend == "compiled" or getattr(self.spec.bindings["kernel"], "module", None)
            bind = getattr(module_of(self.spec, self.backend, checked.integers), "bind", None) if is_own else None
            self._kernel = bind and bind(**{name: checked.arrays[name] for name in self._fixed})
        return self._kernel


class Inferred(Run):
    """A run that kept nothing but its outputs and the state that continues it."""

    def __init__(self, spec, checked, backend, outputs, state):
        self.spec, self._checked, self.backend, self.outputs = spec, checked, backend, outputs
        self._found, self._state = {}, state

    @property
    def state(self) -> dict[str, Any]:
        if isinstance(self._state, Run):
            self._state = self._state.state
        for name, why in self.spec.staying(self._checked.integers).items():
            self._state[name] = NotCarried(self.spec.id, name, why)
        return {name: copy(last) for name, last in self._state.items()}

    def backward(self, upstream):
        raise ValuesError(f"{self.spec.id}: this run kept nothing for the way back; run forward with keep=True")


def _form(arrays):
    """What decides whether arrays by name fit, but for their entries; None in it for what is no array."""
    return tuple([(name, array.shape, array.dtype) if type(array) is np.ndarray else None for name, array in arrays.items()])


def goes_by_steps(spec, constants):
    """Whether the spec, at these integer constants, can be run step by step."""
    return _in_the_way(spec, constants) is None


def _in_the_way(spec, constants):
    """What keeps a spec from being run step by step, in words, or None."""
    if len(spec.time) != 1:
        return "it has not one time"
    for name, why in spec.staying(constants).items():
        return f"{name} does not go on from step to step, because {why}"
    for one in spec.continuing(constants):
        if not one.forward:
            return f"{one.start} begins at the last step"
    for name in spec.outputs:
        if not spec.time_size(name):
            return f"{name} belongs to the whole sequence"
    return None


def _checked_out(spec, checked, out):
    """``out``, if every array of it fits its output and lies apart."""
    wanted, apart = expected_shapes(spec, checked) if out else {}, [*checked.arrays.values()]
    for name, array in out.items():
        if name not in wanted:
            raise ValuesError(f"{spec.id}: out has {cut(name)}, which is not an output; its outputs are {', '.join(spec.outputs)}")
        if not isinstance(array, np.ndarray) or array.shape != wanted[name] or array.dtype != checked.dtype or not array.flags.writeable:
            shown = f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__
            raise ValuesError(f"{spec.id}: out of {name} must be a writable array of {checked.dtype} {list(wanted[name])}, not {shown}")
        if any(np.may_share_memory(array, other) for other in apart):
            raise ValuesError(f"{spec.id}: out of {name} overlaps another array; give one of its own")
        apart.append(array)
    return dict(out)
