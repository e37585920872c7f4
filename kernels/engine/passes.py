"""The two passes of a recurrence: ``run`` gives a :class:`Pass`, its ``backward`` the gradients."""

import functools

import numpy as np

from ..primitives import threads
from ..primitives.arrays import whole
from ..primitives.compile import address
from .panels import unpacked
from .plan import check, planned
from .pool import POOL
from .program import addresses
from .sums import inputs, outer, row_blocks, slices
from .weights import read
from .work import backward_work, forward_work

MOST_PLANS = 64  # of one recurrence


def run(recurrence, given, starts, weights, lengths=None):
    """Run a recurrence: a :class:`Pass`.

    given: inputs by name, (T, B, N) each; starts: by the row's name, (B, H), or (B, D, H) for D steps before the first
    one, the last one last. weights by name: a matrix as (units, terms) for each gate of its product, a bias as (units,)
    for each of its gates, vectors (units,), numbers (). lengths (B,), from 1 to T, or None. All floats are of one type.
    Raises TypeError or ValueError where something is of another type or shape.
    """
    return Pass(recurrence, given, starts, weights, lengths)


def _form(arrays):
    """What decides whether arrays by name, or several by name, fit."""
    return tuple([
        (name, value.shape, value.dtype) if isinstance(value, np.ndarray) else (name, *[(part.shape, part.dtype) for part in value])
        for name, value in arrays.items()
    ])


def plan_of(recurrence, given, starts, weights):
    """The plan of passes of these sizes; what it was once made for is not looked at again."""
    key = _form(given), _form(starts), _form(weights)
    plan = recurrence.plans.get(key)
    if plan is None:
        if len(recurrence.plans) >= MOST_PLANS:
            recurrence.plans.clear()
        check(recurrence, given, starts, weights)
        plan = recurrence.plans[key] = planned(recurrence, given, starts, weights)
    return plan


def shares(ends, workers, ragged):
    """The sequences (first, last) of each worker, so that all have about as many steps; ``ends``: lengths, the longest first."""
    workers = max(1, min(workers, len(ends) // 4))
    if workers == 1 or not ragged:
        return slices(len(ends), workers)
    done = np.cumsum(ends)
    cuts = np.searchsorted(done, done[-1] * np.arange(1, workers) / workers)
    cuts = np.concatenate(([0], cuts, [len(ends)]))
    return np.stack((cuts[:-1], cuts[1:]), axis=1).astype(np.int64)


class Pass:
    """One pass forward. ``outputs`` (T, B, H) by name are the caller's own: what ``backward`` needs is kept apart.

    What stands past a sequence's end is never read, and is zero in outputs. Inputs and weights are not copied: they must
    stay what they are until ``backward``.
    """

    def __init__(self, recurrence, given, starts, weights, lengths):
        self.recurrence, self.weights = recurrence, weights
        self.plan = plan = plan_of(recurrence, given, starts, weights)
        self.T, self.B, self.dtype = plan.T, plan.B, plan.dtype
        self._sequences(lengths)
        steps = int(self.ends.sum()) if self.ragged else self.T * self.B
        self.workers = threads.workers(steps * plan.terms)
        given = {name: np.ascontiguousarray(array) for name, array in given.items()}
        new, self.given = np.empty, given
        if self.ragged:
            new, self.given = np.zeros, {name: self._in_order(array) for name, array in given.items()}
            starts = {row: self._in_order(start, 0) for row, start in starts.items()}
        self.starts = starts
        self.outputs = {row: new((self.T, self.B, plan.rows[row]), self.dtype) for row in recurrence.outputs}
        self._callers = given
        places = plan.whole_places if lengths is None else addresses({"order": self.order, "ends": self.ends})
        self._places = {**places, **addresses(self.given)}
        self._places |= {f"given:{name}": address(given[name]) if self.ragged else self._places[name] for name in given}
        self._work = work = forward_work(plan)
        work.take(weights, starts)
        outputs = {f"out:{row}": address(array) for row, array in self.outputs.items()}
        work.run(self._places | outputs, slices(self.T * self.B, self.workers), self._slices())

    def __del__(self):
        if POOL is not None and hasattr(self, "_work"):  # else the process is ending, or nothing was begun
            self._work.give()

    def _sequences(self, lengths):
        """The order of the sequences, the longest first, and how many of them run at each step."""
        self.ragged = False
        if lengths is None:
            self.order, self.ends = self.plan.whole
            return
        lengths = whole(lengths, self.T, self.B)
        self.ragged = int(lengths.min()) < self.T
        self.order = np.argsort(-lengths, kind="stable") if self.ragged else np.arange(self.B)
        self.ends = lengths[self.order] if self.ragged else lengths

    def _in_order(self, array, axis=1):
        return np.take(array, self.order, axis)

    def _slices(self):
        return shares(self.ends, self.workers, self.ragged)

    def gate(self, name):
        """The values of a gate, (T, B, H), an array of its own; zero past each sequence's end."""
        k = self.recurrence.gates[name]
        rows = np.moveaxis(self._work.gates[f"gates:{k}"], 0, 2).reshape(-1, self.B, self.plan.panels[k].row)
        return self._as_given(self.plan.panels[k].values(rows, self.recurrence.stages[k].names.index(name)))

    def row(self, name):
        """The values of a row that is kept, (T, B, H), an array of its own; zero past each sequence's end."""
        return self._as_given(self._work.history[name][self.recurrence.depth[name] :, :, : self.plan.rows[name]])

    def _as_given(self, values):
        if not self.ragged:
            return np.array(values, order="C")
        array = np.zeros(values.shape, self.dtype)
        for t, running in enumerate(self._running()):
            array[t, self.order[:running]] = values[t, :running]
        return array

    def _running(self):
        """How many sequences run at each step."""
        if not self.ragged:
            return np.full(self.T, self.B)
        return np.count_nonzero(self.ends > np.arange(self.T)[:, None], axis=1)

    def saved(self, **names):
        """What a kernel saves: the pass, without its outputs, and by the spec's names gates and rows, made into arrays when called for."""
        del self.outputs  # they are the caller's now
        made = {name: self.gate if of in self.recurrence.gates else self.row for name, of in names.items()}
        return {"layer": self, **{name: functools.partial(made[name], of) for name, of in names.items()}}

    def gradients(self, upstream, weights, **parameters):
        """As ``backward``, with the gradients of ``parameters``, whose parts are what ``weights(**parameters)`` says."""
        found = {name: np.empty_like(array) for name, array in parameters.items()}
        return {**self.backward(upstream, weights(**found)), **found}

    def backward(self, upstream, into, keep=None):
        """Gradients by name: of inputs that errors reach, of starts by the row's name, of vectors and numbers.

        Those of matrices and biases are written into the arrays that ``into`` gives for their names, in the form in
        which the weights were given. upstream: an error (T, B, H) for each output, only read.
        keep (T, B), or None for everywhere: where the error passes from a step to the one before it, through products;
        steps that send errors there themselves can't be cut so.
        """
        return _Back(self, upstream, keep).gradients(into)


class _Back:
    """One pass backward through a pass."""

    def __init__(self, forward, upstream, keep):
        self.forward, self.recurrence, self.plan = forward, forward.recurrence, forward.plan
        new = np.zeros if forward.ragged else np.empty
        self.d_given = {name: new(array.shape, forward.dtype) for name, array in forward.given.items() if name in self.recurrence.reached}
        self.d_starts = {row: np.empty(start.shape, forward.dtype) for row, start in forward.starts.items()}
        errors = {row: np.ascontiguousarray(error) for row, error in upstream.items()}
        if keep is not None:
            keep = np.ascontiguousarray(np.take(keep, forward.order, 1), dtype=np.int64)
        places = {f"up:{row}": array for row, array in errors.items()} | {f"start:{row}": array for row, array in self.d_starts.items()}
        places |= {f"d:{name}": array for name, array in self.d_given.items()}
        self.work = backward_work(forward.plan)
        self.work.take(forward.weights)
        self.work.run({**forward._work.places, **forward._places, **addresses(places)}, forward._slices(), keep)

    def gradients(self, into):
        forward, plan, deltas = self.forward, self.plan, self._flat(self.work.deltas)
        summed, found = set(), {}
        for k, product in self.recurrence.products:
            place = self.recurrence.place_of(k, product)
            totals = None if place in summed else self.work.totals[place]
            summed.add(place)
            (operand,) = self._flat([self._operand(product)])
            terms = forward.weights[product.matrix][0].shape[1]
            panels = outer(operand, terms, deltas[place], plan.parts[place].width, forward.workers, totals)
            if product.matrix in found:
                found[product.matrix][0][...] += panels
                POOL.give([panels])
            else:
                found[product.matrix] = panels, plan.parts[place]
        for name, (panels, part) in found.items():
            unpacked(panels, into[name], part)
            POOL.give([panels])
        for place, name, places in plan.bias_errors:
            if place not in summed:
                outer(deltas[place], 0, deltas[place], plan.parts[place].width, forward.workers, self.work.totals[place])
                summed.add(place)
            read(self.work.totals[place], into[name], places)
        found = {**self._inputs(), **self.d_starts, **self._sums()}
        self.work.give()
        return found

    def _flat(self, arrays):
        """Rows (N, ...) of arrays (T, B, ...): those of the sequences that run."""
        flat = [array.reshape(-1, array.shape[2]) for array in arrays]
        if not self.forward.ragged:
            return flat
        rows = np.flatnonzero(np.arange(self.forward.B) < self.forward._running()[:, None])
        return [array[rows] for array in flat]

    def _operand(self, product):
        forward = self.forward
        if product.operand in forward.given:
            return forward.given[product.operand]
        first = self.recurrence.depth[product.operand] - product.delay
        return forward._work.history[product.operand][first : first + forward.T]

    def _inputs(self):
        """The errors of inputs that products take; those that steps take are there already."""
        forward, reached = self.forward, set()
        for q, k, product in self.recurrence.passing:
            if product.operand not in self.d_given:
                continue
            array, deltas = self.d_given[product.operand], self.work.deltas[self.recurrence.place_of(k, product)]
            blocks = row_blocks(forward._running(), forward.B) if forward.ragged else self.plan.row_blocks
            target = np.zeros_like(array) if product.operand in reached else array
            inputs(deltas.reshape(-1, deltas.shape[2]), self.work.turned(q), forward.order, blocks, forward.workers, target)
            if target is not array:
                array += target
            reached.add(product.operand)
        return self.d_given

    def _sums(self):
        """Of vectors and numbers, the sum over all sequences."""
        found = {}
        for name, parts in self.work.summed.items():
            parts = parts.sum(axis=0, dtype=np.float64)
            size = self.plan.vectors.get(name)
            found[name] = (parts.sum() if size is None else parts[:size]).astype(self.forward.dtype)
        return found
