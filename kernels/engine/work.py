"""Work memory for passes of one plan, and the programs placed on it: a small one serves pass after pass as it stands."""

import math

import numpy as np

from .panels import packed_back
from .pool import POOL, SMALL
from .program import Together, addresses
from .rows import padded
from .sums import Errors, flat


def forward_work(plan, lent=()):
    """Some that waits, or some new; ``lent``: rows that passes lend memory for."""
    return POOL.kept((plan, "forward", *lent)) or Forward(plan, lent)


def backward_work(plan, giving_way=frozenset()):
    """Some that waits, or some new; ``giving_way``: the stages whose errors of gates take the place of gates."""
    return POOL.kept((plan, "backward", giving_way)) or Backward(plan, giving_way)


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
            self.before.let_go()  # all inputs, laid out
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
    """What a pass backward writes beside the gradients: errors of gates, and ``summed``, of vectors and numbers.

    Of the stages ``giving_way`` errors are written over the gates of the pass forward, all others into memory of its own. Whole
    vectors behind the last unit of a panel are never written, and are terms of products: they must be zero.
    """

    def __init__(self, plan, giving_way=frozenset()):
        self.plan, self._giving_way, recurrence = plan, giving_way, plan.recurrence
        T, B, dtype = plan.T, plan.B, plan.dtype
        # Behind the last step there is room for those of the steps that follow, as far as products reach.
        self._all_deltas = {
            k: POOL.take((T + delay, B, panels.row), dtype)
            for k, (panels, delay) in enumerate(zip(plan.panels, plan.delays)) if panels.row and k not in giving_way
        }  # fmt: skip
        for k, array in self._all_deltas.items():
            if plan.panels[k].is_ragged:
                array[...] = 0
        self.summed = {name: np.empty((B, width), dtype) for name, width in plan.summed.items()}
        self._errors = {f"error:{k}": np.empty((B, panels.row), dtype) for k, panels in enumerate(plan.errors)}
        self._errors["zeros"] = np.zeros(max(panels.width for panels in plan.errors) * max(panels.count for panels in plan.errors), dtype)
        self._errors["error"] = np.empty((B, max(panels.row for panels in plan.errors)), dtype)
        self._sent = {}
        for row in recurrence.rows:
            steps = {f"carry:{row}:{back}": T + back if recurrence.is_apart(row, back) else 1 for back in recurrence.carried[row]}
            steps |= {f"same:{row}": 1} if f"d_{row}" in recurrence.sent else {}
            self._sent |= {name: np.empty((count, B, plan.width(row)), dtype) for name, count in steps.items()}
        self._of = self._found = None
        self._weights, self._turned, self._matrices, self._in_place, self._fresh = None, {}, {}, {}, set()
        program, starts = plan.backward(giving_way)
        self._program, self._starts = program.on(), [(back, start.on()) for (_, back), start in starts.items()]
        deltas, summed = ({f"{kind}:{name}": array for name, array in arrays.items()} for kind, arrays in (("delta", self._all_deltas), ("d", self.summed)))
        self._programs = Together(self._program, *[start for _, start in self._starts])
        self._programs.put(own=addresses({**deltas, **summed, **self._errors, **self._sent}))
        turned = [(plan.parts[q].row, plan.reached[product.operand]) for q, _, product in recurrence.passing]
        self.size = _bytes(self._all_deltas.values(), self._errors.values(), self._sent.values())
        self.size += sum(row * into.count * into.width for row, into in turned) * dtype.itemsize
        over = sum(math.prod(plan.gates_shape(k)) for k in giving_way) * dtype.itemsize
        self.is_large = self.size + over > SMALL  # it does not wait as it stands then, and what is not needed any more is given back at once

    def take(self, weights):
        """Turn those matrices round which the loop needs."""
        self._weights = weights
        self._fresh.clear()
        for q, _, product in self.plan.recurrence.passing:
            if product.operand in self.plan.rows:
                known = self._turned.get(q)
                if self.turned(q) is not known:
                    self._programs.put(**{f"turned {q}": addresses({f"back:{q}": self._turned[q]})})

    def matrix(self, q, is_last):
        """Memory for the gradient of the matrix of product ``q``, in panels: that of the matrix itself turned round, if the steps that ran are the last ones to need it."""
        matrices = self._in_place if is_last and q in self._fresh else self._matrices
        found = matrices.get(q)
        if found is None:
            (_, product), part = self.plan.recurrence.products[q], self.plan.parts[q]
            shape = part.count, self.plan.terms_of(product), part.width
            if matrices is self._in_place:
                found = self._turned[q].reshape(-1)[: math.prod(shape)].reshape(shape)
            else:
                found = POOL.take(shape, self.plan.dtype)
                self.size += found.nbytes
            matrices[q] = found
        return found

    def turned(self, q):
        """The matrix of product ``q``, packed for the way back; turned round when it is first asked for."""
        if q not in self._fresh:
            _, product = self.plan.recurrence.products[q]
            self._turned[q] = packed_back(self._weights.packed[q], self.plan.parts[q], self.plan.reached[product.operand], self._turned.get(q))
            self._fresh.add(q)
        return self._turned[q]

    def let_go(self, q):
        """Nobody reads the matrix of product ``q``, or its gradient, any more."""
        self._in_place.pop(q, None)
        POOL.give([arrays.pop(q) for arrays in (self._turned, self._matrices) if q in arrays])

    def deltas(self, forward, rows):
        """(by stage errors of its gates, (panels, N, columns); :class:`Errors` by product, and by those that are ``bare``). ``rows``: as ``flat`` takes them."""
        if rows is None and forward is self._of:
            return self._found
        plan, found = self.plan, {}
        for k, panels in enumerate(self.plan.panels):
            if k in self._giving_way:
                found[k] = flat(forward.gates[f"gates:{k}"], rows, axis=1)
            elif k in self._all_deltas:
                found[k] = flat(self._all_deltas[k][: self.plan.T], rows).reshape(-1, panels.count, panels.width).swapaxes(0, 1)
        of = {q: Errors(found[k][:, :, columns]) for q, k, _, columns in plan.summing}
        of |= {one: Errors(found[one[0]][:, :, columns]) for one, (columns, _) in plan.bare.items()}
        if rows is None and not self.is_large:
            self._of, self._found = forward, (found, of)  # both wait as they stand, and meet again
        return found, of

    def run(self, forward, places, sequences, keep):
        """Run the steps, the last ones there are. ``places``: groups of those of inputs, of what they get and of what outputs send, and of all that the pass ``forward`` has."""
        for k in self._giving_way:
            panels = self.plan.panels[k]
            if panels.is_ragged:
                gates = forward.gates[f"gates:{k}"]
                last = gates[-1].reshape(*gates.shape[1:3], -1, panels.each)
                last[..., padded(panels.units, self.plan.dtype) - (panels.count - 1) * panels.each :] = 0
        for array in (*self._sent.values(), *self.summed.values()):
            array[...] = 0
        self._programs.put(**places)
        self._program.run(0, self.plan.T, sequences, keep)

    def go_on(self, later, places, sequences, keep):
        """Run the steps before those that ``later`` ran, which may be this work itself."""
        T = self.plan.T
        for k, mine in self._all_deltas.items():
            of_later = later._all_deltas[k][: min(later.plan.T, self.plan.delays[k])]
            mine[T : T + len(of_later)] = of_later
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
        self._program.let_go()

    def give(self):
        """Nobody reads any of it any more."""
        self._weights = None
        if self.is_large:
            POOL.give((*self._all_deltas.values(), *self._turned.values(), *self._matrices.values()))
        else:
            POOL.keep((self.plan, "backward", self._giving_way), self, self.size)
