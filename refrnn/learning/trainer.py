"""Gradient descent on the parameters of a spec: batches in, steps of an optimiser, and a file from which it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import refrnn
from refrnn.errors import ValuesError, cut
from refrnn.learning import checkpoint
from refrnn.spec.chunks import NotCarried
from refrnn.spec.draw import shapes_of_starts
from refrnn.spec.values import check_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrnn.backends.run import Run
    from refrnn.spec.spec import Spec

Loss = Callable[["Run"], tuple[float, dict[str, "NDArray[Any]"]]]


class Trainer:
    """A spec, its parameters, and the optimiser that changes them.

    ``spec`` is a spec, a network of :mod:`refrnn.compose`, the name of a row, or the path of a YAML file. ``parameters`` are
    arrays by name, as :func:`refrnn.learning.initial` draws them; they are copied, and ``trainer.parameters`` holds them as
    they are now. ``optimiser`` is an SGD or an Adam, ``clip`` what gradients pass through first, such as ``by_norm(1.0)``.
    ``backend`` runs both passes. ``random`` is a generator for batches, whose state is saved with the rest.
    """

    spec: Spec
    parameters: dict[str, NDArray[Any]]

    def __init__(self, spec, parameters: Mapping[str, Any], optimiser, clip=None, backend: str = "kernel", seed: int = 0):
        self.spec = refrnn.load(spec) if isinstance(spec, (str, Path)) else spec
        self.parameters = check_bound(self.spec, parameters)
        if not self.parameters:
            raise ValuesError(f"{self.spec.id}: it has no parameters, so there is nothing to learn; take another spec")
        if not callable(getattr(optimiser, "step", None)):
            raise ValuesError(f"optimiser must be an SGD or an Adam, not {cut(repr(optimiser))}")
        for name in self.parameters.keys() - self.spec.parameters.keys():
            raise ValuesError(f"{self.spec.id}: {name} is no parameter, and is not learned; give it with the values of each step")
        self.optimiser, self.clip, self.backend = optimiser, clip, backend
        self.random = np.random.default_rng(seed)
        self.carried: dict[str, Any] = {}
        self.steps = 0

    def forward(self, values: Mapping[str, Any], lengths=None) -> Run:
        """Run the spec on ``values`` with the parameters as they are; starts that are left out are zero."""
        for name in {*self.parameters}.intersection(values).difference(self.spec.begun):
            raise ValuesError(f"{self.spec.id}: {name} is a parameter that is learned; leave it out, or change trainer.parameters")
        given = {**self.parameters, **values}
        dtype = next(iter(self.parameters.values())).dtype
        for name, shape in shapes_of_starts(self.spec, given, {}).items():
            given[name] = np.zeros(shape, "int64" if self.spec.symbols[name].type == "integer" else dtype)
        return self.spec.forward(given, self.backend, lengths)

    def step(self, values: Mapping[str, Any], loss: Loss, lengths=None, carry: bool = False) -> float:
        """One step of the optimiser on one batch; the loss before it.

        ``loss`` is one of :mod:`refrnn.learning.losses`. With ``carry`` the sequences go on where those of the last such step ended, and
        their last states are kept for the next: truncated backpropagation through time, a chunk a step; :meth:`forget` begins anew.
        Raises ValuesError where the loss or a gradient is not finite; the parameters are then as they were.
        """
        began = self.carried if carry else {}  # a start that is learned is so by the sequences that begin with it
        run = self.forward({**values, **began}, lengths)
        number, upstream = self._lost(loss, run)
        gradients = run.backward(upstream)
        gradients = {name: gradients[name] for name in self.parameters if name in gradients and name not in began}
        self._check(number, gradients)
        state = run.state if carry else self.carried
        for one in state.values():
            if isinstance(one, NotCarried):
                raise ValuesError(one.sentence)
        self.optimiser.step(self.parameters, gradients if self.clip is None else self.clip(gradients))
        self.carried = state
        self.steps += 1
        return number

    def forget(self) -> None:
        """The next chunk begins at its own starts."""
        self.carried = {}

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """All that the next step hangs on, but for the data: arrays by name, and the rest as JSON has it."""
        groups = {"parameter": self.parameters, "optimiser": self.optimiser.state(), "carried": self.carried}
        arrays = {f"{kind}/{name}": np.array(array) for kind, group in groups.items() for name, array in group.items()}
        about = {"spec": self.spec.id, "optimiser": type(self.optimiser).__name__, "steps": self.steps}
        return arrays, about | {"random": self.random.bit_generator.state}

    def restore(self, arrays: Mapping[str, Any], about: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` gave, with the same bits. Raises ValuesError where that was another spec's, or of other sizes."""
        for name, own in (("spec", self.spec.id), ("optimiser", type(self.optimiser).__name__)):
            if about.get(name) != own:
                raise ValuesError(f"what was saved has the {name} {about.get(name)}, and this trainer {own}; make a trainer of that {name}")
        groups: dict[str, dict[str, Any]] = {"parameter": {}, "optimiser": {}, "carried": {}}
        for name, array in arrays.items():
            kind, _, rest = name.partition("/")
            groups[kind][rest] = np.array(array)
        found = groups["parameter"]
        for name, own in self.parameters.items():
            if name not in found or found[name].shape != own.shape or found[name].dtype != own.dtype:
                there = f"{list(found[name].shape)} of {found[name].dtype}" if name in found else "missing"
                raise ValuesError(f"{self.spec.id}: {name} is {there} in what was saved, and here {list(own.shape)} of {own.dtype}; make a trainer of those sizes")
        self.parameters, self.carried, self.steps = found, groups["carried"], about["steps"]
        self.optimiser.restore(groups["optimiser"])
        self.random.bit_generator.state = about["random"]

    def save(self, path: str | Path) -> None:
        """Write all of it into a file, whole or not at all; its arrays are NumPy's, the parameters under parameter/."""
        checkpoint.write(path, *self.state())

    def resume(self, path: str | Path) -> None:
        """Go on from a file that :meth:`save` wrote: the steps that follow have the same bits as without the pause."""
        self.restore(*checkpoint.read(path))

    def _lost(self, loss, run):
        found = loss(run) if callable(loss) else loss
        if not isinstance(found, tuple) or len(found) != 2:
            raise ValuesError(f"{self.spec.id}: a loss must be a function of a run that gives a number and gradients of outputs by name, not {cut(repr(found))}")
        return found

    def _check(self, number, gradients):
        wrong = next((f"the gradient of {name}" for name, array in gradients.items() if not np.isfinite(array).all()), None)
        wrong = wrong if np.isfinite(number) else "the loss"
        if wrong is not None:
            raise ValuesError(f"{self.spec.id}: {wrong} is not finite at step {self.steps}; lower the rate, clip, or look for such numbers in the batch")
