"""A pass forward whose form was seen before and whose memory stands, as one compiled call.

What passes of one form do alike is written down in tables once: where weights are packed, which words of the programs say
where inputs and outputs are, and what runs. A call fills in the addresses of its arrays; small ones take longer to be led
through Python than to be computed. Threads that share the units pack those which they will read, and make the products of
inputs for them: what one core writes, another one waits for.
"""

import numpy as np

from ..primitives import threads
from ..primitives.compile import address, call, integers, native, record, shift
from ..primitives.meeting import Meeting, may_be_late, meet, wait
from ..primitives.tasks import in_parts
from .loop import run_steps
from .panels import LARGE, pack_share

# What a worker is told. gates, G: the table by which weights are packed; places: addresses; moves, count: (word of a program, which
# of the places, how far behind it); before, rows: the program of products of inputs, if there is one, and how many rows it has; block,
# sequences: that of the steps; pack, steps: addresses of functions.
READY = np.dtype([
    (name, np.int64)
    for name in ("workers", "meeting", "gates", "G", "places", "moves", "count", "before", "rows", "block", "sequences", "pack", "steps")
])  # fmt: skip
MADE = 4  # times as many products of inputs as are worth threads are worth being made by several, if one goes on with them


class Ready:
    """The pass of a ``form`` on a ``work``; ``packed``: the addresses of packed weights."""

    def __init__(self, form, work, packed):
        self.form, self.work, plan = form, work, form.plan
        self._fixed, self._meeting = len(packed), Meeting()
        names = [*([name, f"given:{name}"] for name in plan.widths), *([f"out:{row}"] for row, _ in plan.output_shapes)]
        first = self._fixed + form.wholes
        self._places = np.array([*packed, *[0] * (form.wholes + len(names))], np.int64)
        self._programs = [(program, last) for program, last in ((work.before, 1), (work.forward, plan.T)) if program]
        moves = [
            (address(program.block) + at * program.block.itemsize, number, far)
            for program, _ in self._programs for number, group in enumerate(names, first) for name in group for at, far in program.names.get(name, ())
        ]  # fmt: skip
        self._moves, before = np.array(moves, np.int64).reshape(-1, 3), address(work.before.block) if work.before else 0
        pack, steps, self._share = natives(plan.dtype)
        self._table = np.array(
            [1, 0, address(form.gates), len(form.gates), address(self._places), address(self._moves), len(self._moves), before, plan.T * plan.B,
             address(work.forward.block), plan.B, pack, steps], np.int64
        )  # fmt: skip

    def run(self, workers, weights, given, outputs):
        """Pack the weights, which the form takes apart, and run all steps; starts are in the work already."""
        self._places[self._fixed :] = [address(array) for array in (*weights.values(), *given.values(), *outputs.values())]
        self.work.put(order=self.form.plan.whole_places)
        for program, last in self._programs:
            program.hold(1)
            program.tell(0, last, 0, program.share(workers) if workers > 1 else 0)
        self._table[0], self._table[1] = workers, self._meeting.begin() if workers > 1 else 0
        in_parts(self._share, workers, self._table)
        if workers > 1:
            self._meeting.end()
        if self.work.before:
            self.work.before.let_go()


def natives(dtype):
    """The addresses of what packs, of the steps, and of what does both: there before a second pass, which may be a forked child's."""
    return [function.address(dtype) for function in (pack_share, run_steps, _share)]


def workers_of(form, workers, ragged):
    """How many of the ``workers`` do all of it in one call; 0 where it takes several.

    They share the units; or one does what little there is to pack, and the products of inputs, if the steps are his anyway:
    what another core had made would have to come from there.
    """
    plan = form.plan
    if ragged or form.gates is None:
        return 0
    if workers > 1 and plan.shares_units(workers):
        return workers
    is_alone = workers == 1 or plan.is_for_one and not threads.is_worth(plan.T * plan.B * plan.terms_before // MADE, threads.LITTLE)
    return int(is_alone and plan.packing.size < LARGE)


@native("iIF")
def _share(worker, table, like):
    """The share of one of the workers, if they meet; else one does it all."""
    ready = record(table, READY)
    here = 1
    if ready.workers > 1:
        here = meet(integers(ready.meeting), ready.workers)
    if here == 0:
        return
    if here == 1:
        worker = 0
    else:
        may_be_late(integers(ready.meeting), worker)
    places = integers(ready.places)
    call(ready.pack, (integers(ready.gates), ready.G, places, worker, here, like))
    for move in range(ready.count if worker == 0 else 0):
        one = shift(integers(ready.moves), 3 * move)
        integers(one[0])[0] = places[one[1]] + one[2]
    if here > 1:
        wait(integers(ready.meeting), here, 1)
    if ready.before != 0:
        call(ready.steps, (integers(ready.before), 0, ready.rows, worker, here, like))
    call(ready.steps, (integers(ready.block), 0, ready.sequences, worker, here, like))
