"""The problem a race is run on: a spec, its sizes, values already checked, lengths, and upstream gradients."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from refrnn.backends.run import expected_shapes
from refrnn.errors import ValuesError
from refrnn.spec.values import Checked, check_upstream, check_values

FORWARD, BOTH = "forward", "forward + backward"
STEPS, BATCH, HIDDEN, INPUT, OTHER = 100, 16, 128, 128, 128
# Constants that are not to be drawn: full back-propagation through time is what an Elman network is compared on.
CONSTANTS = {"elman": {"simple": 0}}
# One call of other frameworks' LSTM gives c of the last step only, so nobody is sent a gradient of c.
UPSTREAM = {"lstm": ("h",)}


@dataclass(frozen=True)
class Problem:
    """What every contender is handed, the same arrays for all."""

    spec: Any
    sizes: dict
    values: dict
    lengths: Any
    checked: Checked
    upstream: dict

    def complete_upstream(self):
        """Upstream gradients of all outputs, zero where none is sent."""
        return check_upstream(self.spec, self.upstream, self.checked, expected_shapes(self.spec, self.checked))

    def in_double(self):
        """The same numbers in float64."""
        values = {name: _double(value) for name, value in self.values.items()}
        upstream = {name: _double(array) for name, array in self.upstream.items()}
        return replace(self, values=values, checked=check_values(self.spec, values, self.lengths), upstream=upstream)

    @property
    def steps(self):
        """Steps of all sequences together; of a spec without time one for each."""
        items = self.checked.sizes[self.spec.batch] if self.spec.batch else self.checked.batch
        if not self.spec.time:
            return items
        return int(np.sum(self.lengths)) if self.lengths is not None else items * self.checked.sizes[self.spec.time[0]]


def ways(spec):
    """The passes that a spec has."""
    return (FORWARD, BOTH) if spec.differentiated else (FORWARD,)


def sizes_of(spec, steps=None, batch=None, hidden=None, inputs=None):
    """(sizes by name, batch) of a race; None means the default, a number that means nothing to the spec is refused."""
    sizes = {}
    wanted = {"steps": steps, "hidden": hidden, "input": inputs}
    defaults = {"steps": STEPS, "hidden": HIDDEN, "input": INPUT, "other": OTHER}
    kinds = {name: _kind(spec, name) for name in spec.sizes if name != spec.batch}
    for option, number in wanted.items():
        if number is not None and option not in kinds.values():
            raise ValuesError(f"{spec.id}: --{option} means nothing here; its sizes are {_named(spec)}")
    if batch is not None and not spec.batched and spec.batch is None:
        raise ValuesError(f"{spec.id}: --batch means nothing here; it has no batch")
    for name, kind in kinds.items():
        sizes[name] = wanted.get(kind) or defaults[kind]
    return sizes, batch or (BATCH if spec.batched or spec.batch else 1)


def _double(value):
    return value.astype(np.float64) if getattr(value, "dtype", None) == np.float32 else value


def _kind(spec, name):
    """Which option sets a size: the spec says in words what it counts."""
    if name in spec.time:
        return "steps"
    means = spec.sizes[name]
    return "hidden" if "units" in means else "input" if "input" in means else "other"


def _named(spec):
    return ", ".join(f"{name} ({means})" for name, means in spec.sizes.items())


def make(spec, sizes, batch, dtype="float32", ragged=False):
    """Draw the problem; ``ragged``, with a length for each sequence, of which one is whole."""
    values = {**spec.draw(sizes, batch, seed=0, dtype=dtype), **CONSTANTS.get(spec.id, {})}
    random = np.random.default_rng(1)
    lengths = _lengths(spec, sizes, batch, random) if ragged else None
    checked = check_values(spec, values, lengths)
    shapes = expected_shapes(spec, checked)
    sent = UPSTREAM.get(spec.id, spec.outputs)
    upstream = {name: np.asarray(random.standard_normal(shapes[name])).astype(checked.dtype) for name in sent}
    if ragged:
        upstream = {name: _cut(array, lengths) if spec.time_size(name) else array for name, array in upstream.items()}
    shown = {**checked.sizes, **({"batch": batch} if spec.batched else {}), **checked.integers}
    return Problem(spec, shown, values, lengths, checked, upstream)


def _lengths(spec, sizes, batch, random):
    if len(spec.time) != 1 or not (spec.batched or spec.batch):
        raise ValuesError(f"{spec.id}: --ragged means nothing here; it is for a batch of sequences with one time")
    steps = sizes[spec.time[0]]
    return random.permutation([steps, *random.integers(1, steps, batch - 1, endpoint=True)])


def _cut(upstream, lengths):
    """Zero past each sequence's end, which no backend reads and other frameworks would."""
    alive = np.arange(len(upstream))[:, None] < lengths
    return np.where(alive.reshape(*alive.shape, *[1] * (upstream.ndim - 2)), upstream, 0).astype(upstream.dtype)
