"""The two passes of a recurrence: ``run`` gives a :class:`Pass`, its ``backward`` the gradients."""

import functools

import numpy as np

from ..primitives import threads
from ..primitives.arrays import whole
from ..primitives.compile import address
from ..primitives.fork import cached_property
from .forms import form_of, plan_of
from .plan import FEW
from .pool import POOL
from .program import addresses
from .segments import kept_by
from .sums import flat, inputs, outer, slices, sum_blocks
from .weights import laid_out


def run(recurrence, given, starts, weights, lengths=None, parts=None):
    """Run a recurrence: a :class:`Pass`.

    given: inputs by name, (T, B, N) each; starts: by the row's name, (B, H), or (B, D, H) for D steps before the first
    one, the last one last. weights by name: a matrix as (units, terms) for each gate of its product, a bias as (units,)
    for each of its gates, vectors (units,), numbers (). lengths (B,), from 1 to T, or None. All floats are of one type.
    With ``parts`` the weights are arrays of any form, and ``parts(**weights)``, as above, are views of them.
    Raises TypeError or ValueError where something is of another type or shape.
    """
    return Pass(recurrence, given, starts, weights, lengths, parts)


def shares(plan, ends, workers, ragged):
    """The sequences (first, last) of each worker, so that all have about as many steps; ``ends``: lengths, the longest first.

    All of them for each worker where they share the units.
    """
    if workers > 1 and plan.shares_units(workers):
        return np.array([[0, len(ends)]] * workers)
    workers = max(1, min(workers, len(ends) // FEW))
    if workers == 1 or not ragged:
        return slices(len(ends), workers)
    done = np.cumsum(ends)
    cuts = np.searchsorted(done, done[-1] * np.arange(1, workers) / workers)
    cuts = np.concatenate(([0], cuts, [len(ends)]))
    return np.stack((cuts[:-1], cuts[1:]), axis=1).astype(np.int64)


NOTHING = np.empty(0)


class Pass:
    """One pass forward. ``outputs`` (T, B, H) by name are the caller's own: what ``backward`` needs is kept apart.

    What stands past a sequence's end is never read, and is zero in outputs. Inputs and starts are not copied: they must stay
    what they are as long as anything is asked of the pass, which may have to run once more; weights are.
    """

    def __init__(self, recurrence, given, starts, weights, lengths, parts):
        self.recurrence, self._weights, self._parts = recurrence, weights, parts
        self.form = form_of(recurrence, given, starts, weights, parts)
        self.plan = plan = self.form.plan
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
        self._unordered = given
        self._ends = {}  # lengths that are left, by first step
        self.laid = laid_out(plan)
        self._is_idle, self._is_unread, self._kept = True, True, kept_by(self)
        lent = self._kept.lent
        self.outputs = {row: lent[row] if row in lent else new(shape, self.dtype) for row, shape in plan.output_shapes}
        if not self._kept.at_once(self, weights, self.outputs):
            self.laid.take(weights, self.form.gates)
            self._kept.forward(self, self.outputs)

    @property
    def weights(self):
        """As the recurrence takes them."""
        return self._weights if self._parts is None else self._parts(**self._weights)

    def __del__(self):
        if POOL is not None and hasattr(self, "_kept"):  # else the process is ending, or nothing was begun
            self._kept.give()
            self.laid.give()
            if self.ragged:
                POOL.give(self.given.values())
            self.plan.idle += self._is_idle
            self.plan.unread += self._is_unread

    def plan_of(self, first, last, lean=False):
        """The plan of the steps first .. last-1."""
        return plan_of(self.recurrence, {name: array[first:last] for name, array in self.given.items()}, self.starts, self.weights, lean)

    def run(self, work, first, outputs):
        """Run the steps from ``first`` on in ``work``, as many as it has; ``outputs``: arrays by row."""
        out = {f"out:{row}": address(array) for row, array in outputs.items()}
        rows = slices(work.plan.T * self.B, self.workers) if work.before else None
        work.run({**self.places(first), "outputs": out}, rows, self.slices(first))

    def places(self, first):
        """Where the weights are, the inputs from the step ``first`` on, and the order of the sequences and their lengths."""
        if first == 0:
            return self._places
        ends = self._ends.setdefault(first, np.maximum(self.ends - first, 0))  # there, as its address is read, maybe by several threads
        return {**self._places, "inputs": self._inputs(first), "order": addresses({"order": self.order, "ends": ends})}

    @cached_property
    def _places(self):
        order = self.plan.whole_places if self.order is self.plan.whole[0] else addresses({"order": self.order, "ends": self.ends})
        return {"weights": self.laid.places, "inputs": self._inputs(0), "order": order}

    def _inputs(self, first):
        """Where the inputs are from the step ``first`` on, in the order of the sequences and in the caller's."""
        found = {}
        for name, array in self.given.items():
            found[name] = found[f"given:{name}"] = address(array) + first * array.strides[0]
            if self.ragged:
                found[f"given:{name}"] = address(self._unordered[name]) + first * array.strides[0]
        return found

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
        """In the order of the sequences, in work memory."""
        return np.take(array, self.order, axis, out=POOL.take(array.shape, array.dtype), mode="clip")

    def slices(self, first):
        """The sequences of each worker, for the steps from ``first`` on."""
        return shares(self.plan, np.maximum(self.ends - first, 0) if first else self.ends, self.workers, self.ragged)

    def values(self, name):
        """Those of a gate or of a row, see there."""
        return self.gate(name) if name in self.recurrence.gates else self.row(name)

    def gate(self, name):
        """The values of a gate, (T, B, H), an array of its own; zero past each sequence's end."""
        k = self.recurrence.gates[name]
        place, panels = self.recurrence.stages[k].names.index(name), self.plan.panels[k]
        return self._as_given(panels.values(np.moveaxis(work.gates[f"gates:{k}"], 0, 2).reshape(-1, self.B, panels.row), place) for work in self._works(with_gates=True))

    def row(self, name):
        """The values of a row that is kept, (T, B, H), an array of its own; zero past each sequence's end."""
        self._is_unread, self.plan.unread = False, 0
        return self._as_given(work.history[name][self.recurrence.depth[name] :, :, : self.plan.rows[name]] for work in self._works())

    def _works(self, with_gates=False):
        return (work for _, work in self._kept.parts(self, with_gates))

    def use(self):
        """More is asked for than what a pass forward that nobody goes back through has."""
        self._is_idle, self.plan.idle = False, 0

    def _as_given(self, parts):
        """The parts (steps, B, units), of sequences in the order of their lengths, as one array."""
        parts = [np.array(part, order="C") for part in parts]  # each may be written over by the next
        values = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if not self.ragged:
            return values
        array = np.zeros(values.shape, self.dtype)
        for t, running in enumerate(self.running(0, self.T)):
            array[t, self.order[:running]] = values[t, :running]
        return array

    def running(self, first, last):
        """How many sequences run at each of the steps first .. last-1."""
        if not self.ragged:
            return np.full(last - first, self.B)
        return np.count_nonzero(self.ends > np.arange(first, last)[:, None], axis=1)

    def apart(self):
        """The pass without its outputs, which are the caller's now."""
        del self.outputs
        return self

    def saved(self, **names):
        """What a kernel saves: the pass, without its outputs, and by the spec's names gates and rows, made into arrays when called for."""
        values = self.values
        return {"layer": self.apart(), **{name: functools.partial(values, of) for name, of in names.items()}}

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
        return _Back(self, upstream, into, keep).gradients()


class _Back:
    """One pass backward through a pass."""

    def __init__(self, forward, upstream, into, keep):
        self.forward, self.recurrence, self.plan, self._into = forward, forward.recurrence, forward.plan, into
        new = np.zeros if forward.ragged else np.empty
        self.d_given = {name: new(array.shape, forward.dtype) for name, array in forward.given.items() if name in self.recurrence.reached}
        self.d_starts = {row: np.empty(start.shape, forward.dtype) for row, start in forward.starts.items()}
        errors = {f"up:{row}": np.ascontiguousarray(error) for row, error in upstream.items()}
        self._steps = {**errors, **{f"d:{name}": array for name, array in self.d_given.items()}}
        self._places = addresses({**self._steps, **{f"start:{row}": array for row, array in self.d_starts.items()}})
        self._keep = None if keep is None else np.ascontiguousarray(np.take(keep, forward.order, 1), dtype=np.int64)
        # Of each product the gradient of its matrix, and the sums of the errors of its gates; of gates in none likewise.
        self._matrices, self._totals = {}, [np.zeros(part.row, forward.dtype) for part in self.plan.parts]
        self._bare = {one: np.zeros(size, forward.dtype) for one, (_, size) in self.plan.bare.items()}
        forward.use()
        self._works = forward._kept.back(forward, self._run)

    def _run(self, first, forward_work, work, later):
        """The steps that ``work`` has, from ``first`` on; ``later``: the work of those that follow, or None."""
        forward, last = self.forward, first + work.plan.T
        errors = self._places if first == 0 else {**self._places, **{name: self._places[name] + first * array.strides[0] for name, array in self._steps.items()}}
        places = {**forward.places(first), "forward": forward_work.places, "errors": errors}
        keep, slices = None if self._keep is None else self._keep[first:], forward.slices(first)
        if later is None:
            work.run(forward_work, places, slices, keep)
        else:
            work.go_on(later, places, slices, keep)
        if first == 0:
            work.send_to_starts(keep)
        rows, blocks, places = None, work.plan.sum_blocks, work.plan.places
        if forward.ragged:
            running, B = forward.running(first, last), forward.B
            rows, blocks = np.flatnonzero(np.arange(B) < running[:, None]), sum_blocks(running, B)
            places = rows // B * B + forward.order[rows % B]
        if len(places):
            deltas, of = work.deltas(forward_work, rows)
            self._sum(first, rows, places, blocks, of, forward_work, work)
            if rows is not None:
                POOL.give(deltas.values())

    def _sum(self, first, rows, places, blocks, deltas, forward_work, work):
        """Add the products of these steps to the gradients of matrices and biases, and give inputs their errors.

        ``rows``: those that run, of which ``deltas`` are, by product; ``places``: these in the caller's order. Where these are all steps,
        gradients take the place of the matrices turned round: nothing else needs these by now. Where memory is large, one
        matrix after the other is done with, so that the next one has its memory: those that the loop needed first.
        """
        plan, workers, is_whole = work.plan, self.forward.workers, work.plan.T == self.plan.T
        operands = {}  # several products may have the same one
        reached = {name[2:] for name in self.recurrence.sent}
        for q, _, product, _ in plan.summing:
            if product.operand in self.d_given and not product.stopped:
                array = self.d_given[product.operand][first : first + plan.T]
                self._reach_input(array, deltas[q], work.turned(q), places, product.operand in reached)
                reached.add(product.operand)
            taken = product.operand, product.delay
            if taken not in operands:
                operands[taken] = flat(self._operand(product, first, forward_work), rows)
            is_begun = q in self._matrices
            found = self._matrices[q] if is_begun else work.matrix(q, is_last=is_whole)
            self._matrices[q] = outer(operands[taken], plan.terms_of(product), deltas[q], workers, blocks, self._totals[q], found, adding=is_begun)
            if is_whole and work.is_large:
                self._unpack(product.matrix, work)
        for one, totals in self._bare.items():
            outer(deltas[one].array[0], 0, deltas[one], workers, blocks, totals)
        if rows is not None:
            POOL.give(operands.values())

    def _operand(self, product, first, forward_work):
        T = forward_work.plan.T
        if product.operand in self.forward.given:
            return self.forward.given[product.operand][first : first + T]
        before = self.recurrence.depth[product.operand] - product.delay
        return forward_work.history[product.operand][before : before + T]

    def _reach_input(self, array, deltas, turned, places, is_reached):
        """The errors ``array`` of an input from those of gates, beside what is there already if it ``is_reached``. ``places``: of the rows of ``deltas``, in the caller's order."""
        target = np.zeros_like(array) if is_reached else array
        inputs(deltas, turned, places, self.forward.workers, target)
        if target is not array:
            array += target

    def _gradient(self, of):
        """That of the matrix of the products ``of``, packed."""
        total = self._matrices[of[0]]
        for q in of[1:]:
            total += self._matrices[q]
        return total

    def _unpack(self, name, work):
        """Write the gradient of a matrix where it belongs, if it is all there, and give the memory back."""
        of = self.recurrence.matrices[name]
        if all(q in self._matrices for q in of):
            self.plan.unpackings[name].unpack([address(self._gradient(of))], self._into)
            for q in of:
                del self._matrices[q]
                work.let_go(q)

    def gradients(self):
        totals = [self._sums_of(k, of) for k, of in enumerate(self.plan.of_biases)]
        if self._matrices:
            packed, unpacking = [self._gradient(of) for of in self.recurrence.matrices.values()], self.plan.unpacking
        else:  # matrices are done with
            packed, unpacking = [], self.plan.unpackings[None]
        unpacking.unpack([address(array) for array in (*packed, *totals)], self._into)
        found = {**self.d_given, **self.d_starts, **self._sums()}
        for work in self._works:
            work.give()
        return found

    def _sums_of(self, k, products):
        """The sums of the errors of a stage's gates side by side in its panels, from those of its ``products``; nothing where None are wanted."""
        panels = self.plan.panels[k]
        if products is None:
            return NOTHING
        if len(products) == 1 and self._totals[products[0]].size == panels.row:
            return self._totals[products[0]]
        found = np.zeros((panels.count, panels.width), self.forward.dtype)
        for q, of, _, columns in self.plan.summing:
            if of == k:
                found[:, columns] = self._totals[q].reshape(panels.count, -1)
        for (of, first), totals in self._bare.items():
            if of == k:
                found[:, first : first + panels.each] = totals.reshape(panels.count, -1)
        return found

    def _sums(self):
        """Of vectors and numbers, the sum over all sequences."""
        found = {}
        for name, parts in self._works[-1].summed.items():
            parts = parts.sum(axis=0, dtype=np.float64)
            size = self.plan.vectors.get(name)
            found[name] = (parts.sum() if size is None else parts[:size]).astype(self.forward.dtype)
        return found
