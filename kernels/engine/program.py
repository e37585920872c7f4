"""A run of the time loop written down once for all passes of the same sizes: names stand where addresses will be."""

from typing import NamedTuple

import numpy as np

from ..primitives.compile import address
from . import loop
from .panels import rows_by_panel
from .rows import ARRAY, GATES, GIVEN, NUMBER, OWN


class At(NamedTuple):
    """An address: that of the array ``name``, so many elements on."""

    name: str
    elements: int = 0


class Arrays(dict):
    """Arrays by name for several programs: the address of each is asked for once. ``known``: those that are known already."""

    def __init__(self, given, known=()):
        super().__init__(given)
        self.known = dict(known)


class Step:
    """The arrays of one step, and which of them each argument and each result is."""

    def __init__(self, B):
        self.B, self.kinds, self.arrays = B, [], []
        self.reads, self.writes, self.adds = [], [], []

    def _place(self, kind, at, step=0, row=0, panel=0, shift=0, offset=0):
        array = (at, step, row, panel, shift, offset)
        if array not in self.arrays:
            self.kinds.append(kind)
            self.arrays.append(array)
        return self.arrays.index(array)

    def gate(self, name, panels, gate, steps=True):
        """A gate of an array in panels, of every step or of one for all."""
        step = self.B * panels.row if steps else 0
        return self._place(GATES, At(name), step, panels.row, panels.width, panels.each.bit_length() - 1), gate

    def own(self, name, width, offset=0, steps=True):
        """An array of the engine's, each of its rows ``width`` long."""
        return self._place(OWN, At(name), self.B * width if steps else 0, width, offset=offset), 0

    def vector(self, name):
        """One row for all steps and sequences."""
        return self._place(OWN, At(name)), 0

    def number(self, name):
        return self._place(NUMBER, At(name)), 0

    def given(self, name, units, row=None, first=0, steps=True):
        """An array of the caller's, its rows ``row`` apart, from its element ``first`` on."""
        return self._place(GIVEN, At(name, first), self.B * units if steps else 0, row or units), 0


class Program:
    """Stages and their products, collected by ``stage``; ``run`` them on arrays by name."""

    def __init__(self, dtype, B, backward):
        self.dtype, self.B, self.backward = np.dtype(dtype), B, backward
        self.stages, self.products, self.steps = [], [], []

    def stage(self, panels, start, to, step_distance, products, compiled=0, step=None):
        """``panels``: the layout of the rows ``to``, which start from the row ``start``, if any; ``compiled``: the address of the step, if any."""
        first = len(self.products)
        self.products += products
        self.stages.append(
            (At(start) if start else 0, At(to), step_distance, panels.row, panels.count, panels.width, panels.each, panels.units,
             first, len(self.products), compiled, len(self.steps))
        )  # fmt: skip
        self.steps.append(step or Step(self.B))

    def finish(self):
        """Lay everything out in one block of integers, and note where addresses belong."""
        self.names, self._places, values = [], [], []
        head = loop.HEAD
        stages = head + len(self.stages) * len(loop.STAGE.names)
        products = stages + len(self.products) * len(loop.PRODUCT.names)
        starts = np.cumsum([products, *(len(step.arrays) * len(ARRAY.names) for step in self.steps)])
        self._cuts = (stages, products)
        rows = [(0, 0, int(self.backward), At("order"), At("ends"), 0, self.B, 0)]
        rows += [(*stage[:-1], ("block", int(starts[stage[-1]]))) for stage in self.stages]
        rows += self.products + [array for step in self.steps for array in step.arrays]
        for value in (value for row in rows for value in row):
            if isinstance(value, At):
                self._note(len(values), value.name, value.elements * self.dtype.itemsize)
            elif isinstance(value, tuple):
                self._note(len(values), value[0], value[1] * 8)
            values.append(0 if isinstance(value, tuple) else value)
        self._template = np.array(values, np.int64)
        self._where, self._which, self._far = (np.array(column, np.int64) for column in zip(*self._places))
        return self

    def _note(self, place, name, distance):
        if name not in self.names:
            self.names.append(name)
        self._places.append((place, self.names.index(name), distance))

    def on(self, arrays):
        """The program on ``arrays``, every array by its name: a :class:`Placed`."""
        block = self._template.copy()
        known = arrays.known if isinstance(arrays, Arrays) else {}
        for name in self.names:
            if name not in known and name != "block":
                known[name] = address(arrays[name])
        addresses = np.array([address(block) if name == "block" else known[name] for name in self.names], np.int64)
        block[self._where] = addresses[self._which] + self._far
        return Placed(block, *self._cuts, self.dtype, arrays)

    def run(self, arrays, first, last, slices, keep=None):
        """Run it on ``arrays`` once: see :meth:`Placed.run`."""
        self.on(arrays).run(first, last, slices, keep)


class Placed:
    """A program whose names are addresses, of ``arrays``, which live as long; one thread may run it at a time."""

    def __init__(self, block, stages, products, dtype, arrays):
        self.block, self.cuts, self.like, self.arrays = block, (stages, products), np.empty(0, dtype), arrays
        self._say(multiply=rows_by_panel.address(dtype))
        self.said = None

    def _say(self, **named):
        for name, value in named.items():
            self.block[loop.LOOP.names.index(name)] = value

    def run(self, first, last, slices, keep=None):
        """Run the steps first .. last-1; ``slices``: the sequences of each worker.

        keep: integers (T, B), 0 where no error passes from a step to the one before it.
        """
        said = first, last, 0 if keep is None else address(keep)
        if said != self.said:
            self._say(first=first, last=last, keep=said[2])
            self.said = said
        loop.run(self.block, *self.cuts, slices, self.like)
