"""A run of the time loop written down once for all passes of the same sizes: names stand where addresses will be."""

from typing import NamedTuple

import numpy as np

from ..primitives.compile import address
from ..primitives.meeting import Meeting
from ..primitives.tasks import in_parts
from . import loop
from .panels import in_blocks, rows_by_panel
from .rows import ARRAY, GATES, GIVEN, NUMBER, OWN


MUCH = 2**20  # bytes: to find them again takes no time beside what is done in them


class At(NamedTuple):
    """An address: that of the array ``name``, so many elements on."""

    name: str
    elements: int = 0


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

    def gate(self, name, panels, gate, steps=1, is_apart=True):
        """A gate of an array whose panels stand one after the other: each has the rows of so many steps, of one for all if 1.

        Not ``is_apart``, all panels have the same rows.
        """
        step, panel = self.B * panels.width, steps * self.B * panels.width if is_apart else 0
        return self._place(GATES, At(name), step if steps > 1 else 0, panels.width, panel, panels.each.bit_length() - 1), gate

    def delta(self, name, panels, gate):
        """A gate of an array (T, B, ...) whose panels stand side by side in each row."""
        return self._place(GATES, At(name), self.B * panels.row, panels.row, panels.width, panels.each.bit_length() - 1), gate

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
    """Stages and their products, collected by ``stage``; ``run`` them on arrays by name, of which ``ends`` are the lengths of sequences."""

    def __init__(self, dtype, B, backward, ends="ends"):
        self.dtype, self.B, self.backward, self.ends = np.dtype(dtype), B, backward, ends
        self.stages, self.products, self.steps, self.blocks = [], [], [], 0

    def stage(self, panels, start, to, steps, products, compiled=0, step=None, is_apart=True):
        """``panels``: the layout of the rows ``to``, see :meth:`Step.gate`, which start from the row ``start``, if any.

        ``compiled``: the address of the step, if any.
        """
        first, rows = len(self.products), self.B * panels.width
        for product in products:
            self.products.append((*product, At("blocks", self.blocks)))
            self.blocks += self.B * product[loop.PRODUCT.names.index("terms")]
        self.stages.append(
            (At(start) if start else 0, At(to), rows if steps > 1 else 0, panels.width, steps * rows if is_apart else 0, panels.count, panels.width,
             panels.each, panels.units, first, len(self.products), compiled, len(self.steps))
        )  # fmt: skip
        self.steps.append(step or Step(self.B))

    def finish(self):
        """Lay everything out in one block of integers, and note where addresses belong."""
        self.places, self._own, values = {}, [], []
        stages = loop.HEAD + len(self.stages) * len(loop.STAGE.names)
        products = stages + len(self.products) * len(loop.PRODUCT.names)
        starts = np.cumsum([products, *(len(step.arrays) * len(ARRAY.names) for step in self.steps)])
        multiply, lay_out, steps, self.slice = (native.address(self.dtype) for native in (rows_by_panel, in_blocks, loop.run_steps, loop.run_slice))
        rows = [(0, 0, int(self.backward), At("order"), At(self.ends), 0, self.B, multiply, lay_out, 0, self.blocks, stages, 0, 0, steps)]
        rows += [(*stage[:-1], (int(starts[stage[-1]]),)) for stage in self.stages]
        rows += self.products + [array for step in self.steps for array in step.arrays]
        for value in (value for row in rows for value in row):
            if isinstance(value, At):
                self.places.setdefault(value.name, []).append((len(values), value.elements * self.dtype.itemsize))
            elif isinstance(value, tuple):
                self._own.append((len(values), value[0] * 8))
            values.append(0 if isinstance(value, tuple) else value)
        self._template = np.array(values, np.int64)
        return self

    def on(self, arrays=None):
        """The program, on ``arrays`` by name as far as they are given: a :class:`Placed`."""
        block = self._template.copy()
        start = address(block)
        for place, far in self._own:
            block[place] = start + far
        placed = Placed(self, block, np.empty(self.blocks, self.dtype))
        placed.put(addresses({name: array for name, array in (arrays or {}).items() if name in self.places}))
        return placed

    def run(self, arrays, first, last, slices, keep=None):
        """Run it on ``arrays`` once: see :meth:`Placed.run`."""
        self.on(arrays).run(first, last, slices, keep)


def addresses(arrays):
    """Where arrays are, by name."""
    return {name: address(array) for name, array in arrays.items()}


FIRST, LAST, CUT, MEETING, SLICES, WORKERS = (loop.LOOP.names.index(name) for name in ("first", "last", "keep", "meeting", "slices", "workers"))


class Placed:
    """A program whose names are addresses: of arrays that whoever runs it keeps alive. One thread may run it at a time."""

    def __init__(self, program, block, blocks):
        self.block, self._program, self._blocks, self._meeting, self._told, self._slices = block, program, blocks, Meeting(), None, None
        self.put(addresses({"blocks": blocks}))

    @property
    def names(self):
        """Where in the block each name stands, and how many bytes behind its address."""
        return self._program.places

    def put(self, places):
        """Say where arrays are from now on, by name; those of other programs are passed over."""
        for name, place in places.items():
            for at, far in self.names.get(name, ()):
                self.block[at] = place + far

    def hold(self, workers):
        """Have memory in which so many workers can lay out operands apart."""
        if self._blocks.size < workers * self._program.blocks:
            self._blocks = np.empty(workers * self._program.blocks, self._program.dtype)
            self.put(addresses({"blocks": self._blocks}))

    def let_go(self):
        """Give back the memory in which operands are laid out until it runs again, if that is much."""
        if self._blocks.nbytes > MUCH:
            self._blocks = self._blocks[:0].copy()

    def share(self, workers):
        """Where so many workers that share the units of every step will meet."""
        self.hold(workers)
        return self._meeting.begin()

    def tell(self, *told):
        """Say from which step on up to which to run, and the addresses of ``keep`` and of a meeting."""
        if told != self._told:
            self.block[FIRST], self.block[LAST], self.block[CUT], self.block[MEETING] = self._told = told

    def run(self, first, last, slices, keep=None):
        """Run the steps first .. last-1; ``slices``: the sequences of each worker, or for each of them all, where they share the units.

        keep: integers (T, B), 0 where no error passes from a step to the one before it.
        """
        workers = len(slices)
        self.hold(1)
        is_shared = workers > 1 and bool((slices == slices[0]).all())
        self.tell(first, last, 0 if keep is None else address(keep), self.share(workers) if is_shared else 0)
        if slices is not self._slices:
            self._slices, self.block[SLICES], self.block[WORKERS] = slices, address(slices), workers
        in_parts(self._program.slice, workers, self.block)
        if is_shared:
            self._meeting.end()


class Together:
    """Programs on the same arrays."""

    def __init__(self, *placed):
        self._standing, self._where = {}, {}
        for one in placed:
            for name, ats in one.names.items():
                self._where.setdefault(name, []).extend([(one.block, *at) for at in ats])

    def put(self, **groups):
        """Put groups of places, by names of their own, as :meth:`Placed.put` does; a mapping that stands there is not looked at again."""
        for group, places in groups.items():
            if self._standing.get(group) is not places:
                self._standing[group] = places
                for name, place in places.items():
                    for block, at, far in self._where.get(name, ()):
                        block[at] = place + far
