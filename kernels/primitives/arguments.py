"""What a kernel takes, named once with kind and shape, and the border that its callers' memory does not cross.

``Arguments`` reads a declaration such as

    x (T, B, I); h0, c0 (B, H); W (4*H, H+I); w, d (T, B) below N; a (); simple 0 to 1; K from 1; N size; lengths of T

Arrays of floats unless ``below`` makes them whole numbers under a size; () is a number; a size is a whole number from 1
that no array shows; without a shape an argument is a whole number in a range; ``or`` gives another shape. Letters of
shapes are sizes: they are equal wherever they stand.
"""

import functools
import inspect
import re

import numpy as np

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))

FLOAT = ""  # no size has this name
MOST_FORMS = 256  # shapes and dtypes of all arguments that one kernel remembers as fitting

# Where the saved values keep the outputs' shapes; no symbol can have this name.
_SHAPES = "(shapes)"

_ITEM = re.compile(
    r"(?P<names>\w+(?:, \w+)*)"
    r"(?: \((?P<shape>[^)]*)\)(?: or \((?P<other>[^)]*)\))?)?"
    r"(?: below (?P<below>\w+)|(?P<size> size)|(?: (?P<low>-?\d+) to (?P<high>\d+))|(?: from (?P<lowest>-?\d+)))?"
)
_LENGTHS = re.compile(r"lengths of (?P<times>\w+(?: and \w+)*)")


class Arguments:
    """The declaration of one kernel; ``forward`` and ``backward`` decorate its functions.

    A decorated forward refuses what does not fit in one sentence, a TypeError or ValueError, before anything runs. It
    hands copies on, in C order, but for arrays that are read on the way forward alone, and gives copies of the outputs: whatever its callers write into their arrays later,
    backward gives the gradients of the pass that was run. Gradients are arrays of the caller's own, too. Callers that
    copy the outputs themselves call ``forward.uncopied``: backward may still read those, so they must not be written into.
    An output for which a function is saved, which makes it once more, needs no copy: backward reads other memory.
    Callers who know that arguments have the shapes and types of others may check these once: ``forward.uncopied.of(fit, values)``
    takes all arguments by name, and the fit that ``forward.uncopied.fitting(values)`` gave for the others.

    ``keeps``: the arrays, separated by blanks, whose numbers forward keeps for backward; all of them where it is None.
    ``batch``: the size that sequences are counted by.
    """

    def __init__(self, text, keeps=None, batch="B"):
        self.items, self.times, self._fitting, self._batch = {}, (), {}, batch
        for part in text.split(";"):
            part = " ".join(part.split())
            lengths, item = _LENGTHS.fullmatch(part), _ITEM.fullmatch(part)
            if lengths:
                self.times = tuple(lengths["times"].split(" and "))
            else:
                self.items |= {name: _Item(name, **item.groupdict()) for name in item["names"].split(", ")}
        self.keeps = tuple(self.items if keeps is None else keeps.split())
        # Most arguments are arrays of floats: by name, whether they are kept. All others.
        self._arrays = {name: name in self.keeps for name, item in self.items.items() if item.is_array}
        self._others = {name: item for name, item in self.items.items() if not item.is_array}

    def forward(self, function):
        """Decorator of ``forward(..., lengths=None)``, which returns outputs by name and what backward needs, a dict."""
        kernel, names = _signature(function)
        missing = set(self.items) ^ ({*names} - {"lengths"}) | {*self.keeps} - {*self.items}
        if missing:
            raise TypeError(f"{kernel}: {', '.join(sorted(missing))} declared or taken, and not both")

        def of(sizes, values):
            with np.errstate(all="ignore"):
                outputs, saved = function(**self._owned(kernel, values, sizes))
            saved[_SHAPES] = {f"d_{name}": (array.shape, array.dtype) for name, array in outputs.items()}
            return outputs, saved

        def fitting(values):
            return self._fitted(kernel, values)

        @functools.wraps(function)
        def uncopied(*given, **named):
            values = _by_name(kernel, names, given, named) if given else named
            return of(fitting(values), values)

        uncopied.fitting, uncopied.of = fitting, of

        @functools.wraps(function)
        def checked(*given, **named):
            outputs, saved = uncopied(*given, **named)
            if saved.keys() > {_SHAPES}:
                # A copy of each, so that what is saved stays what it is.
                outputs = {name: array if callable(saved.get(name)) else np.array(array, order="C") for name, array in outputs.items()}
            return outputs, saved

        checked.is_apart = True
        checked.uncopied = uncopied
        return checked

    def backward(self, function):
        """Decorator of ``backward(saved, d_..., ...)`` with an error for every output, which returns gradients by name."""
        kernel, names = _signature(function)

        @functools.wraps(function)
        def checked(*given, **named):
            errors = _by_name(kernel, names, given, named)
            saved = errors.pop("saved", None)
            if type(saved) is not dict or not _are_as(errors, saved.get(_SHAPES)):
                _check_errors(kernel, names[1:], errors, saved)
            with np.errstate(all="ignore"):
                gradients = function(saved, **errors)
            taken = {id(error) for error in errors.values()}
            return {name: gradient if _is_new(gradient, taken) else _own(gradient, errors) for name, gradient in gradients.items()}

        return checked

    def _fitted(self, kernel, values):
        """The sizes that these values show, where they fit: they are those of all values of their form."""
        if values.keys() - {"lengths"} != self.items.keys():
            self._check_names(kernel, values)
        return self._sizes(kernel, values)

    def _owned(self, kernel, values, sizes):
        """The values by name, each the kernel's own; what their form does not decide is checked."""
        lengths = values.get("lengths")
        if lengths is not None:
            lengths = self._lengths(kernel, lengths, sizes)
        found = {name: np.array(values[name], order="C") if kept else np.asarray(values[name], order="C") for name, kept in self._arrays.items()}
        for name, item in self._others.items():
            found[name] = item.made(kernel, values[name], sizes, lengths)
        if self.times:
            found["lengths"] = lengths if lengths is None or len(self.times) > 1 else lengths[self.times[0]]
        return found

    def _check_names(self, kernel, values):
        for name in values:
            if name not in self.items and name != "lengths":
                raise TypeError(f"{kernel}: there is no argument {name}; it takes {', '.join(self.items)}")
        for name in self.items:
            if name not in values:
                raise TypeError(f"{kernel}: the argument {name} is missing; it takes {', '.join(self.items)}")

    def _sizes(self, kernel, values):
        """All sizes, and the float type under FLOAT; what was found to fit once is not looked at again."""
        try:
            form = tuple([(type(values[name]), values[name].shape, values[name].dtype) for name in self._arrays])
            if self._others:
                form = form, *[item.form(values[name]) for name, item in self._others.items()]
            found = self._fitting.get(form)
        except (TypeError, AttributeError):  # a list, say; it fits nowhere, and is refused below
            form = found = None
        if found is None:
            found = self._fit(kernel, values)
            if len(self._fitting) >= MOST_FORMS:
                self._fitting.clear()
            self._fitting[form] = found
        return found

    def _fit(self, kernel, values):
        sizes, dtype = {}, None
        for name, item in self.items.items():
            value = values[name]
            if not item.shapes:
                number = item.whole(kernel, value)
                if item.is_size:
                    sizes[name] = number
            elif item.is_number:
                _check_number(kernel, name, value)
            else:
                item.check_array(kernel, value, dtype)
                dtype = dtype or (value.dtype if item.below is None else None)
                item.bind(kernel, value.shape, sizes)
        for name, item in self.items.items():
            if item.shapes and not item.is_number:
                item.check_shape(kernel, values[name].shape, sizes)
        sizes[FLOAT] = dtype or FLOATS[1]
        return sizes

    def _lengths(self, kernel, lengths, sizes):
        """Lengths by time, whole numbers (B,) of their own, or None."""
        if lengths is None:
            return None
        if not self.times:
            raise TypeError(f"{kernel}: it has no time, so it takes no lengths")
        if not isinstance(lengths, dict):
            if len(self.times) > 1:
                raise TypeError(f"{kernel}: lengths must be a dict with {' and '.join(self.times)}")
            lengths = {self.times[0]: lengths}
        return {time: None if given is None else self._steps(kernel, time, given, sizes) for time, given in lengths.items()}

    def _steps(self, kernel, time, given, sizes):
        if time not in self.times:
            raise TypeError(f"{kernel}: {time} is not a time of it; lengths are of {' and '.join(self.times)}")
        steps = np.asarray(given)
        if steps.dtype.kind not in "iu" or steps.shape != (sizes[self._batch],):
            raise ValueError(
                f"{kernel}: lengths must be whole numbers, one for each of the {self._batch} = {sizes[self._batch]} items, "
                f"not {steps.dtype} of the shape {steps.shape}"
            )
        outside = (steps < 1) | (steps > sizes[time])
        if outside.any():
            item = int(np.argmax(outside))
            raise ValueError(f"{kernel}: the length of item {item} is {steps[item]}; it must be from 1 to {time} = {sizes[time]}")
        return steps.astype(np.int64)


class _Item:
    """One argument: its shapes (none for a whole number), and what its entries may be."""

    def __init__(self, name, names, shape, other, below, size, low, high, lowest):
        self.name, self.below, self.is_size = name, below, size is not None
        self.low = 1 if size else int(low or lowest or 0)
        self.high = int(high) if high else None
        self.shown = [f"({text})" for text in (shape, other) if text is not None]
        self.shapes = tuple(tuple(map(_Size, filter(None, text.split(", ")))) for text in (shape, other) if text is not None)
        self.is_number = self.shapes == ((),)
        self.is_array = bool(self.shapes) and not self.is_number and below is None

    def form(self, value):
        """What decides whether a value fits, but for the entries of an array."""
        if isinstance(value, np.ndarray):
            return (type(value), value.shape, value.dtype) if self.shapes else (value.dtype, value.tolist())
        return type(value) if self.is_number else (type(value), value)

    def whole(self, kernel, value):
        return _whole(kernel, self.name, value, self.low, self.high)

    def check_array(self, kernel, value, dtype):
        if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
            raise TypeError(f"{kernel}: {self.name} must be a NumPy array, without a mask, not {type(value).__name__}")
        if self.below is not None:
            if value.dtype.kind not in "iu":
                raise TypeError(f"{kernel}: {self.name} has the dtype {value.dtype}; it takes whole numbers")
        elif value.dtype not in FLOATS:
            raise TypeError(f"{kernel}: {self.name} has the dtype {value.dtype}; kernels work in float32 and float64")
        elif dtype is not None and value.dtype != dtype:
            raise TypeError(f"{kernel}: {self.name} has the dtype {value.dtype}, the arrays before it {dtype}; use one for all")

    def bind(self, kernel, actual, sizes):
        """Learn the sizes that stand alone in the shape."""
        for shape in self.shapes:
            if len(shape) == len(actual):
                break
        else:
            self._refuse(kernel, actual, sizes)
        for size, number in zip(shape, actual):
            if number < 1:
                raise ValueError(f"{kernel}: {self.name} has the shape {actual}; none of its sizes may be 0")
            if size.letter is not None and sizes.setdefault(size.letter, number) != number:
                self._refuse(kernel, actual, sizes)

    def check_shape(self, kernel, actual, sizes):
        """Once all sizes are known."""
        for shape in self.shapes:
            if len(shape) == len(actual) and all(size.number(sizes) == number for size, number in zip(shape, actual)):
                return
        self._refuse(kernel, actual, sizes)

    def made(self, kernel, value, sizes, lengths):
        """The value as the kernel takes it, whole numbers in a copy of its own."""
        if self.below is not None:
            self._check_range(kernel, value, sizes[self.below], lengths)
            return np.array(value, dtype=np.int64, order="C")
        if not self.shapes:
            return int(value)
        return sizes[FLOAT].type(value)

    def _check_range(self, kernel, value, count, lengths):
        """Whole numbers from 0 and below ``count``; what is past an item's end may be anything."""
        outside = (value < 0) | (value >= count)
        steps = (lengths or {}).get(self.shapes[0][0].letter) if value.ndim == 2 else None
        if steps is not None:
            outside &= np.arange(len(value))[:, None] < steps
        if outside.any():
            place = tuple(int(index) for index in np.argwhere(outside)[0])
            raise ValueError(f"{kernel}: {self.name} at {list(place)} is {value[place]}; it must be from 0 to {self.below} - 1 = {count - 1}")

    def _refuse(self, kernel, actual, sizes):
        letters = dict.fromkeys(letter for shape in self.shapes for size in shape for letter in size.counts if letter in sizes)
        known = ", ".join(f"{letter} = {sizes[letter]}" for letter in letters)
        wanted = " or ".join(self.shown)
        raise ValueError(f"{kernel}: {self.name} has the shape {actual}, expected {wanted}{known and ' with '}{known}")


class _Size:
    """A sum of sizes and numbers, such as 4*H, H+I or N+1; ``letter`` where it is one size alone."""

    def __init__(self, text):
        self.counts, self.rest = {}, 0
        for term in text.split("+"):
            count, _, letter = term.rpartition("*")
            if letter.isdigit():
                self.rest += int(letter)
            else:
                self.counts[letter] = self.counts.get(letter, 0) + int(count or 1)
        self.letter = text if self.counts == {text: 1} else None

    def number(self, sizes):
        return self.rest + sum(count * sizes[letter] for letter, count in self.counts.items())


def _signature(function):
    """The name for whoever reads a refusal, such as systems.hopfield, or what a text that is no file is called; the arguments."""
    file = function.__code__.co_filename
    name = file.strip("<>") if file.startswith("<") else function.__module__.rpartition("kernels.")[2]
    return name, tuple(inspect.signature(function).parameters)


def _by_name(kernel, names, given, named):
    if len(given) > len(names):
        raise TypeError(f"{kernel}: it takes {', '.join(names)}, not {len(given)} arguments without a name")
    return {**dict(zip(names, given)), **named}


def _whole(kernel, name, value, low, high):
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{kernel}: {name} must be a whole number, not {type(value).__name__}")
    if value < low or (high is not None and value > high):
        raise ValueError(f"{kernel}: {name} is {value}; it must be {f'{low} or more' if high is None else f'from {low} to {high}'}")
    return int(value)


def _check_number(kernel, name, value):
    if isinstance(value, (bool, np.bool_)) or np.ndim(value) or np.asarray(value).dtype.kind not in "fiu":
        raise TypeError(f"{kernel}: {name} must be one real number, not {type(value).__name__} of the shape {np.shape(value)}")


def _are_as(errors, shapes):
    """Whether all errors are arrays of these shapes and dtypes, by name, and there are no others."""
    return shapes is not None and shapes == {name: (error.shape, error.dtype) if type(error) is np.ndarray else None for name, error in errors.items()}


def _check_errors(kernel, names, errors, saved):
    """An error for each output, in its shape and dtype."""
    if not isinstance(saved, dict) or _SHAPES not in saved:
        raise TypeError(f"{kernel}: backward takes what its own forward saved, not {type(saved).__name__}")
    for name in names:
        if name not in errors:
            raise TypeError(f"{kernel}: the error {name} is missing; backward takes {', '.join(names)}")
    for name, error in errors.items():
        if name not in names:
            raise TypeError(f"{kernel}: there is no error {name}; backward takes {', '.join(names)}")
        shape, dtype = saved[_SHAPES][name]
        if not isinstance(error, (np.ndarray, np.generic)) or isinstance(error, np.ma.MaskedArray) or error.dtype != dtype:
            kind = getattr(error, "dtype", type(error).__name__)
            raise TypeError(f"{kernel}: {name} must be a NumPy array of {dtype}, as its output is, not {kind}")
        if error.shape != shape:
            raise ValueError(f"{kernel}: {name} has the shape {error.shape}, expected {shape}, that of its output")


def _is_new(gradient, taken):
    """Whether it has memory of its own, and is none of the errors that were given, of which ``taken`` are the identities."""
    return type(gradient) is np.ndarray and gradient.base is None and id(gradient) not in taken


def _own(gradient, errors):
    """The gradient, in a copy where it shares memory with an error that was given."""
    shares = isinstance(gradient, np.ndarray) and any(np.may_share_memory(gradient, error) for error in errors.values() if isinstance(error, np.ndarray))
    return gradient.copy() if shares else gradient
