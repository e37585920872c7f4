"""A recurrence bound to its weights: they are packed once, for passes that keep nothing and for single steps."""

import numpy as np

from ..primitives import threads
from ..primitives.arrays import clear, whole
from ..primitives.compile import address
from .forms import plan_of
from .passes import shares
from .pool import lined
from .program import Together, addresses
from .sums import slices
from .weights import Weights

# Of all sequences, in one chunk of steps: work memory is as large as it takes, however many steps there are. At the end of a
# chunk threads wait for one another, and where lengths differ some have none of its steps. This is about how often that is,
# and not about a cache: with 8 MiB in place of 256 rows a LSTM (100, 16, 128, 128) took 0.87 of the time beside 1 MiB of second cache.
ROWS = 4096
BYTES = 2**23  # of such rows of inputs and outputs, and of what steps read again
LEAST = 4  # rows that take no less time where they are fewer: weights take as long to be read
MOST_WORKS = 8  # work memories of other sizes that one layer keeps


class Bound:
    """``weights`` as in :func:`run`, copies of them. ``names``: the caller's, of inputs and, under the names of rows, of starts.

    Every start is a row that the step before it ends with, one (B, H) for each sequence. Any number of threads may call at
    once: each call has work memory to itself.
    """

    def __init__(self, recurrence, weights, outputs=None, **names):
        self.recurrence = recurrence
        self.weights = {name: np.array(part) if isinstance(part, np.ndarray) else tuple(map(np.array, part)) for name, part in weights.items()}
        self.starts = {row: names[row] for row in recurrence.rows if recurrence.depth[row]}
        self.inputs = {name: own for name, own in names.items() if name not in self.starts}
        self.outputs = {row: (outputs or {}).get(row, row) for row in recurrence.outputs}
        if any(recurrence.depth[row] > 1 for row in self.starts):
            raise ValueError(f"{recurrence.name}: what begins with several steps is not bound")
        self._taken = (*self.inputs.values(), *self.starts.values())
        self._packed, self._works = {}, {}

    def __reduce__(self):
        raise TypeError(f"{self.recurrence.name}: what is bound holds addresses of this process; pickle its weights, and bind them again")

    def forward(self, values, lengths=None, out=None):
        """Outputs (T, B, H), and the last state of each sequence by the names of starts, (B, H); both the caller's own.

        values: inputs (T, B, N) and starts (B, H) by the caller's names, which are only read. lengths (B,), from 1 to T,
        or None. out: arrays to write outputs into, by name, as they are returned, in C order; they overlap nothing.
        """
        given = {name: values[own] for name, own in self.inputs.items()}
        starts = {row: values[own] for row, own in self.starts.items()}
        T, B = next(iter(given.values())).shape[:2]
        ends, order = None, None
        if lengths is not None:
            ends = whole(lengths, T, B)
            order = np.argsort(-ends, kind="stable") if ends.min() < T else None
            ends = None if order is None else ends[order]
        width = sum(array.shape[-1] * array.itemsize for array in given.values()) + sum(2 * start.shape[-1] * start.itemsize for start in starts.values())
        steps = min(T, max(1, min(ROWS, BYTES // width) // B))
        mark = [(array.shape[1:], array.dtype) for array in given.values()] + [(array.shape, array.dtype) for array in starts.values()]
        waiting = self._waiting((steps, *mark))
        work = self._work(waiting, values, slice(steps))
        outputs = {own: (out or {}).get(own) for own in self.outputs.values()}
        for row, own in self.outputs.items():
            outputs[own] = np.empty((T, B, work.plan.rows[row]), work.plan.dtype) if outputs[own] is None else outputs[own]
        work.begin(starts, order)
        unseen = {row: np.empty_like(start) for row, start in starts.items() if row not in self.outputs and order is not None}
        for t in range(0, T, steps):
            count = min(steps, T - t)
            work.take({name: array[t : t + count] for name, array in given.items()}, ends if ends is None else ends - t, order)
            parts = {row: outputs[own][t : t + count] for row, own in self.outputs.items()}
            written = work.lend(parts)
            work.run(count)
            for row, part in parts.items():
                if row not in written:
                    part[...] = work.outputs[row][:count]
            for row, array in unseen.items():
                work.ended_within(row, ends - t, count, array)
            if t + count < T:
                work.go_on(count)
        if order is None:
            state = {own: work.ended(row, count) for row, own in self.starts.items()}
        else:
            state = {own: outputs[self.outputs[row]][np.asarray(lengths) - 1, np.arange(B)] for row, own in self.starts.items() if row in self.outputs}
            state |= {self.starts[row]: array[np.argsort(order)] for row, array in unseen.items()}
            for array in outputs.values():
                clear(array, lengths)
        waiting.append(work)
        return outputs, state

    def step(self, values):
        """Outputs (B, H) of one step of inputs (B, N), and the state after it."""
        arrays = [values[own] for own in self._taken]
        waiting = self._waiting(tuple([(array.shape, array.dtype) for array in arrays]))
        work = self._work(waiting, values, None)
        for place, array in zip(work.begins, arrays):
            place[...] = array
        work.run(1)
        outputs = {own: work.outputs[row][0].copy() for row, own in self.outputs.items()}
        state = {own: work.ended(row, 1) for row, own in self.starts.items()}
        waiting.append(work)
        return outputs, state

    def _waiting(self, mark):
        """Work memory for arrays of such shapes and types that nobody uses now."""
        waiting = self._works.get(mark)
        if waiting is None:
            if len(self._works) >= MOST_WORKS:
                self._works = {}
            waiting = self._works[mark] = []
        return waiting

    def _work(self, waiting, values, first):
        """Some that waits, or some new for arrays like these; ``first``: what makes steps of inputs (steps, B, N)."""
        try:
            return waiting.pop()
        except IndexError:
            given = {name: values[own][first] for name, own in self.inputs.items()}
            plan = plan_of(self.recurrence, given, {row: values[own] for row, own in self.starts.items()}, self.weights, lean=True)
        weights = self._packed.get(plan.dtype)
        if weights is None:
            weights = Weights(plan)
            weights.take(self.weights)
            weights = self._packed.setdefault(plan.dtype, weights)  # whole, as soon as other threads can see it, and the same for all: works have addresses
        return _Work(plan, weights, self.starts)


class _Work:
    """Memory for some steps of some sequences, and the programs on it."""

    def __init__(self, plan, weights, starts):
        self.plan = plan
        T, B, dtype, recurrence = plan.T, plan.B, plan.dtype, plan.recurrence
        self.ends = np.full(B, T)
        self.given = {name: np.empty((T, B, width), dtype) for name, width in plan.widths.items()}
        self.outputs = {row: np.empty((T, B, plan.rows[row]), dtype) for row in recurrence.outputs}
        # What is no unit stays zero.
        self.rows = {row: lined((recurrence.depth[row] + T, B, plan.width(row)), dtype) for row in recurrence.kept}
        for array in self.rows.values():
            array[...] = 0
        gates = {f"gates:{k}": lined(plan.gates_shape(k), dtype) for k in range(len(plan.panels))}
        self._order, self._in_turn = np.arange(B), True
        self._arrays = {**gates, "order": self._order, "ends": self.ends, **{f"row:{row}": array for row, array in self.rows.items()}}
        self._given, self._out = addresses(self.given), addresses(self.outputs)
        self.before, self.forward = plan.before and plan.before.on(self._arrays | {"ones": plan.ones}), plan.forward.on(self._arrays)
        self._programs = Together(*filter(None, (self.before, self.forward)))
        self._programs.put(weights=weights.places)
        self._is_whole = True  # the ends are those of all steps
        self._put(self._given | {f"given:{name}": place for name, place in self._given.items()}, self._out)
        # The first step of inputs, and the rows before it.
        self.starts = {row: self.rows[row][0, :, : plan.rows[row]] for row in starts}
        self.begins = [array[0] for array in self.given.values()] + list(self.starts.values())

    def _put(self, given, out):
        """Say where inputs are, in the order of the sequences and in the caller's, and outputs."""
        self._programs.put(given={**given, **{f"out:{row}": place for row, place in out.items()}})

    def begin(self, starts, order):
        """Let the next steps begin with ``starts``, in ``order`` if there is one, and write outputs where its sequences stand."""
        if order is not None or not self._in_turn:
            self._order[...] = np.arange(self.plan.B) if order is None else order
            self._in_turn = order is None
        for row, start in starts.items():
            self.starts[row][...] = start if order is None else start[order]

    def take(self, given, ends, order):
        """Take the inputs (steps, B, N) of the next steps; ``ends``: of the sequences in order, counted from the first of these steps, if not of all steps."""
        places, self._taken = {}, []
        for name, array in given.items():
            if order is None and array.flags.c_contiguous:
                places[name] = places[f"given:{name}"] = address(array)  # read where it is
                continue
            places[name] = places[f"given:{name}"] = self._given[name]
            into = self.given[name][: len(array)]
            if order is None:
                into[...] = array
                continue
            np.take(array, order, 1, out=into, mode="clip")
            self._taken.append(np.ascontiguousarray(array))  # stays while these steps run
            places[f"given:{name}"] = address(self._taken[-1])
        self._put(places, {})
        if ends is not None or not self._is_whole:
            self.ends[...] = self.plan.T if ends is None else np.minimum(ends, self.plan.T)
            self._is_whole = ends is None

    def lend(self, outputs):
        """Let outputs of the next steps be written where the caller wants them, as far as these arrays are dense; which ones are."""
        dense = {row: array for row, array in outputs.items() if array.flags.c_contiguous}
        self._put({}, self._out | addresses(dense))
        return dense

    def run(self, count):
        """Run ``count`` steps."""
        B, workers = self.plan.B, threads.workers(max(count * self.plan.B, LEAST) * self.plan.terms)
        rows, sequences = slices(count * B, workers), slices(B, 1)
        if workers > 1:
            sequences = shares(self.plan, np.maximum(self.ends, 0), workers, ragged=not self._is_whole)
        if self.before:
            self.before.run(0, 1, rows)
        self.forward.run(0, count, sequences)

    def go_on(self, count):
        """Let the next steps follow ``count`` ones."""
        for row in self.starts:
            self.rows[row][0] = self.rows[row][count]

    def ended(self, row, count):
        """The row that the last of ``count`` steps gave, (B, H), a copy."""
        return self.rows[row][count, :, : self.plan.rows[row]].copy()

    def ended_within(self, row, ends, count, array):
        """Write what a row was at the last step of each sequence that ended in the ``count`` steps that ran, ``ends`` of them, into ``array`` (B, H)."""
        places = np.flatnonzero((ends > 0) & (ends <= count))
        array[places] = self.rows[row][ends[places], places, : self.plan.rows[row]]
