"""The problem a race is run on: a spec, its sizes, values already checked, and upstream gradients."""

from dataclasses import dataclass

import numpy as np

from refrnn.backends.run import expected_shapes
from refrnn.errors import ValuesError
from refrnn.spec.values import Checked, check_values

STEPS, BATCH, HIDDEN, INPUT, OTHER = 100, 16, 128, 128, 128
# Constants that are not to be drawn: full back-propagation through time is what an Elman network is compared on.
CONSTANTS = {"elman": {"simple": 0}}
# PyTorch's LSTM gives c of the last step only, so nobody is sent a gradient of c.
UPSTREAM = {"lstm": ("h",)}


@dataclass(frozen=True)
class Problem:
    """What every contender is handed, the same arrays for all."""

    spec: object
    sizes: dict
    checked: Checked
    upstream: dict


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


def _kind(spec, name):
    """Which option sets a size: the spec says in words what it counts."""
    if name in spec.time:
        return "steps"
    means = spec.sizes[name]
    return "hidden" if "units" in means else "input" if "input" in means else "other"


def _named(spec):
    return ", ".join(f"{name} ({means})" for name, means in spec.sizes.items())


def make(spec, sizes, batch, dtype="float32"):
    """Draw the problem."""
    values = {**spec.draw(sizes, batch, seed=0, dtype=dtype), **CONSTANTS.get(spec.id, {})}
    checked = check_values(spec, values, None)
    random = np.random.default_rng(1)
    shapes = expected_shapes(spec, checked)
    sent = UPSTREAM.get(spec.id, spec.outputs)
    upstream = {name: np.asarray(random.standard_normal(shapes[name])).astype(checked.dtype) for name in sent}
    shown = {**checked.sizes, **({"batch": batch} if spec.batched else {}), **checked.integers}
    return Problem(spec, shown, checked, upstream)
