"""The two passes of a recurrence: ``run`` gives a :class:`Pass`, its ``backward`` the gradients."""

import functools

import numpy as np

from ..primitives import threads
from ..primitives.arrays import whole
from .panels import packed_back, unpacked
from .plan import check, planned
from .pool import POOL
from .program import Arrays
from .sums import inputs, outer, row_blocks, slices
from .weights import in_vectors, laid_out

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
    return tuple(
        (name, value.shape, value.dtype) if isinstance(value, np.ndarray) else (name, *((part.shape, part.dtype) for part in value))
        for name, value in arrays.items()
    )


def plan_of(recurrence, given, starts, weights):
    """The plan of passes of these sizes; what it was once made for is not looked at again."""
    key = tuple(_form(arrays) for arrays in (given, starts, weights))
    plan = recurrence.plans.get(key)
    if plan is None:
        if len(recurrence.plans) >= MOST_PLANS:
            recurrence.plans.clear()
        check(recurrence, given, starts, weights)
        plan = recurrence.plans[key] = planned(recurrence, given, starts, weights)
    return plan


def terms_of(recurrence, weights):
    """How many products one sequence takes at one step."""
    return sum(block.size for _, product in recurrence.products for block in weights[product.matrix])


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
        self.recurrence, self.weights, self.starts = recurrence, weights, starts
        some = next(iter(given.values()))
        (self.T, self.B), self.dtype = some.shape[:2], some.dtype
        self.plan = plan_of(recurrence, given, starts, weights)
        self._sequences(lengths)
        given = {name: np.ascontiguousarray(array) for name, array in given.items()}
        self.given = {name: self._in_order(array) for name, array in given.items()}
        self.workers = self._workers()
        new = np.zeros if self.ragged else np.empty
        plan, shape = self.plan, (self.T, self.B)
        self.gates = {
            f"gates:{k}": POOL.take((self.T if plan.kept[k] else 1, self.B, panels.row), self.dtype) for k, panels in enumerate(plan.panels)
        }
        self.outputs = {row: new((*shape, plan.rows[row]), self.dtype) for row in recurrence.outputs}
        self.history = {row: self._history(row) for row in recurrence.kept}
        self.vectors = in_vectors(plan, weights)
        self._known = {
            "order": self.order, "ends": self.ends, **self.given, **{f"given:{name}": array for name, array in given.items()}, **self.gates, **self.vectors,
            **{f"row:{row}": array for row, array in self.history.items()},
        }  # fmt: skip
        arrays = Arrays(self._known | {f"out:{row}": array for row, array in self.outputs.items()} | laid_out(plan, weights))
        forward, self._addresses = plan.forward.on(arrays), arrays.known
        if plan.before is not None:
            first = Arrays({**arrays, "ends": plan.ones}, {name: place for name, place in arrays.known.items() if name != "ends"})
            plan.before.run(first, 0, 1, slices(self.T * self.B, self.workers))
        forward.run(0, self.T, self._slices())

    def __del__(self):
        if POOL is not None:  # else the process is ending
            POOL.give((*getattr(self, "gates", {}).values(), *getattr(self, "history", {}).values()))

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
        return np.take(array, self.order, axis) if self.ragged else array

    def _history(self, row):
        """(D + T, B, H in whole vectors) with the starts before the first step."""
        depth, units = self.recurrence.depth[row], self.plan.rows[row]
        array = POOL.take((depth + self.T, self.B, self.plan.width(row)), self.dtype)
        if depth:
            start = self._in_order(self.starts[row], 0)
            array[:depth, :, :units] = start if start.ndim == 2 else start.swapaxes(0, 1)
            array[:depth, :, units:] = 0
        return array

    def _workers(self):
        return threads.workers(int(self.ends.sum()) * terms_of(self.recurrence, self.weights))

    def _slices(self):
        return shares(self.ends, self.workers, self.ragged)

    def gate(self, name):
        """The values of a gate, (T, B, H), an array of its own; zero past each sequence's end."""
        k = self.recurrence.gates[name]
        return self._as_given(self.plan.panels[k].values(self.gates[f"gates:{k}"], self.recurrence.stages[k].names.index(name)))

    def row(self, name):
        """The values of a row that is kept, (T, B, H), an array of its own; zero past each sequence's end."""
        return self._as_given(self.history[name][self.recurrence.depth[name] :, :, : self.plan.rows[name]])

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
        self.forward, self.recurrence = forward, forward.recurrence
        plan, dtype, B = forward.plan, forward.dtype, forward.B
        # Whole vectors behind the last unit of a panel are never written, and are terms of products: they must be zero.
        self.deltas = [POOL.take((forward.T, B, part.row), dtype) for part in plan.parts]
        for array, part in zip(self.deltas, plan.parts):
            if part.is_ragged:
                array[...] = 0
        new = np.zeros if forward.ragged else np.empty
        self.d_given = {name: new(array.shape, dtype) for name, array in forward.given.items() if name in self.recurrence.reached}
        self.summed = {name: np.zeros((B, width), dtype) for name, width in plan.summed.items()}
        self.d_starts = {row: np.empty(start.shape, dtype) for row, start in forward.starts.items()}
        self.packs = {}
        arrays = forward._known | {f"d:{name}": array for name, array in (self.d_given | self.summed).items()}
        arrays |= {f"delta:{place}": array for place, array in enumerate(self.deltas)}
        arrays |= {f"up:{row}": np.ascontiguousarray(error) for row, error in upstream.items()}
        arrays |= {f"error:{k}": np.empty((B, panels.row), dtype) for k, panels in enumerate(plan.errors)}
        arrays |= {f"start:{row}": array for row, array in self.d_starts.items()}
        arrays["zeros"] = np.zeros(max(panels.width for panels in plan.errors) * max(panels.count for panels in plan.errors), dtype)
        arrays["error"] = np.empty((B, max(panels.row for panels in plan.errors)), dtype)
        for row in self.recurrence.rows:
            sizes = {f"carry:{row}:{back}": (1 if back == 1 else forward.T + back) for back in self.recurrence.carried[row]}
            sizes |= {f"same:{row}": 1} if f"d_{row}" in self.recurrence.sent else {}
            arrays |= {name: np.zeros((steps, B, plan.width(row)), dtype) for name, steps in sizes.items()}
        for q, k, product in self.recurrence.passing:
            if product.operand in self.recurrence.rows:
                arrays[f"back:{q}"] = self._turned(k, product)
        arrays = Arrays(arrays, forward._addresses)
        program, of_starts = plan.backward
        if keep is not None:
            keep = np.ascontiguousarray(np.take(keep, forward.order, 1), dtype=np.int64)
        program.run(arrays, 0, forward.T, forward._slices(), keep)
        for (row, back), start in of_starts.items():
            start.run(arrays, -back, 1 - back, np.array([[0, B]]), keep)

    def _turned(self, k, product):
        """The matrix of a product, packed for the way back."""
        plan = self.forward.plan
        part = plan.parts[self.recurrence.place_of(k, product)]
        return packed_back(self.forward.weights[product.matrix], part, plan.reached[product.operand])

    def gradients(self, into):
        forward, plan, flat = self.forward, self.forward.plan, self._flat()
        totals, found = {}, {}
        deltas = [flat(array) for array in self.deltas]
        for k, product in self.recurrence.products:
            place = self.recurrence.place_of(k, product)
            first = place not in totals
            totals.setdefault(place, np.empty(plan.parts[place].row, forward.dtype))
            terms = forward.weights[product.matrix][0].shape[1]
            width = plan.parts[place].width
            panels = outer(flat(self._operand(product)), terms, deltas[place], width, forward.workers, totals[place] if first else None)
            if product.matrix in found:
                found[product.matrix][0][...] += panels
            else:
                found[product.matrix] = panels, plan.parts[place]
        for name, (panels, part) in found.items():
            unpacked(panels, into[name], part)
        self._biases(into, totals, deltas)
        found = {**self._inputs(), **self.d_starts, **self._sums()}
        POOL.give(self.deltas)
        return found

    def _flat(self):
        """A function that makes rows (N, ...) of an array (T, B, ...): those of the sequences that run."""
        if not self.forward.ragged:
            return lambda array: array.reshape(-1, array.shape[2])
        rows = np.flatnonzero(np.arange(self.forward.B) < self.forward._running()[:, None])
        return lambda array: array.reshape(-1, array.shape[2])[rows]

    def _operand(self, product):
        forward = self.forward
        if product.operand in forward.given:
            return forward.given[product.operand]
        first = self.recurrence.depth[product.operand] - product.delay
        return forward.history[product.operand][first : first + forward.T]

    def _biases(self, into, totals, deltas):
        plan = self.forward.plan
        for k, stage in enumerate(self.recurrence.stages):
            for name, gates in stage.biases.items():
                place = self.recurrence.set_of(k, gates.split())
                if place not in totals:
                    totals[place] = np.empty(plan.parts[place].row, self.forward.dtype)
                    outer(deltas[place], 0, deltas[place], plan.parts[place].width, self.forward.workers, totals[place])
                for gate, bias in zip(gates.split(), into[name], strict=True):
                    bias[...] = plan.parts[place].values(totals[place], self.recurrence.sets[place][1].index(gate))

    def _inputs(self):
        """The errors of inputs that products take; those that steps take are there already."""
        forward, reached = self.forward, set()
        blocks = row_blocks(forward._running(), forward.B)
        for _, k, product in self.recurrence.passing:
            if product.operand not in self.d_given:
                continue
            array, place = self.d_given[product.operand], self.recurrence.place_of(k, product)
            panels = self._turned(k, product)
            deltas = self.deltas[place].reshape(-1, self.deltas[place].shape[2])
            target = np.zeros_like(array) if product.operand in reached else array
            inputs(deltas, panels, forward.order, blocks, forward.workers, target)
            if target is not array:
                array += target
            reached.add(product.operand)
        return self.d_given

    def _sums(self):
        """Of vectors and numbers, the sum over all sequences."""
        found = {}
        for name, parts in self.summed.items():
            parts = parts.sum(axis=0, dtype=np.float64)
            size = self.forward.plan.vectors.get(name)
            found[name] = (parts.sum() if size is None else parts[:size]).astype(self.forward.dtype)
        return found
