"""Checks what a caller hands in: names, shapes, dtypes, domains and lengths, before any backend sees them."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from refrnn.errors import ValuesError, cut
from refrnn.spec.chunks import NotCarried
from refrnn.spec.draw import FLOATS, check_shapes, shape_of

LARGEST_OUTPUT = 2**31  # entries of an output whose sizes no array shows
MOST_FORMS = 256  # names, shapes and dtypes of values that one spec remembers as fitting


@dataclass
class Checked:
    """Values that fit their spec: arrays by name, sizes by name, the batch, lengths by time size (None: all whole)."""

    arrays: dict
    integers: dict
    sizes: dict
    batch: int
    lengths: dict | None
    dtype: np.dtype
    omitted: frozenset
    common: dict = field(default_factory=dict, init=False, repr=False, compare=False)  # what backends find out once for all values of this form

    def __getstate__(self):
        return {**self.__dict__, "common": {}}

    def copied(self):
        """The same values in arrays that nobody else writes to."""
        return replace(self, arrays={name: array.copy() for name, array in self.arrays.items()})


def check_values(spec, values, lengths):
    """Check ``values`` against ``spec``; omitted optional symbols become zeros. Shapes that were found to fit are not looked at again."""
    form = _form(values)
    known = None if form is None else spec.fitting.get(form)
    if known is None:
        checked = _checked(spec, values, lengths)
        if form is not None:
            if len(spec.fitting) >= MOST_FORMS:
                spec.fitting.clear()
            spec.fitting[form] = _Known(spec, values, checked)
        return checked
    if lengths is not None:
        lengths = check_lengths(spec, lengths, known.sizes, known.batch)
    arrays = {name: values[name] if dtype is None else np.asarray(values[name], dtype, order="C") for name, dtype in known.given}
    for name, shape in known.left_out:
        arrays[name] = np.zeros(shape, known.dtype)
    for name in known.bounded:
        _check_domain(spec, spec.symbols[name], arrays[name], known.sizes, lengths)
    checked = Checked(arrays, known.integers, known.sizes, known.batch, lengths, known.dtype, known.omitted)
    checked.common = known.common
    return checked


def _form(values):
    """What decides whether values fit, but for the entries of arrays; None where they are others than arrays and numbers."""
    if type(values) is not dict:
        return None
    found = []
    for name, value in values.items():
        kind = type(value)
        if kind is np.ndarray and (value.ndim or value.dtype.kind == "f"):
            found.append((name, value.shape, value.strides, value.dtype))
        elif kind is int:
            found.append((name, value))
        elif kind is float or isinstance(value, np.floating):
            found.append((name, kind))
        else:
            return None
    return tuple(found)


class _Known:
    """What values of one form, which fit, have in common."""

    def __init__(self, spec, values, checked):
        self.integers, self.sizes, self.batch, self.dtype = checked.integers, checked.sizes, checked.batch, checked.dtype
        self.omitted, self.common = checked.omitted, checked.common
        # With the dtype that each is put in order in, or None where it stays what it is.
        self.given = [(name, None if array is values[name] else array.dtype) for name, array in checked.arrays.items() if name not in checked.omitted]
        self.left_out = [(name, checked.arrays[name].shape) for name in checked.omitted]
        self.bounded = [name for name in checked.arrays if spec.symbols[name].is_bounded]


def _checked(spec, values, lengths):
    if not isinstance(values, dict) and not hasattr(values, "keys"):
        raise ValuesError(f"{spec.id}: values must be a mapping from symbol names to arrays, not {type(values).__name__}")
    given = {name: values[name] for name in values.keys() if values[name] is not None}
    for value in given.values():
        if isinstance(value, NotCarried):
            raise ValuesError(value.sentence)
    _check_names(spec, given)
    integers = {name: _integer(spec, name, given.pop(name)) for name in spec.integer_constants}
    named = {name: _whole_number(spec, name, given.pop(name)) for name in spec.named_sizes}
    arrays = {name: _array(spec, name, value) for name, value in given.items()}
    dtype = _common_dtype(spec, arrays)
    scalars = {name for name in arrays if not spec.symbols[name].shape and spec.symbols[name].type == "real"}
    arrays = {name: array.astype(dtype) if name in scalars and array.dtype.kind in "fiu" else array for name, array in arrays.items()}
    sizes, batch = _find_sizes(spec, arrays, named)
    wanted = {name: shape_of(spec, name, sizes, batch) for name in arrays}
    if any(array.shape != wanted[name] for name, array in arrays.items()):
        _refuse_batch_first(spec, arrays, named)
    check_shapes(spec, sizes)
    _check_outputs(spec, sizes, batch)
    lengths = check_lengths(spec, lengths, sizes, batch)
    omitted = frozenset(set(spec.arrays) - set(arrays) - set(integers))
    for name in omitted:
        wanted[name] = shape_of(spec, name, sizes, batch)
        arrays[name] = np.zeros(wanted[name], dtype)
    for name, array in arrays.items():
        if array.shape != wanted[name]:
            hint = f"; {name}.T would fit" if array.ndim == 2 and array.shape[::-1] == wanted[name] else ""
            raise ValuesError(f"{spec.id}: {name} has the shape {_show(array.shape)}, expected {_show(wanted[name])}, which is {_layout(spec, name)}{hint}")
        _check_domain(spec, spec.symbols[name], array, sizes, lengths)
    return Checked(arrays, integers, sizes, batch, lengths, dtype, omitted)


def check_bound(spec, parameters):
    """Copies of parameters and constants by name, that are checked as far as they show their sizes; what is left out stays so."""
    if not hasattr(parameters, "keys"):
        raise ValuesError(f"{spec.id}: bind takes a mapping from names of parameters to arrays, not {type(parameters).__name__}")
    given = {name: parameters[name] for name in parameters.keys() if parameters[name] is not None}
    kept = {name for name, symbol in spec.arrays.items() if symbol.is_kept} | {*spec.named_sizes}
    for name in given:
        if name not in kept:
            what = "given to forward and step" if name in spec.arrays else "no symbol of it"
            raise ValuesError(f"{spec.id}: {cut(name)} is {what}; bind takes {', '.join(sorted(kept)) or 'nothing'}")
    for name, symbol in spec.parameters.items():
        if name not in given and not symbol.optional:
            raise ValuesError(f"{spec.id}: {name} is missing; give {_wanted(spec, name)}")
    whole = {name: _integer(spec, name, given.pop(name)) for name in spec.integer_constants & given.keys()}
    whole |= {name: _whole_number(spec, name, given.pop(name)) for name in spec.named_sizes if name in given}
    arrays = {name: np.array(_array(spec, name, value), order="C") for name, value in given.items()}
    _common_dtype(spec, arrays)
    sizes, _ = _find_sizes(spec, arrays, {name: whole[name] for name in spec.named_sizes if name in whole}, partly=True)
    for name, array in arrays.items():
        symbol = spec.symbols[name]
        for axis, size in enumerate(symbol.shape):
            if size.names() <= sizes.keys() and array.shape[axis] != size.number(sizes):
                raise ValuesError(f"{spec.id}: {name} has the shape {_show(array.shape)}, expected {_layout(spec, name)} with {size} = {size.number(sizes)}")
        if symbol.below is None or symbol.below.names() <= sizes.keys():
            _check_domain(spec, symbol, array, sizes, None)
    return arrays | whole


def _check_outputs(spec, sizes, batch):
    """A size that is given by name may be any number: what it asks for is counted before it is made."""
    for name in spec.outputs if spec.named_sizes else ():
        shape = shape_of(spec, name, sizes, batch)
        if math.prod(shape) > LARGEST_OUTPUT:
            raise ValuesError(
                f"{spec.id}: {name} would have the shape {_show(shape)}, more than {LARGEST_OUTPUT:,} entries; "
                f"choose a smaller {' or '.join(spec.named_sizes)}"
            )


def _check_names(spec, given):
    known = (*spec.arrays, *spec.named_sizes)
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise ValuesError(f"{spec.id}: there is no symbol {cut(unknown[0])}; its symbols are {', '.join(known)}")
    missing = [name for name, symbol in spec.arrays.items() if name not in given and not symbol.optional]
    if missing:
        raise ValuesError(f"{spec.id}: {missing[0]} is missing; give {_wanted(spec, missing[0])}")
    for name in spec.named_sizes:
        if name not in given:
            raise ValuesError(f"{spec.id}: {name} is missing; no array shows this size, so give it as an integer")


def _whole_number(spec, name, value):
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ValuesError(f"{spec.id}: {name} must be an integer, not {type(value).__name__}")
    return int(value)


def _integer(spec, name, value):
    symbol = spec.symbols[name]
    value = _whole_number(spec, name, value)
    if (symbol.low is not None and value < symbol.low) or (symbol.high is not None and value > symbol.high):
        raise ValuesError(f"{spec.id}: {name} is {value}, outside {_domain(symbol)}")
    return value


def _as_array(spec, name, value):
    if isinstance(value, np.ma.MaskedArray):
        raise ValuesError(f"{spec.id}: {name} is a masked array; give plain numbers, such as {name}.filled(0), and say with lengths where sequences end")
    try:
        return np.asarray(value, order="C")
    except Exception as error:  # what is handed in may be anyone's object
        raise ValuesError(f"{spec.id}: {name} {_why_no_array(name, value, error)}") from None


def _why_no_array(name, value, error):
    """What is wrong with an object that NumPy can't read, and the mend."""
    if getattr(value, "requires_grad", False):
        return f"is a tensor that requires gradients; give {name}.detach().numpy(), and take the gradients from run.backward"
    if str(getattr(value, "device", "cpu")) != "cpu":
        return f"is on the device {value.device}; give {name}.cpu().numpy()"
    if isinstance(value, (list, tuple)):
        return "is not an array; its rows may have unequal lengths"
    return f"can't be read as an array ({str(error).splitlines()[0] if str(error) else type(error).__name__}); give a NumPy array"


def _array(spec, name, value):
    array = _as_array(spec, name, value)
    symbol = spec.symbols[name]
    if symbol.type == "integer":
        if array.dtype.kind not in "iu":
            raise ValuesError(f"{spec.id}: {name} has dtype {array.dtype}; it takes integers")
        return array.astype(np.int64)
    if array.dtype not in [np.dtype(kind) for kind in FLOATS] and not (array.ndim == 0 and array.dtype.kind in "iu"):
        raise ValuesError(f"{spec.id}: {name} has dtype {array.dtype}; use float32 or float64")
    return array


def _common_dtype(spec, arrays):
    found = {}
    for name, array in arrays.items():
        if array.dtype.kind == "f" and spec.symbols[name].shape:
            found.setdefault(array.dtype, name)
    if len(found) > 1:
        shown = " and ".join(f"{dtype} ({name})" for dtype, name in found.items())
        raise ValuesError(f"{spec.id}: the arrays have several dtypes, {shown}; use one")
    if not found:
        return np.dtype(np.float64)
    return next(iter(found))


def _find_sizes(spec, arrays, named, partly=False):
    """Sizes and batch from the shapes of the arrays; the first array that shows a size fixes it, or its name does. All, or ``partly`` those that are shown."""
    sizes, batch = dict(named), 1
    seen_batch = False
    for name, array in arrays.items():
        shape = list(spec.symbols[name].shape)
        if array.ndim != len(shape) + (name in spec.batched):
            raise ValuesError(f"{spec.id}: {name} has the shape {_show(array.shape)}, expected {_layout(spec, name)}")
        actual = list(array.shape)
        if name in spec.batched:
            found = actual.pop(spec.batch_axis(name))
            batch, seen_batch = (batch if seen_batch else found), True
        for size, number in zip(shape, actual):
            if str(size) in spec.sizes:
                sizes.setdefault(str(size), number)
    for name, number in {**sizes, "batch": batch}.items():
        if number < 1:
            what = "a sequence needs at least one step" if name in spec.time else "it must be at least 1"
            raise ValuesError(f"{spec.id}: {name} is {number}; {what}")
    for name in () if partly else spec.sizes:
        if name not in sizes:
            raise ValuesError(f"{spec.id}: the size {name} can't be told, because every array that shows it was left out")
    return sizes, batch


def _refuse_batch_first(spec, arrays, named):
    """Sequences with the batch before time are the likeliest slip where shapes do not fit: say so where it explains all."""
    timed = [name for name in arrays if name in spec.batched and spec.batch_axis(name) == 1]
    for names in [[name] for name in timed] + [timed]:
        turned = {name: array.swapaxes(0, 1) if name in names else array for name, array in arrays.items()}
        try:
            fits = names and _all_fit(spec, turned, *_find_sizes(spec, turned, named))
        except ValuesError:
            continue
        if fits:
            first = names[0]
            raise ValuesError(
                f"{spec.id}: {' and '.join(names)} with the shape {_show(arrays[first].shape)} looks like batch first; "
                f"time comes first here, {_layout(spec, first)}: give {first}.swapaxes(0, 1)"
            )


def _all_fit(spec, arrays, sizes, batch):
    return all(array.shape == shape_of(spec, name, sizes, batch) for name, array in arrays.items())


def _check_domain(spec, symbol, array, sizes, lengths):
    """What lies past a sequence's end is never read and may be anything."""
    if not symbol.is_bounded:
        return
    read = np.ones(array.shape, bool)
    if lengths is not None and spec.time_size(symbol.name) in lengths:
        ends = lengths[spec.time_size(symbol.name)]
        read &= (np.arange(len(array))[:, None] < ends).reshape(array.shape[:2] + (1,) * (array.ndim - 2))
    outside = np.zeros(array.shape, bool)
    if symbol.below is not None:
        outside |= (array < 0) | (array >= symbol.below.number(sizes))
    # What is not a number lies in no domain.
    if symbol.low is not None:
        outside |= ~(array >= symbol.low)
    if symbol.high is not None:
        outside |= ~(array <= symbol.high)
    outside &= read
    if outside.any():
        raise ValuesError(f"{spec.id}: {_where(symbol.name, outside)} is {array[outside].flat[0]}, outside {_domain(symbol)}")
    bad = ~np.isfinite(array) & read
    if symbol.finite and bad.any():
        raise ValuesError(f"{spec.id}: {_where(symbol.name, bad)} is {array[bad].flat[0]}, not a finite number; nothing was computed")


def _where(name, mask):
    place = ", ".join(str(int(index)) for index in np.argwhere(mask)[0]) if mask.ndim else ""
    return f"{name} at [{place}]" if place else name


def _domain(symbol):
    if symbol.below is not None:
        return f"0 to {symbol.below} - 1"
    return f"[{'-inf' if symbol.low is None else symbol.low}, {'inf' if symbol.high is None else symbol.high}]"


def _show(shape):
    return "[" + ", ".join(map(str, shape)) + "]"


def _layout(spec, name):
    shape = [str(size) for size in spec.symbols[name].shape]
    if name in spec.batched:
        shape.insert(spec.batch_axis(name), "batch")
    return "[" + ", ".join(shape) + "]"


def _wanted(spec, name):
    """What is to be given for a symbol: its shape, or, of one that is a single number, which ones may be."""
    symbol, layout = spec.symbols[name], _layout(spec, name)
    if layout != "[]":
        return layout
    kind = "an integer" if symbol.type == "integer" else "a number"
    return f"{kind} in {_domain(symbol)}" if symbol.is_bounded else kind


def check_lengths(spec, lengths, sizes, batch):
    """``lengths`` as {time size: integers (batch,)}, or None where every sequence is whole; a time left out is whole."""
    if lengths is None:
        return None
    if not spec.time:
        raise ValuesError(f"{spec.id}: it has no time, so lengths mean nothing; leave them out")
    if not isinstance(lengths, dict):
        if len(spec.time) > 1:
            raise ValuesError(f"{spec.id}: it has the times {', '.join(spec.time)}; give lengths as a mapping from each to integers")
        lengths = {spec.time[0]: lengths}
    lengths = {name: given for name, given in lengths.items() if given is not None}
    if not lengths:
        return None
    if spec.joined:
        raise ValuesError(f"{spec.id}: {spec.joined[0]} is one for all sequences of the batch {spec.batch}, which can't be cut then; leave lengths out")
    items = sizes[spec.batch] if spec.batch is not None else batch
    checked = {name: np.full(items, sizes[name], np.int64) for name in spec.time}
    for name, given in lengths.items():
        if name not in spec.time:
            raise ValuesError(f"{spec.id}: {cut(name)} is not a time of this spec; it has {', '.join(spec.time)}")
        array = _as_array(spec, "lengths", given)
        if array.dtype.kind not in "iu" or array.shape != (items,):
            raise ValuesError(f"{spec.id}: lengths must be {items} integers, one for each sequence, not {array.dtype} of shape {_show(array.shape)}")
        bad = (array < 1) | (array > sizes[name])
        if bad.any():
            item = int(np.argmax(bad))
            raise ValuesError(f"{spec.id}: the length of sequence {item} is {array[item]}; it must lie in 1 to {sizes[name]}")
        checked[name] = array.astype(np.int64)
    if not spec.has_least_lengths:
        return checked
    _, firsts = np.unique(np.stack(list(checked.values())), axis=1, return_index=True)
    for item in np.sort(firsts):
        own = sizes | {name: int(array[item]) for name, array in checked.items()}
        check_shapes(spec, own, f" for sequence {item}, whose length is {', '.join(str(own[name]) for name in checked)}")
    return checked


def check_upstream(spec, upstream, checked, expected_shapes):
    """Upstream gradients by output name, in the values' dtype; those left out or None are zero."""
    if not hasattr(upstream, "keys"):
        raise ValuesError(f"{spec.id}: backward takes a mapping from output names to gradients, not {type(upstream).__name__}")
    unknown = [str(name) for name in upstream.keys() if name not in spec.outputs]
    if unknown:
        raise ValuesError(f"{spec.id}: {cut(unknown[0])} is not an output; its outputs are {', '.join(spec.outputs)}")
    complete = {}
    for name in spec.outputs:
        shape, given = expected_shapes[name], upstream[name] if name in upstream.keys() else None
        if given is None:
            complete[name] = np.zeros(shape, checked.dtype)
            continue
        array = _as_array(spec, f"the gradient of {name}", given)
        if array.shape != shape:
            raise ValuesError(f"{spec.id}: the gradient of {name} has the shape {_show(array.shape)}, expected {_show(shape)}")
        if array.dtype.kind not in "fiu":
            raise ValuesError(f"{spec.id}: the gradient of {name} has dtype {array.dtype}; it must be real numbers")
        complete[name] = array.astype(checked.dtype, copy=False)
    return complete
