"""Random values that tell equations apart: every entry non-zero and unequal, pre-activations mostly in [-2, 2]."""

import math

import numpy as np

from refrnn.equation.sizes import show_shape
from refrnn.errors import ValuesError, cut, quoted
from refrnn.spec.domain import empty_shape, enlarged

FLOATS = ("float32", "float64", "longdouble")
LARGEST_DRAW = 2**28  # entries of all arrays together


def complete_sizes(spec, sizes, batch):
    """All sizes by name; those not given are small and unequal. Refused where a shape has no entry at those that are given."""
    complete = enlarged(spec, _default_sizes(spec, sizes, batch), fixed={*sizes, spec.batch})
    check_shapes(spec, complete)
    return complete


def fitting_sizes(spec, sizes, batch):
    """``sizes`` with those raised at which a shape has no entry, such as T to 3 for [T-2]."""
    wanted = _default_sizes(spec, sizes, batch)
    raised = enlarged(spec, wanted, fixed=[spec.batch])
    return sizes | {name: raised[name] for name in wanted if raised[name] != wanted[name]}


def check_shapes(spec, sizes, where=""):
    """Refuse sizes (all, as integers by name) at which a shape has no entry."""
    found = empty_shape(spec, sizes)
    if found is not None:
        name, shape = found
        numbers = [size.number(sizes) for size in shape]
        raise ValuesError(f"{spec.id}: {name}, which is {show_shape(shape)}, would have the shape {numbers}{where}; choose larger sizes")


def _default_sizes(spec, sizes, batch):
    if not isinstance(sizes, dict):
        raise ValuesError(f"{spec.id}: sizes must be a mapping from names to integers, not {type(sizes).__name__}")
    unknown = [name for name in sizes if name not in spec.sizes]
    if unknown:
        raise ValuesError(f"{spec.id}: there is no size {quoted(unknown[0])}; its sizes are {', '.join(spec.sizes)}")
    complete = {}
    defaults = iter((4, 5, 6, 8, 9, 10, 11, 12, 13))
    for name in spec.sizes:
        complete[name] = 7 * (1 + spec.time.index(name)) if name in spec.time else next(defaults, 2)
    for name, value in {**sizes, "batch": batch}.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValuesError(f"{spec.id}: {name} must be an integer of at least 1, not {cut(repr(value))}")
    given = sizes if spec.batch is None else {spec.batch: batch} | sizes
    return complete | {name: int(value) for name, value in given.items()}


def shape_of(spec, name, sizes, batch):
    """The library's shape of a symbol, batch axis included."""
    shape = [size.number(sizes) for size in spec.full_shape(name)]
    if name in spec.batched:
        shape.insert(spec.batch_axis(name), batch)
    return tuple(shape)


def shapes_of_starts(spec, given, sizes):
    """The shapes of the starts that are not among ``given``, arrays of any kind by name, by those and by ``sizes``."""
    batch, known = None, dict(sizes)
    for name, array in given.items():
        if name not in spec.arrays:
            continue
        axis, extents = spec.batch_axis(name), list(np.shape(array))
        if axis is not None and len(extents) > axis:
            found = extents[axis] if spec.batch is not None else extents.pop(axis)
            batch = found if batch is None else batch
        known |= {str(size): extent for size, extent in zip(spec.full_shape(name), extents) if str(size) in spec.sizes}
    batch = 1 if batch is None else batch
    complete = complete_sizes(spec, known, batch)
    return {name: shape_of(spec, name, complete, batch) for name, symbol in spec.arrays.items() if symbol.role == "start" and name not in given}


def float_type(spec, dtype):
    """The NumPy dtype of a float name; others are refused."""
    try:
        found = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError):
        found = None
    if found is None or found not in [np.dtype(name) for name in FLOATS]:
        raise ValuesError(f"{spec.id}: dtype {cut(repr(dtype))} must be float32, float64 or longdouble")
    return found


def draw(spec, sizes, batch, seed, dtype):
    """See :meth:`refrnn.spec.spec.Spec.draw`."""
    sizes = complete_sizes(spec, sizes, batch)
    dtype = float_type(spec, dtype)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValuesError(f"{spec.id}: the seed must be an integer from 0, not {cut(repr(seed))}")
    random = np.random.default_rng(seed)
    shapes = drawn_shapes(spec, sizes, int(batch))
    values = {}
    for name, symbol in spec.arrays.items():
        shape = shapes[name]
        if symbol.type == "integer":
            drawn = random.integers(*symbol.integers(sizes), shape, endpoint=True)
            values[name] = int(drawn) if symbol.is_integer_constant else drawn
        else:
            values[name] = _real(symbol, shape, random).astype(dtype)
    return values | {name: sizes[name] for name in spec.named_sizes}


def drawn_shapes(spec, sizes, batch):
    """The library's shape of each array, by name, at these sizes (all by name)."""
    shapes = {name: shape_of(spec, name, sizes, batch) for name in spec.arrays}
    if sum(math.prod(shape) for shape in shapes.values()) > LARGEST_DRAW:
        name = max(shapes, key=lambda name: math.prod(shapes[name]))
        raise ValuesError(
            f"{spec.id}: {name} would have the shape {list(shapes[name])}, and all arrays more than {LARGEST_DRAW:,} entries; choose smaller sizes"
        )
    return shapes


def _real(symbol, shape, random):
    if symbol.low is not None or symbol.high is not None:
        low = symbol.low if symbol.low is not None else symbol.high - 2
        high = symbol.high if symbol.high is not None else low + 2
        return random.uniform(low, high, shape)
    if symbol.draw == "mask":
        return random.integers(0, 1, shape, endpoint=True).astype(float)
    if symbol.draw == "one-hot":
        return np.eye(shape[-1])[random.integers(0, shape[-1], shape[:-1])]
    if symbol.draw == "distribution":
        weights = random.uniform(0.1, 1, shape)
        return weights / weights.sum(axis=-1, keepdims=True)
    if symbol.role in ("parameter", "constant") and len(symbol.shape) >= 2:
        return random.standard_normal(shape) * 0.7 / np.sqrt(np.sqrt(np.prod(shape[-2:])))
    if symbol.role == "parameter":
        return random.uniform(0.1, 0.9, shape) * random.choice([-1.0, 1.0], shape)
    return random.standard_normal(shape)
