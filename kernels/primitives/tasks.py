"""A kernel cut into tasks, whose arguments have names, kinds and shapes.

``Tasks`` reads a declaration such as

    steps: integers (B); Y, D: floats (T, B, O); sums: doubles (B, O); rows: number; multiply: function

Floats are arrays of the kernel's float type, doubles of float64 whatever that is, integers of int64; all in C order, but
for those of the kind ``view``, which a body reads by distances that it is also given. Letters of shapes are sizes: they
are equal wherever they stand. ``*size`` in front stands for any number of axes, and for their product.
"""

import inspect
import math

import numpy as np
from numba import prange

from .arguments import MOST_FORMS
from .compile import Native, address, call, data_of, doubles, fetch_add, integers, kernel, native, part, pointer, shift
from .threads import start, workers

_INTEGER, _DOUBLE = np.dtype(np.int64), np.dtype(np.float64)
# How a body gets each of them from its place in the table.
_LOADED = {"floats": "pointer(table[{}], like)", "view": "pointer(table[{}], like)", "integers": "integers(table[{}])",
           "doubles": "doubles(table[{}])", "number": "table[{}]", "function": "table[{}]"}  # fmt: skip


class Tasks:
    """Decorator: ``body(index, ...)`` does task ``index``; it names those arguments and sizes that it reads.

    A size is a whole number, an array a pointer to its first number, a function an address to ``call``; ``like``, if it is
    named, is of the type of pointers to floats and points to nothing of use.
    """

    def __init__(self, declaration):
        self.kinds, self.shapes = {}, {}
        for part in declaration.split(";"):
            names, _, kind = part.strip().partition(": ")
            kind, _, shape = kind.partition(" (")
            for name in names.split(", "):
                self.kinds[name] = kind
                self.shapes[name] = tuple(filter(None, shape.rstrip(")").split(", ")))
        self.sizes = tuple(dict.fromkeys(size.lstrip("*") for shape in self.shapes.values() for size in shape))
        self._fitting = {}

    def __call__(self, body):
        self.__name__, self.__doc__ = body.__name__, body.__doc__
        self.shown = f"{body.__module__.rpartition('kernels.')[2]}.{body.__name__}"
        self.native = Native(self._loading(body), "iIF", f"{self.shown}-task")
        return self

    def _loading(self, body):
        """A function (index, table, like) that gives ``body`` what it names."""
        place = {name: number for number, name in enumerate((*self.sizes, *self.kinds))}
        _, *wanted = inspect.signature(body).parameters
        loads = ["like" if name == "like" else _LOADED[self.kinds.get(name, "number")].format(place[name]) for name in wanted]
        known = {"__name__": body.__module__, "body": part(body), "pointer": pointer, "integers": integers, "doubles": doubles}
        # Numba has no way to hand over a tuple of so many kinds. All text is of this package's declarations, none of a caller's.
        exec(f"def task(index, table, like):\n    body({', '.join(['index', *loads])})\n", known)
        return known["task"]

    def run(self, count, dtype, /, *, work, **arguments):
        """Do the tasks 0 .. count-1; ``dtype`` is the float type.

        ``work`` is about how many products and sums there are in all; a little of it is not worth a second thread.
        Raises TypeError where a name, a dtype or the order of an array does not fit, ValueError where a shape does not.
        """
        sizes = self._fit(np.dtype(dtype), arguments)
        table = [self.native.address(dtype), count, 0, *sizes, *(self._entry(name, arguments[name], dtype) for name in self.kinds)]
        if count:
            in_parts(_take.address(dtype), min(workers(work), count), np.array(table, np.int64))

    def _entry(self, name, value, dtype):
        kind = self.kinds[name]
        return value if kind == "number" else value.address(dtype) if kind == "function" else address(value)

    def _fit(self, dtype, arguments):
        """The sizes in the order of ``sizes``; what was found to fit once is not looked at again."""
        form = dtype, *[(name, type(value), *_form(value)) for name, value in arguments.items()]
        found = self._fitting.get(form)
        if found is None:
            found = self._checked(dtype, arguments)
            if len(self._fitting) >= MOST_FORMS:
                self._fitting.clear()
            self._fitting[form] = found
        return found

    def _checked(self, dtype, arguments):
        if arguments.keys() != self.kinds.keys():
            raise TypeError(f"{self.shown}: it takes {', '.join(self.kinds)}, not {', '.join(arguments)}")
        sizes = {}
        for name, value in arguments.items():
            self._check(name, value, dtype)
            if self.shapes[name]:
                self._bind(name, value.shape, sizes)
        return tuple(sizes[size] for size in self.sizes)

    def _check(self, name, value, dtype):
        kind = self.kinds[name]
        if kind == "number":
            if type(value) is not int:
                raise TypeError(f"{self.shown}: {name} must be an int, not {type(value).__name__}")
            return
        if kind == "function":
            if not hasattr(value, "address"):
                raise TypeError(f"{self.shown}: {name} must be a native function, not {type(value).__name__}")
            return
        wanted = {"integers": _INTEGER, "doubles": _DOUBLE}.get(kind, dtype)
        if not isinstance(value, np.ndarray) or value.dtype != wanted:
            raise TypeError(f"{self.shown}: {name} must be an array of {wanted}, not {getattr(value, 'dtype', type(value).__name__)}")
        if kind != "view" and not value.flags.c_contiguous:
            raise TypeError(f"{self.shown}: {name}, of the shape {value.shape}, is not in C order; copy it before")

    def _bind(self, name, shape, sizes):
        wanted, extents = self.shapes[name], shape
        if wanted[0].startswith("*"):
            first = len(shape) - len(wanted) + 1
            extents = (math.prod(shape[:first]), *shape[first:])
        letters = [size.lstrip("*") for size in wanted]
        if len(extents) != len(letters) or any(sizes.setdefault(size, extent) != extent for size, extent in zip(letters, extents)):
            known = ", ".join(f"{size} = {sizes[size]}" for size in letters if size in sizes)
            raise ValueError(f"{self.shown}: {name} has the shape {shape}, expected ({', '.join(wanted)}){known and ' with '}{known}")


def _form(value):
    """What decides whether a value fits."""
    return (value.shape, value.dtype, value.flags.c_contiguous) if isinstance(value, np.ndarray) else ()


def in_parts(body, count, table):
    """Call the function at the address ``body`` with (index, table, like) for each index from 0 to count-1, each in a thread of its own."""
    if count == 1:
        _alone(body, table)
    else:
        start(count, _in_parallel, count, body, address(table))


@native("iIF")
def _take(worker, table, like):
    """Take tasks from a counter and do them, until so many are taken as there are. ``table``: the body, that number, the counter and the body's own."""
    body, count, counter = table[0], table[1], shift(table, 2)
    index = fetch_add(counter)
    while index < count:
        call(body, (index, shift(table, 3), like))
        index = fetch_add(counter)


@kernel
def _alone(body, table):
    call(body, (0, data_of(table), data_of(table)))


@kernel(parallel=True)
def _in_parallel(workers, body, place):
    for worker in prange(workers):
        call(body, (worker, integers(place), integers(place)))
