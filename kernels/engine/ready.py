"""A pass forward on one thread, whose form was seen before and whose memory stands, as one compiled call.

What passes of one form do alike is written down in tables once: where weights are packed, which words of the programs say
where inputs and outputs are, and what runs. A call fills in the addresses of its arrays; small ones take longer to be led
through Python than to be computed.
"""

import numpy as np

from ..primitives.compile import address, integers, kernel
from .loop import run_slice
from .panels import LARGE, pack
from .sums import slices


def may_be(form):
    """Whether one thread is to do all of it: weights taken apart by the form's table, and few enough that one packs them."""
    return form.gates is not None and form.plan.packing.size < LARGE


class Ready:
    """The pass of a ``form`` on a ``work``; ``packed``: the addresses of packed weights."""

    def __init__(self, form, work, packed):
        self.form, self.work, plan = form, work, form.plan
        self._fixed = len(packed)
        names = [[], *([name, f"given:{name}"] for name in plan.widths), *([f"out:{row}"] for row, _ in plan.output_shapes)]
        first = self._fixed + form.wholes - 1
        self._places = np.array([*packed, *[0] * (form.wholes + len(names) - 1)], np.int64)
        self._programs = [program for program in (work.before, work.forward) if program]
        moves = [
            (address(program.block) + at * program.block.itemsize, first + number, far)
            for program in self._programs for number, group in enumerate(names) for name in group for at, far in program.names.get(name, ())
        ]  # fmt: skip
        before = work.before or work.forward
        self._tables = (
            form.gates, self._places, np.array(moves, np.int64).reshape(-1, 3),
            np.array([plan.packing.most, before.stages if work.before else 0, work.forward.stages]),
            before.block, slices(plan.T * plan.B, 1), work.forward.block, slices(plan.B, 1), work.forward.like,
        )  # fmt: skip

    def run(self, weights, given, outputs):
        """Pack the weights, which the form takes apart, and run all steps; starts are in the work already."""
        self._places[self._fixed :] = [address(array) for array in (*weights.values(), *given.values(), *outputs.values())]
        self.work.put(order=self.form.plan.whole_places)
        for program, last in zip(reversed(self._programs), (self.form.plan.T, 1)):
            program.tell(0, last, 0, 0)
        _run(*self._tables)


@kernel
def _run(gates, places, moves, numbers, before, rows, block, sequences, like):
    """``moves``: (word of a program, which of ``places``, how far behind it); ``numbers``: panels to pack, and where the stages of both programs end."""
    pack(gates, places, numbers[0], like)
    for move in range(len(moves)):
        integers(moves[move, 0])[0] = places[moves[move, 1]] + moves[move, 2]
    if numbers[1] > 0:
        run_slice(before, numbers[1], rows, 0, like)
    run_slice(block, numbers[2], sequences, 0, like)
