"""The time loop of every recurrence, in either direction of time.

At each step it goes through the stages: the rows of a stage's gates start from a row of biases, products are added to
them panel by panel, and the stage's own step, a function at an address, follows at once on that panel.
"""

import numpy as np

from ..primitives.compile import call, integers, native, part, pointer, record, shift
from ..primitives.lanes import lanes, load, store
from ..primitives.meeting import may_be_late, meet, wait
from ..primitives.products import KEEP


def _record(*names):
    return np.dtype([(name, np.int64) for name in names])


# first and last: the steps from .. to, exclusive; backward: last step first; order: the caller's place of each sequence;
# ends: the length of each sequence, in descending order; keep: integers (T, B), 0 where no error passes from a step to
# the one before it, or no address; multiply, lay_out: addresses of ``rows_by_panel`` and of ``in_blocks``; meeting: where
# workers that share the panels wait for one another, or no address where they share the sequences; apart: of the memory
# in which each of them lays out operands; behind: where the stages end and products begin; slices: (first, last) sequences of
# each of the workers, the same for all of them where they share the panels; steps: the address of ``run_steps``.
LOOP = _record(
    "first", "last", "backward", "order", "ends", "keep", "sequences", "multiply", "lay_out", "meeting", "apart", "behind", "slices", "workers", "steps",
)  # fmt: skip
# start: a row of biases, or no address where something stands in the rows already; to: the rows of gates; pointwise: the
# step, if there is one, and the arrays it is given.
STAGE = _record(
    "start", "to", "step", "row", "panel", "panels", "width", "each", "units", "first_product", "last_product", "pointwise", "arrays",
)  # fmt: skip
# The rows a at t + offset, in pieces of ``piece`` terms that are ``apart``, of the sequences that still run at t + ahead, times
# the matrix b into the columns from ``column``; ``blocks``: where these rows are laid out for it.
PRODUCT = _record("a", "step", "row", "piece", "apart", "offset", "ahead", "terms", "b", "panel", "column", "vectors", "blocks")


HEAD, OF_STAGE, OF_PRODUCT = (len(kind.names) for kind in (LOOP, STAGE, PRODUCT))


@native("iIF")
def run_slice(worker, block, like):
    """The part of one worker of the run that ``block`` tells: a LOOP, STAGEs, then PRODUCTs. He first meets those with whom he shares the panels."""
    loop, workers = record(block, LOOP), 1
    if loop.meeting != 0:
        workers = meet(integers(loop.meeting), loop.workers)
    if workers > 0:
        first, last = integers(loop.slices)[2 * worker], integers(loop.slices)[2 * worker + 1]
        call(loop.steps, (block, first, last - first, worker, workers, like))


@native("IiiiiF")
def run_steps(block, first, count, worker, workers, like):
    """All steps of so many sequences from the ``first`` on; of the panels the share of one of the ``workers`` that met."""
    loop = record(block, LOOP)  # here: Numba takes long over a record's type at every call
    order, ends = integers(loop.order), shift(integers(loop.ends), first)
    active, met = 0 if loop.backward else count, 0
    for n in range(loop.last - loop.first):
        t = loop.last - 1 - n if loop.backward else loop.first + n
        while active < count and ends[active] > t:
            active += 1
        while active > 0 and ends[active - 1] <= t:
            active -= 1
        if active > 0:
            for s in range(HEAD, loop.behind, OF_STAGE):
                part_of = worker if workers > 1 else 0
                _stage(loop, record(shift(block, s), STAGE), shift(block, loop.behind), t, order, ends, first, active, part_of, workers, like)
                if workers > 1:
                    met += 1
                    wait(integers(loop.meeting), workers, met)


@part
def _stage(loop, stage, products, t, order, ends, first, active, worker, workers, like):
    rows = shift(pointer(stage.to, like), t * stage.step + first * stage.row)
    begins, behind = stage.panels * worker // workers, stage.panels * (worker + 1) // workers
    for p in range(begins - 1, behind if begins < behind else 0):  # before the first one operands are laid out
        is_before, following_panel = p < begins, p + 1 if p + 1 < behind else begins
        c, start = shift(rows, p * stage.panel), shift(pointer(stage.start, like), p * stage.width)
        for j in range(0, 0 if is_before or stage.start == 0 else stage.width, lanes(like)):
            biases = load(shift(start, j))
            for row in range(active):
                store(biases, shift(c, row * stage.row + j))
        for q in range(stage.first_product, stage.last_product):
            product = record(shift(products, q * OF_PRODUCT), PRODUCT)
            running = active
            while running > 0 and ends[running - 1] <= t + product.ahead:
                running -= 1
            b = shift(pointer(product.b, like), p * product.panel)
            following = shift(pointer(product.b, like), following_panel * product.panel)
            a = shift(pointer(product.a, like), (t + product.offset) * product.step + first * product.row)
            begin = 0
            while begin < running:
                end = running
                if loop.keep != 0 and product.ahead > 0:
                    keep = (t + product.ahead) * loop.sequences + first
                    while begin < running and integers(loop.keep)[keep + begin] == 0:
                        begin += 1
                    end = begin
                    while end < running and integers(loop.keep)[keep + end] != 0:
                        end += 1
                place = worker * loop.apart + (first + begin) * product.terms
                operand, blocks = shift(a, begin * product.row), shift(pointer(product.blocks, like), place)
                stands = end - begin == 1 and product.piece == product.terms  # one row is a block
                if stands:
                    blocks = operand
                if end > begin and is_before:
                    if not stands:
                        call(loop.lay_out, (blocks, operand, end - begin, product.terms, product.row, 1, product.piece, product.apart))
                elif end > begin:
                    to = shift(c, begin * stage.row + product.column)
                    call(loop.multiply, (KEEP, to, blocks, b, following, end - begin, product.terms, product.vectors, stage.row))
                begin = end
        if workers > 1 and not is_before:
            may_be_late(integers(loop.meeting), worker)
        last = min(stage.units, (p + 1) * stage.each)
        if stage.pointwise != 0 and not is_before:
            call(stage.pointwise, (integers(stage.arrays), order, t, first, first + active, p * stage.each, last, like))
