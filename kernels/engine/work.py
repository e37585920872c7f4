"""Work memory for passes of one plan, and the programs placed on it: a small one serves pass after pass as it stands."""

import math

import numpy as np

from .panels import packed_back
from .pool import POOL, SMALL
from .program import Together, addresses


def forward_work(plan, lent=()):
    """Some that waits, or some new; ``lent``: rows that passes lend memory for."""
    return POOL.kept((plan, "forward", *lent)) or Forward(plan, lent)


def backward_work(plan):
    """Some that waits, or some new."""
    return POOL.kept((plan, "backward")) or Backward(plan)


def _bytes(*groups):
    return sum(array.nbytes for group in groups for array in group)


class Forward:
    """What a pass forward writes beside its outputs: ``gates`` by the plan's names, ``history``, rows by theirs, with the starts before.

    ``places``: where all is that the way back reads. Rows that are ``lent`` are a pass's own: it must call ``borrow`` first.
    """

    def __init__(self, plan, lent=()):
        self.plan, self._lent, recurrence = plan, lent, plan.recurrence
        T, B, dtype = plan.T, plan.B, plan.dtype
        self.gates = {f"gates:{k}": POOL.take(plan.gates_shape(k), dtype) for k in range(len(plan.panels))}
        self.history = {row: POOL.take((recurrence.depth[row] + T, B, plan.width(row)), dtype) for row in recurrence.kept if row not in lent}
        self._starts = {}
        for row, array in self.history.items():
            array[: recurrence.depth[row], :, plan.rows[row] :] = 0
            self._start(row, array)
        self.size = _bytes(self.gates.values(), self.history.values())
        self.places = addresses(self.gates | {f"row:{row}": array for row, array in self.history.items()})
        self.before, self.forward = plan.before and plan.before.on(), plan.forward.on()
        self._programs = Together(*filter(None, (self.before, self.forward)))
        self._programs.put(own=self.places, ones=addresses({"ones": plan.ones}) if self.before else {})

    def _start(self, row, array):
        """Starts of a row stand before the first step of its array."""
        depth = self.plan.recurrence.depth[row]
        if depth:
            self._starts[row] = array[:depth, :, : self.plan.rows[row]]

    def borrow(self, arrays):
        """Let rows that are lent stand in ``arrays``, with room for starts before them."""
        for row, array in arrays.items():
            self._start(row, array)
        self._programs.put(lent=addresses({f"row:{row}": array for row, array in arrays.items()}))

    def begin(self, starts):
        """Take the starts, in the order of the sequences."""
        for row, place in self._starts.items():
            start = starts[row]
            place[...] = start if start.ndim == 2 else start.swapaxes(0, 1)

    def ended(self):
        """The starts of what follows the last step, copies."""
        T = self.plan.T
        return {row: self.history[row][T : T + len(place), :, : place.shape[2]].swapaxes(0, 1).copy() for row, place in self._starts.items()}

    def put(self, **places):
        """Say where arrays of others are, in groups."""
        self._programs.put(**places)

    def run(self, places, rows, sequences):
        """Run the pass. ``places``: groups of those of weights, inputs, outputs, ``order`` and ``ends``; ``rows`` and ``sequences``: the workers' slices of both."""
        self.put(**places)
        if self.before:
            self.before.run(0, 1, rows)
        self.forward.run(0, self.plan.T, sequences)

    def give(self):
        """Nobody reads any of it any more."""
        for row in self._lent:
            self._starts.pop(row, None)
        if self.size > SMALL:
            POOL.give((*self.gates.values(), *self.history.values()))
        else:
            POOL.keep((self.plan, "forward", *self._lent), self, self.size)


class Backward:
    """What a pass backward writes beside the gradients: ``deltas``, errors of gates by sets, and ``summed``, of vectors and numbers."""

    def __init__(self, plan):
        self.plan, recurrence = plan, plan.recurrence
        T, B, dtype = plan.T, plan.B, plan.dtype
        # Behind the last step there is room for those of the steps that follow, as far as products reach. Whole vectors
        # behind the last unit of a panel are never written, and are terms of products: they must be zero.
        self._all_deltas = [POOL.take((T + delay, B, part.row), dtype) for part, delay in zip(plan.parts, plan.delays)]
        for array, part in zip(self._all_deltas, plan.parts):
            if part.is_ragged:
                array[...] = 0
        self.deltas = [array[:T] for array in self._all_deltas]
        self.summed = {name: np.empty((B, width), dtype) for name, width in plan.summed.items()}
        self._errors = {f"error:{k}": np.empty((B, panels.row), dtype) for k, panels in enumerate(plan.errors)}
        self._errors["zeros"] = np.zeros(max(panels.width for panels in plan.errors) * max(panels.count for panels in plan.errors), dtype)
        self._errors["error"] = np.empty((B, max(panels.row for panels in plan.errors)), dtype)
        self._sent = {}
        for row in recurrence.rows:
            steps = {f"carry:{row}:{back}": T + back if recurrence.is_apart(row, back) else 1 for back in recurrence.carried[row]}
            steps |= {f"same:{row}": 1} if f"d_{row}" in recurrence.sent else {}
            self._sent |= {name: np.empty((count, B, plan.width(row)), dtype) for name, count in steps.items()}
        self._turned, self._matrices, self._in_place = {}, {}, {}
        program, starts = plan.backward
        self._program, self._starts = program.on(), [(back, start.on()) for (_, back), start in starts.items()]
        deltas, summed = ({f"{kind}:{name}": array for name, array in arrays} for kind, arrays in (("delta", enumerate(self.deltas)), ("d", self.summed.items())))
        self._programs = Together(self._program, *[start for _, start in self._starts])
        self._programs.put(own=addresses({**deltas, **summed, **self._errors, **self._sent}))
        self.size = None

    def take(self, weights):
        """Turn the matrices round."""
        recurrence = self.plan.recurrence
        for q, k, product in recurrence.passing:
            layout = self.plan.parts[recurrence.place_of(k, product)]
            known = self._turned.get(q)
            self._turned[q] = packed_back(weights.packed[q], layout, self.plan.reached[product.operand], known)
            if known is None:
                self._programs.put(**{f"turned {q}": addresses({f"back:{q}": self._turned[q]})})
        if self.size is None:
            self.size = _bytes(self._all_deltas, self._errors.values(), self._sent.values(), self._turned.values())

    def matrix(self, q, is_last):
        """Memory for the gradient of the matrix of product ``q``, in panels: that of the matrix itself turned round, if the steps that ran are the last ones to need it."""
        matrices = self._in_place if is_last and q in self._turned else self._matrices
        found = matrices.get(q)
        if found is None:
            k, product = self.plan.recurrence.products[q]
            part = self.plan.parts[self.plan.recurrence.place_of(k, product)]
            shape = part.count, self.plan.terms_of(product), part.width
            if matrices is self._in_place:
                found = self._turned[q].reshape(-1)[: math.prod(shape)].reshape(shape)
            else:
                found = POOL.take(shape, self.plan.dtype)
                self.size += found.nbytes
            matrices[q] = found
        return found

    def turned(self, q):
        """The matrix of product ``q``, packed for the way back."""
        return self._turned[q]

    def run(self, places, sequences, keep):
        """Run the steps, the last ones there are. ``places``: groups of those of inputs, of what they get and of what outputs send, and of all that the pass forward has."""
        for array in (*self._sent.values(), *self.summed.values()):
            array[...] = 0
        self._programs.put(**places)
        self._program.run(0, self.plan.T, sequences, keep)

    def go_on(self, later, places, sequences, keep):
        """Run the steps before those that ``later`` ran, which may be this work itself."""
        T = self.plan.T
        for mine, of_later, delay in zip(self._all_deltas, later.deltas, self.plan.delays):
            mine[T : T + len(of_later)] = of_later[:delay]
        for name, array in self._sent.items():
            if len(array) > 1:  # a row for each step
                array[T:] = later._sent[name][: len(array) - T]
                array[:T] = 0
            else:
                array[...] = later._sent[name] if name.startswith("carry") else 0
        for name, array in self.summed.items():
            array[...] = later.summed[name]
        self._programs.put(**places)
        self._program.run(0, T, sequences, keep)

    def send_to_starts(self, keep):
        """Gather the errors of the starts, before the steps that ran last."""
        for back, start in self._starts:
            start.run(-back, 1 - back, self.plan.sequences, keep)

    def give(self):
        """Nobody reads any of it any more."""
        if self.size > SMALL:
            POOL.give((*self._all_deltas, *self._turned.values(), *self._matrices.values()))
        else:
            POOL.keep((self.plan, "backward"), self, self.size)
