"""A pass forward whose form was seen before and whose memory stands, as one compiled call.

What passes of one form do alike is written down in tables once: where weights are packed, which words of the programs say
where inputs and outputs are, and what runs. A call fills in the addresses of its arrays; small ones take longer to be led
through Python than to be computed. Threads that share the units pack those which they will read, and make the products of
inputs for them: what one core writes, another one waits for.
"""

import numpy as np
from numba import prange

from ..primitives import threads
from ..primitives.compile import address, integers, kernel
from ..primitives.meeting import Meeting, may_be_late, meet, wait
from .loop import run_steps
from .panels import LARGE, pack_share

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
        (before, _), *_ = self._programs
        self._tables = (
            form.gates, self._places, np.array(moves, np.int64).reshape(-1, 3), before.block, work.forward.block,
            np.array([before.stages if work.before else 0, plan.T * plan.B, work.forward.stages, plan.B]), work.forward.like,
        )  # fmt: skip

    def run(self, workers, weights, given, outputs):
        """Pack the weights, which the form takes apart, and run all steps; starts are in the work already."""
        self._places[self._fixed :] = [address(array) for array in (*weights.values(), *given.values(), *outputs.values())]
        self.work.put(order=self.form.plan.whole_places)
        for program, last in self._programs:
            program.tell(0, last, 0, program.share(workers) if workers > 1 else 0)
        if workers == 1:
            _share(0, 1, 0, *self._tables)
        else:
            threads.start(workers, _run_shared, workers, self._meeting.begin(), *self._tables)
            self._meeting.end()


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


@kernel(parallel=True)
def _run_shared(workers, meeting, gates, places, moves, before, block, numbers, like):
    for worker in prange(workers):
        here = meet(integers(meeting), workers)
        if here > 0:
            _share(worker if here > 1 else 0, here, meeting, gates, places, moves, before, block, numbers, like)


@kernel
def _share(worker, workers, meeting, gates, places, moves, before, block, numbers, like):
    """The share of one of the ``workers`` that met.

    ``moves``: (word of a program, which of ``places``, how far behind it); ``numbers``: where the stages end and how many
    rows there are, of the products of inputs, if there are any, and of the steps.
    """
    if workers > 1:
        may_be_late(integers(meeting), worker)
    pack_share(gates, places, worker, workers, like)
    for move in range(len(moves) if worker == 0 else 0):
        integers(moves[move, 0])[0] = places[moves[move, 1]] + moves[move, 2]
    if workers > 1:
        wait(integers(meeting), workers, 1)
    if numbers[0] > 0:
        run_steps(before, numbers[0], 0, numbers[1], worker, workers, like)
    run_steps(block, numbers[2], 0, numbers[3], worker, workers, like)
