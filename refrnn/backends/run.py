"""The library's face of a pass: spec.forward(values) gives a Run, run.backward(upstream) the gradients."""

from types import ModuleType

import numpy as np

from refrnn.backends import equation, kernel, reference
from refrnn.errors import NotFoundError
from refrnn.spec.draw import shape_of
from refrnn.spec.values import check_upstream, check_values


class Run:
    """One forward pass.

    ``outputs`` and ``intermediates`` map names to arrays: (T, batch, ...) where the first axis is time, else
    (batch, ...), and past a sequence's end zero. ``state`` maps each start to the state, or the states, that continue
    it; a start that is a parameter may be given so, one for each sequence, and then has a gradient for each.
    """

    def __init__(self, spec, checked, outputs, intermediates, backward):
        self.spec = spec
        self.outputs = outputs
        self.intermediates = intermediates
        self._checked = checked
        self._backward = backward

    def backward(self, upstream):
        """Gradients of every input, start and parameter, by name.

        ``upstream`` maps outputs to their gradients, in the shape and dtype of the outputs; those left out are zero.
        Raises ValuesError for wrong names, shapes or dtypes.
        """
        shapes = {name: array.shape for name, array in self.outputs.items()}
        complete = check_upstream(self.spec, upstream, self._checked, shapes)
        gradients = self._backward(complete)
        return {name: np.asarray(gradient) for name, gradient in gradients.items() if name not in self._checked.omitted}

    @property
    def state(self):
        """For each start (by its name) the last state, or states, of every sequence, to be handed to the next chunk.

        Left out is a state that would not go on there, such as one that reads the wanted output of the step before.
        """
        found, known = {}, {**self.intermediates, **self.outputs}
        for one in self.spec.continuing(self._checked.integers):
            if one.state not in known:
                continue
            if one.delayed:
                last = self._followed(one.start, one.state, known[one.state])
            else:
                last = self._last(one.state, known[one.state], one.forward)
            found[one.start] = last.astype(np.int64) if self.spec.symbols[one.start].type == "integer" else last
        return found

    def _followed(self, start, name, array):
        """As many states as ``start`` (batch, delays, ...) holds, now those before each sequence's end."""
        before = self._checked.arrays[start]
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


def forward(spec, values, backend, lengths):
    """See :meth:`refrnn.spec.spec.Spec.forward`."""
    if hasattr(values, "keys"):
        spec = spec.continued(values)
    checked = check_values(spec, values, lengths)
    return run_checked(spec, checked, backend)


def run_checked(spec, checked, backend):
    """Run values that are already checked."""
    if isinstance(backend, ModuleType):
        outputs, intermediates, backward = kernel.answer(spec, checked, backend)
    elif backend == "equation":
        outputs, intermediates, backward = equation.answer(spec, checked)
    elif isinstance(backend, str) and backend in spec.bindings:
        answer = {"reference": reference.answer, "kernel": kernel.answer, "peer": kernel.answer}[backend]
        outputs, intermediates, backward = answer(spec, checked, spec.bindings[backend].load())
    else:
        raise NotFoundError(f"{spec.id}: there is no backend {backend!r}; this spec has {', '.join(spec.backends)}")
    return Run(spec, checked, outputs, intermediates, backward)


def expected_shapes(spec, checked):
    """The library shapes of the outputs."""
    return {name: shape_of(spec, name, checked.sizes, checked.batch) for name in spec.outputs}
