"""How a recurrence of certain sizes is run: which arrays there are, and the programs of both passes."""

import math

import numpy as np

from ..primitives import threads
from ..primitives.fork import cached_property
from ..primitives.meeting import may_meet
from ..primitives.tiles import vector_bytes
from .panels import HIGHEST
from .program import At, Program, Step, addresses
from .recurrence import compiled, past
from .rows import Panels, padded
from .sums import sum_blocks
from .weights import packing, unpacking


FEW = 4  # sequences that are worth a thread of their own
SHARED = 2**15  # products of one step that are worth two waits of threads for one another
# The next three are ratios of sizes and know of no processor. WIDE was measured, on one with 1 MiB of second cache, where 32 in
# place of 64 gave a LSTM of 1024 units and 64 sequences 1.09.
LONG = 16  # times as many terms as sequences: a matrix takes longer to be read at every step than sums to be read again
WIDE = 32  # times as many units as a thread's sequences: matrices take longer to be read by every thread than threads to meet
EVEN = 8  # panels for each thread that are as good as equal shares


class Plan:
    """``widths``: of inputs by name; ``units``: of each stage; ``numbers``: of names of weights that are numbers, ``vectors`` likewise.

    ``lean``: for passes forward that nobody goes back through; no gates are kept then. ``idle``: how many passes of it, one
    after the other and the last ones, nobody went back through; ``unread``: of how many nobody asked for rows.

    Arrays are named: x (an input, sequences in the order of their lengths), given:x (in the caller's), gates:0 and bias:0 (of a stage), row:h (kept, with its starts before it), out:h,
    pack:0 (of a product); backward up:h, delta:0 (errors of a stage's gates, where these do not give way), error:0 (of a stage), carry:h:1 (what steps send to
    the row so many steps before), same:h (to that of their own step), back:0, d:x, start:h.
    """

    def __init__(self, recurrence, T, B, widths, units, numbers, vectors, dtype, lean=False):
        self.recurrence, self.T, self.B, self.dtype, self._lean = recurrence, T, B, dtype, lean
        self.widths, self.units, self.numbers, self.vectors = widths, units, numbers, vectors
        self.panels = [Panels(len(stage.names), units[k], dtype) for k, stage in enumerate(recurrence.stages)]
        self.parts = [Panels(len(product.gates.split()), units[k], dtype, self.panels[k].each) for k, product in recurrence.products]
        self.rows = {row: units[k] for row, k in recurrence.rows.items()}
        # Few sequences make poor products, and matrices of long inputs take long to be read: products of inputs are then made for all steps at once, before the loop.
        self.hoisted = {
            q for q, (_, product) in enumerate(recurrence.products)
            if product.operand in widths and T > 1 and (B < HIGHEST or LONG * B <= widths[product.operand])
        }  # fmt: skip
        stands = {recurrence.products[q][0] for q in self.hoisted}
        # Whether the gates of a stage are kept for every step: products stand there before, or some step reads what one of them was.
        self.kept = [
            k in stands or not lean and any(gate in stage.gives.split() or gate in self._read_later(k) for gate in stage.names)
            for k, stage in enumerate(recurrence.stages)
        ]
        # Whether each panel of them has memory of its own; one for all stays in the nearest cache, but threads that share units would meet there.
        may_share = B < FEW * threads.most() or self._is_wide(threads.most())
        self.is_apart = [
            not lean or may_share or self.kept[k] or any(gate in later.takes for later in recurrence.stages[k + 1 :] for gate in stage.names)
            for k, stage in enumerate(recurrence.stages)
        ]
        self.idle = self.unread = 0
        self.errors = [Panels(max(1, len(recurrence.targets(k))), units[k], dtype) for k in range(len(units))]
        # The panels of the rows that get errors through matrices: of inputs and of rows that stages give.
        self.reached = {name: Panels(1, width, dtype) for name, width in widths.items()}
        self.reached |= {row: Panels(1, units[k], dtype, self.errors[k].each) for row, k in recurrence.rows.items()}
        self.before = self._before() if self.hoisted else None
        self.forward = self._forward()
        # The stages whose errors of gates may stand where the gates did: all steps of these are kept, and nobody reads them again.
        self.giving_way = frozenset(k for k, kept in enumerate(self.kept) if kept and not lean and recurrence.gives_way(k))
        self._backward = {}

    def backward(self, giving_way=frozenset()):
        """The program backward; the programs of the starts, by row and steps back. Of the stages ``giving_way`` errors take the place of gates."""
        if giving_way not in self._backward:
            starts = {(row, back): self._start(row, back, giving_way) for row in self.rows for back in range(1, self.recurrence.depth[row] + 1)}
            self._backward[giving_way] = self._back(giving_way), starts
        return self._backward[giving_way]

    @cached_property
    def output_shapes(self):
        """(row, shape) of each output."""
        return [(row, (self.T, self.B, self.rows[row])) for row in self.recurrence.outputs]

    @cached_property
    def whole(self):
        """The order and the lengths of sequences that all run to the last step."""
        return np.arange(self.B), np.full(self.B, self.T)

    @cached_property
    def whole_places(self):
        """Where these are."""
        return addresses(dict(zip(("order", "ends"), self.whole)))

    @cached_property
    def ones(self):
        """The lengths of all rows as sequences of one step."""
        return np.ones(self.T * self.B, np.int64)

    @cached_property
    def sequences(self):
        """All of them, for one worker."""
        return np.array([[0, self.B]])

    @cached_property
    def terms(self):
        """How many products one sequence takes at one step."""
        return self._terms(range(len(self.recurrence.products)))

    @cached_property
    def terms_before(self):
        """As ``terms``, of what is made before the loop."""
        return self._terms(self.hoisted)

    @cached_property
    def _terms_in_loop(self):
        """As ``terms``, without what is made before the loop."""
        return self._terms(set(range(len(self.recurrence.products))) - self.hoisted)

    def _terms(self, places):
        products = self.recurrence.products
        return sum(len(product.gates.split()) * self.units[k] * self.terms_of(product) for k, product in (products[q] for q in places))

    @property
    def is_for_one(self):
        """Whether there are too few sequences for two threads, if these do not share the units."""
        return self.B < 2 * FEW

    def shares_units(self, workers):
        """Whether threads are to share the units of every step and not the sequences: there are few of these, or far more units, and enough to do."""
        is_few = self.B < FEW * workers or self._is_wide(workers) and min(panels.count for panels in self.panels) >= EVEN * workers
        return workers > 1 and is_few and may_meet() and threads.is_worth(self.B * self._terms_in_loop, SHARED)

    def _is_wide(self, workers):
        return WIDE * self.B <= min(self.units) * workers

    @cached_property
    def packing(self):
        """Of weights."""
        return packing(self)

    @cached_property
    def unpacking(self):
        """Of the gradients of matrices and biases."""
        return unpacking(self)

    @cached_property
    def unpackings(self):
        """Of the gradient of one matrix after the other, by its name, and under None of biases."""
        return {None: unpacking(self, ())} | {name: unpacking(self, (name,)) for name in self.recurrence.matrices}

    def terms_of(self, product):
        """How many products one number of its gates is a sum of."""
        return self.widths[product.operand] if product.operand in self.widths else self.rows[product.operand]

    @cached_property
    def summing(self):
        """Of each product (its place, the stage, itself, its gates among the columns of a panel of these), those of inputs last: the loop needs their matrices least."""
        found = []
        for q, (k, product) in enumerate(self.recurrence.products):
            first, count = self.recurrence.columns(k, product)
            found.append((q, k, product, slice(first * self.panels[k].each, (first + count) * self.panels[k].each)))
        return sorted(found, key=lambda one: one[2].operand in self.widths)

    @cached_property
    def of_biases(self):
        """Of each stage, if it has biases: the places of the products that its gates' errors are summed with, one if it has all gates."""
        found = []
        for k, stage in enumerate(self.recurrence.stages):
            products = [q for q, (of, _) in enumerate(self.recurrence.products) if of == k]
            whole = [q for q in products if self.parts[q].row == self.panels[k].row]
            found.append((whole[:1] or products) if stage.biases else None)
        return found

    @cached_property
    def bare(self):
        """(stage, columns of a panel) of gates with a bias and no product, and how many sums these have."""
        sizes = [(k, gate, self.panels[k].each) for k, gate in self.recurrence.bare]
        return {(k, gate * each): (slice(gate * each, (gate + 1) * each), self.panels[k].count * each) for k, gate, each in sizes}

    @cached_property
    def places(self):
        """Of the rows of all sequences, where all run to the last step."""
        return np.arange(self.T * self.B)

    @cached_property
    def sum_blocks(self):
        """The rows whose products are summed at a time, where all sequences run to the last step."""
        return sum_blocks(np.full(self.T, self.B), self.B)

    @cached_property
    def delays(self):
        """Of each stage: over how many steps errors of its gates go back through products."""
        found = [0] * len(self.panels)
        for _, k, product in self.recurrence.passing:
            found[k] = max(found[k], product.delay)
        return found

    def _read_later(self, k):
        stages = self.recurrence.stages
        return {name for stage in stages for name in stage.back_takes} | {name for stage in stages[k + 1 :] for name in stage.takes}

    def steps(self, k):
        """Of how many steps the gates of stage k are kept."""
        return self.T if self.kept[k] else 1

    def gates_shape(self, k):
        """Of the memory for the gates of stage k."""
        panels, *shape = self.panels[k].shape(self.steps(k), self.B)
        return panels if self.is_apart[k] else 1, *shape

    @cached_property
    def kept_bytes(self):
        """Of gates that are written at every step for the way back alone, and would not be in a lean plan."""
        return sum(math.prod(self.gates_shape(k)) for k, kept in enumerate(self.kept) if kept) * self.dtype.itemsize

    @cached_property
    def dense(self):
        """The rows that are outputs and have no more numbers when they are kept: they may stand in an output's memory."""
        return tuple(row for row in self.recurrence.outputs if row in self.recurrence.kept and self.width(row) == self.rows[row])

    def width(self, row):
        """Of a kept row, in whole vectors."""
        return padded(self.rows[row], self.dtype)

    def _before(self):
        """The program that makes the hoisted products, of all steps as if they were sequences of one step."""
        program = Program(self.dtype, self.T * self.B, backward=False, ends="ones")
        for k in sorted({self.recurrence.products[q][0] for q in self.hoisted}):
            program.stage(self.panels[k], f"bias:{k}", f"gates:{k}", 1, self._products(k, hoisted=True))
        return program.finish()

    def _products(self, k, hoisted):
        """Those of stage k that are hoisted, or those that are not."""
        products = [(q, product) for q, (of, product) in enumerate(self.recurrence.products) if of == k and (q in self.hoisted) == hoisted]
        # Those of inputs first, so that sums are the same however many sequences there are.
        products.sort(key=lambda one: one[1].operand not in self.widths)
        return [self._product(q, product, self.panels[k]) for q, product in products]

    def _forward(self):
        program = Program(self.dtype, self.B, backward=False)
        stands = {self.recurrence.products[q][0] for q in self.hoisted}
        for k, (stage, panels) in enumerate(zip(self.recurrence.stages, self.panels)):
            products = self._products(k, hoisted=False)
            step = Step(self.B)
            step.reads = [(self._value(step, name),) for name in stage.takes]
            step.writes = [tuple(self._results(step, name)) for name in stage.gives.split()]
            start = None if k in stands else f"bias:{k}"
            compiled = _compiled(stage.step, self.dtype, step)
            program.stage(panels, start, f"gates:{k}", self.steps(k), products, compiled, step, self.is_apart[k])
        return program.finish()

    def _product(self, q, product, panels):
        stage, part = self.recurrence.products[q][0], self.parts[q]
        if product.operand in self.widths:
            name, width, terms, offset = product.operand, self.widths[product.operand], self.widths[product.operand], 0
        else:
            name, width, terms = f"row:{product.operand}", self.width(product.operand), self.rows[product.operand]
            offset = self.recurrence.depth[product.operand] - product.delay
        column = self.recurrence.columns(stage, product)[0] * panels.each
        return (At(name), self.B * width, width, terms, 0, offset, 0, terms, At(f"pack:{q}"), terms * part.width, column, part.vectors)

    def _value(self, step, name):
        """The place of what a step takes or gives."""
        recurrence = self.recurrence
        if name in recurrence.gates:
            k = recurrence.gates[name]
            return step.gate(f"gates:{k}", self.panels[k], recurrence.stages[k].names.index(name), self.steps(k), self.is_apart[k])
        if name in self.widths:
            return step.given(f"given:{name}", self.widths[name])
        if name in self.numbers:
            return step.number(name)
        if name in self.vectors:
            return step.vector(name)
        row, back = past(name)
        return step.own(f"row:{row}", self.width(row), recurrence.depth[row] - back)

    def _carry(self, step, row, back, arriving):
        """What steps send to a row so many steps before, one row for all steps where nothing else stands there then."""
        is_apart = self.recurrence.is_apart(row, back)
        return step.own(f"carry:{row}:{back}", self.width(row), back * arriving if is_apart else 0, steps=is_apart)

    def _results(self, step, name):
        gates, stages = self.recurrence.gates, self.recurrence.stages
        if name in self.recurrence.kept or name in gates and (not self._lean or any(name in later.takes for later in stages[gates[name] + 1 :])):
            yield self._value(step, name)
        if name in self.recurrence.outputs:
            yield step.given(f"out:{name}", self.rows[name])

    def _back(self, giving_way):
        program = Program(self.dtype, self.B, backward=True)
        for k in reversed(range(len(self.panels))):
            stage, panels = self.recurrence.stages[k], self.errors[k]
            products = [sent for gate, row in enumerate(self.recurrence.targets(k)) for sent in self._sent(row, panels, gate, giving_way)]
            step = Step(self.B)
            step.reads = [tuple(self._arrived(step, name)) for name in stage.back_takes]
            step.writes = [tuple(self._sent_to(step, name, giving_way)) for name in stage.back_gives.split()]
            step.adds = [
                step.own(f"d:{name}", width, steps=False)[0] for name, width in self.summed.items() if f"d_{name}" in stage.back_gives.split()
            ]
            program.stage(panels, "zeros", f"error:{k}", 1, products, _compiled(stage.back, self.dtype, step), step)
        return program.finish()

    @property
    def summed(self):
        """The width of what is summed up of each vector and number."""
        widest = max(map(self.width, self.rows))
        return dict.fromkeys(self.numbers, widest) | {name: padded(size, self.dtype) for name, size in self.vectors.items()}

    def _sent(self, row, panels, gate, giving_way, least=0):
        """The products that bring errors of gates to a row: the matrices turned round."""
        for q, k, product in self.recurrence.passing:
            if product.operand == row and product.delay >= least:
                own, part = self.panels[k], self.parts[q]
                first, terms = self.recurrence.columns(k, product)[0] * own.each, part.row
                name, wide, apart = ("gates", own.width, self.T * self.B * own.width) if k in giving_way else ("delta", own.row, own.width)
                piece, apart = (terms, 0) if wide == terms else (part.width, apart)
                yield (
                    At(f"{name}:{k}", first), self.B * wide, wide, piece, apart, product.delay, product.delay, terms, At(f"back:{q}"),
                    terms * panels.each, gate * panels.each, panels.each * self.dtype.itemsize // vector_bytes(),
                )  # fmt: skip

    def _arrived(self, step, name):
        """The parts of what a way back takes: of an error, all ways on which it comes."""
        row, back = past(name[2:])
        if not name.startswith("d_") or row not in self.rows:
            yield self._value(step, name)
            return
        if back:
            yield self._carry(step, row, back, arriving=False)
            return
        k = self.recurrence.rows[row]
        if row in self.recurrence.targets(k):
            yield step.gate(f"error:{k}", self.errors[k], self.recurrence.targets(k).index(row))
        if row in self.recurrence.outputs:
            yield step.given(f"up:{row}", self.rows[row])
        for back in self.recurrence.carried[row]:
            yield self._carry(step, row, back, arriving=True)
        if f"d_{row}" in self.recurrence.sent:
            yield step.own(f"same:{row}", self.width(row), steps=False)

    def _sent_to(self, step, name, giving_way):
        name = name[2:]
        if name in self.recurrence.gates:
            k = self.recurrence.gates[name]
            if k in giving_way:
                yield self._value(step, name)
            else:
                yield step.delta(f"delta:{k}", self.panels[k], self.recurrence.stages[k].names.index(name))
        elif name in self.widths:
            yield step.given(f"d:{name}", self.widths[name])
        elif name in self.summed:
            yield step.own(f"d:{name}", self.summed[name], steps=False)
        else:
            row, back = past(name)
            yield self._carry(step, row, back, arriving=False) if back else step.own(f"same:{row}", self.width(row), steps=False)

    def _start(self, row, back, giving_way):
        """The program of one step that gathers the error of the start ``back`` steps before the first one."""
        k, program, step = self.recurrence.rows[row], Program(self.dtype, self.B, backward=True), Step(self.B)
        panels = self.reached[row]
        carried = (self._carry(step, row, far, arriving=True) for far in self.recurrence.carried[row] if far >= back)
        step.reads = [(step.gate("error", panels, 0), *carried)]
        depth, units = self.recurrence.depth[row], self.rows[row]
        step.writes = [(step.given(f"start:{row}", units, depth * units, (depth - back) * units, steps=False),)]
        products = list(self._sent(row, panels, 0, giving_way, least=back)) if row in self.recurrence.targets(k) else []
        program.stage(panels, "zeros", "error", 1, products, _compiled(_same, self.dtype, step), step)
        return program.finish()


def planned(recurrence, given, starts, weights, lean=False):
    """The plan for passes of arrays like these."""
    some, linear = next(iter(given.values())), recurrence.linear
    numbers = tuple(name for name, value in weights.items() if name not in linear and value.ndim == 0)
    vectors = {name: len(value) for name, value in weights.items() if name not in linear and value.ndim}
    widths = {name: array.shape[2] for name, array in given.items()}
    units = tuple(_units(recurrence, given, starts, weights))
    return Plan(recurrence, *some.shape[:2], widths, units, numbers, vectors, some.dtype, lean)


def _compiled(function, dtype, step):
    return compiled(function, dtype, *map(tuple, (step.kinds, step.reads, step.writes, step.adds)))


def _units(recurrence, given, starts, weights):
    """Of each stage, by what it is given: weights, starts, inputs, vectors, or rows of other stages."""
    found, rows = [], {row: start.shape[-1] for row, start in starts.items()}
    for stage in recurrence.stages:
        own = stage.gives.split()
        sides = [len(weights[name][0]) for name in (*(product.matrix for product in stage.products), *stage.biases)]
        sides += [rows[past(row)[0]] for row in (*own, *stage.takes) if past(row)[0] in rows]
        sides += [given[name].shape[-1] for name in stage.takes if name in given]
        sides += [len(weights[name]) for name in stage.takes if name in weights and weights[name].ndim]
        found.append(sides[0])
        rows |= dict.fromkeys([row for row in own if row in recurrence.rows], sides[0])
    return found


def check(recurrence, given, starts, weights):
    """Raise a TypeError or ValueError where arrays do not fit the recurrence or one another."""
    some = next(iter(given.values()))
    for name, array in given.items():
        _check(recurrence, name, array, (*some.shape[:2], array.shape[-1]) if some.ndim == 3 else (0, 0, 0), some.dtype)
    (T, B), units = some.shape[:2], _units(recurrence, given, starts, weights)
    rows = {row: units[k] for row, k in recurrence.rows.items()}
    for row, depth in recurrence.depth.items():
        if depth:
            start = starts[row]
            _check(recurrence, f"the start of {row}", start, (B, rows[row]) if depth == 1 and start.ndim == 2 else (B, depth, rows[row]), some.dtype)
    for k, stage in enumerate(recurrence.stages):
        for product in stage.products:
            terms = given[product.operand].shape[2] if product.operand in given else rows[product.operand]
            _check_parts(recurrence, product.matrix, weights[product.matrix], product.gates, (units[k], terms), some.dtype)
        for name, gates in stage.biases.items():
            _check_parts(recurrence, name, weights[name], gates, (units[k],), some.dtype)
        for name in stage.takes:
            if name in weights:
                _check(recurrence, name, weights[name], (units[k],) if weights[name].ndim else (), some.dtype)
            elif name in given:
                _check(recurrence, name, given[name], (T, B, units[k]), some.dtype)
            elif rows.get(past(name)[0], units[k]) != units[k]:
                raise ValueError(f"{recurrence.name}: a step of {units[k]} units takes {name}, which has {rows[past(name)[0]]}")


def _check_parts(recurrence, name, parts, gates, shape, dtype):
    if len(parts) != len(gates.split()):
        raise ValueError(f"{recurrence.name}: {name} has {len(parts)} parts; it has one for each of the gates {gates}")
    for gate, part in zip(gates.split(), parts):
        _check(recurrence, f"{name} of {gate}", part, shape, dtype)


def _check(recurrence, name, array, shape, dtype):
    if dtype not in (np.float32, np.float64) or array.dtype != dtype:
        raise TypeError(
            f"{recurrence.name}: a pass of {dtype} was given {name} of {array.dtype}; kernels work in float32 or float64, one for all arrays"
        )
    if array.shape != shape or 0 in shape:
        raise ValueError(f"{recurrence.name}: {name} has the shape {array.shape}, expected {shape}, none of it 0")


def _same(error):
    return error
