"""The Spec object: what a YAML file says, with all that follows from it, ready to be shown, drawn from and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from refrnn.kernels.primitives.fork import cached_property
from refrnn.spec.analysis import Analysis
from refrnn.spec.binding import Compiled
from refrnn.spec.record import Claim, Misprint, PrintedGradient

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from refrnn.backends.layer import Layer
    from refrnn.backends.run import Run

__all__ = ["Claim", "Misprint", "PrintedGradient", "Spec"]


@cache
def _passes():
    """The module of passes, which imports that of specs."""
    from refrnn.backends import run

    return run


class Spec(Analysis):
    """One equation of a lecture, a paper or one's own: text, symbols and everything that answers it.

    Made by :func:`refrnn.load`. ``print(spec)`` shows it in a terminal, a notebook typesets it.
    """

    @cached_property
    def fitting(self) -> dict[Any, Any]:
        """Forms of values, as check_values remembers them."""
        return {}

    @cached_property
    def _continued(self) -> dict[Any, Spec]:
        return {}

    def continued(self, values):
        """This spec, or, where ``values`` gives a start that all sequences share for each of them, as ``Run.state`` does, one in which it is a start."""
        if not self._shared:
            return self
        given = frozenset([name for name in self._shared if name in values and getattr(values[name], "ndim", 0) == len(self.symbols[name].shape) + 1])
        if not given:
            return self
        if given not in self._continued:
            changed = {name: replace(self.symbols[name], role="start") for name in given}
            found = self._continued[given] = replace(self, symbols={**self.symbols, **changed})
            if isinstance(self.bindings.get("kernel"), Compiled):
                self._continued[given] = replace(found, bindings={**self.bindings, "kernel": Compiled(found)})
        return self._continued[given]

    @cached_property
    def backends(self) -> tuple[str, ...]:
        """The backends that can answer this spec, by name: "compiled" where its equations can be compiled."""
        compiled = ("compiled",) if _passes().compiler().obstacle(self) is None else ()
        return ("equation", *self.bound, *compiled)

    @property
    def bound(self) -> tuple[str, ...]:
        """Those of the backends that are bound to the spec: modules written by hand, and the kernel of a row, which may be compiled."""
        return tuple(kind for kind in ("reference", "kernel") if kind in self.bindings)

    def __getstate__(self):
        """What was read; what follows from it is found anew where the spec is copied, pickled or sent to another process."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    # ------------------------------------------------------------ using it

    def draw(self, sizes: Mapping[str, int] | None = None, batch: int = 3, seed: int = 0, dtype: DTypeLike = "float32") -> dict[str, Any]:
        """Random values for every symbol, by name: unequal, non-zero, with pre-activations mostly in [-2, 2].

        ``sizes`` maps size names to integers (those left out are small and unequal). Arrays are (T, batch, ...)
        where the first axis is time, (batch, ...) for other inputs and starts, and without batch for parameters.
        """
        from refrnn.spec.draw import draw

        return draw(self, sizes or {}, batch, seed, dtype)

    def forward(
        self,
        values: Mapping[str, Any],
        backend: str | ModuleType = "kernel",
        lengths: Sequence[int] | NDArray[Any] | Mapping[str, ArrayLike | None] | None = None,
        checkpoint: int | None = None,
    ) -> Run:
        """Run the spec on ``values`` with "kernel", "compiled", "reference", "equation" or the module of an own backend.

        "kernel" is the module that is written by hand where there is one, else the one compiled from the equations.

        ``lengths`` (batch,) are the steps of each sequence where they differ. With ``checkpoint`` a kernel keeps states
        before every so many steps alone, or with True about the square root of all steps, and runs the steps between
        once more for gradients, which are the same bit for bit. Returns a :class:`refrnn.backends.run.Run`. Raises
        ValuesError for wrong names, shapes, dtypes or lengths, and for a checkpoint where there is nothing to run again.
        """
        return _passes().forward(self, values, backend, lengths, checkpoint)

    def bind(self, parameters: Mapping[str, Any], backend: str | ModuleType = "kernel") -> Layer:
        """The spec with its ``parameters`` (and constants, where they stay the same): a :class:`refrnn.backends.layer.Layer`.

        It has copies of them, in the shapes and dtypes that ``forward`` takes; its ``forward`` and ``step`` take the rest.
        Raises ValuesError for wrong names, shapes or dtypes and NotFoundError for an unknown backend.
        """
        from refrnn.backends.layer import Layer

        return Layer(self, parameters, backend)

    def gradient(self) -> Spec:
        """The adjoint recurrence as a spec of its own: from forward values and gradients of the outputs to those of all that is handed in.

        Its inputs are what its equations read: arrays of this spec, forward values by their names (``Run.outputs`` and
        ``Run.intermediates`` of the equation), and ``g_h`` for the gradient of what comes after by an output h. Its
        outputs are ``d_x`` for each array x that has a gradient, those of parameters for each sequence. Raises SpecError
        where there is no gradient, or none that is made of equations.
        """
        from refrnn.spec.gradient import gradient

        return gradient(self)

    def __str__(self) -> str:
        from refrnn.spec.show import terminal

        return terminal(self)

    def __repr__(self) -> str:
        return f"<refrnn spec {self.id}: {self.title}>"

    def _repr_html_(self) -> str:
        from refrnn.spec.show import html

        return html(self)
