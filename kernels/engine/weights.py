"""Weights as programs take them: matrices packed, biases in rows of gates, vectors in whole vectors."""

import numpy as np

from .panels import Packing, matrix_gates, row_gates
from .pool import POOL, SMALL
from .program import addresses
from .ready import Ready, natives
from .rows import Panels, padded


def laid_out(plan):
    """Memory for the weights of a pass that waits, or new one: a :class:`Weights`, to be told them."""
    return POOL.kept((plan, "weights")) or Weights(plan)


class Weights:
    """All weights of a plan as its programs take them, and those of any plan of other steps; ``places``: where, by the plan's names.

    They are copies: nothing else of a pass reads the matrices that it was given.
    """

    def __init__(self, plan):
        self.plan = plan
        vectors = {name: np.empty(padded(plan.vectors.get(name, 1), plan.dtype), plan.dtype) for name in (*plan.numbers, *plan.vectors)}
        biases = {f"bias:{k}": np.zeros(panels.row, plan.dtype) for k, panels in enumerate(plan.panels)}
        self.packed = [POOL.take(_shape(plan, q), plan.dtype) for q in range(len(plan.recurrence.products))]
        self.places = addresses({**vectors, **biases, **{f"pack:{q}": panels for q, panels in enumerate(self.packed)}})
        self._rows, self._size = (*vectors.values(), *biases.values()), sum(panels.nbytes for panels in self.packed)
        self._work = None  # of a pass forward, that waits with them
        self._ready = None  # a pass forward on them and on that work
        self._at = tuple(self.places.values())
        natives(plan.dtype)

    def take(self, weights, gates=None):
        """Write weights into it, or what they are of those that the table ``gates`` says."""
        packing = self.plan.packing
        packing.pack(self._at, weights) if gates is None else packing.pack_by(gates, self._at, weights.values())

    def work(self):
        """The work of a pass forward that waited with them, or None."""
        found, self._work = self._work, None
        return found

    def ready(self, form, work):
        """The pass of a form on them and on a work, as one call: a :class:`Ready`."""
        if self._ready is None or self._ready.form is not form or self._ready.work is not work:
            self._ready = Ready(form, work, self._at)
        return self._ready

    def take_along(self, work):
        """Let a work wait with them, if all of both stays as it stands; whether it will."""
        if self._work is not None or max(self._size, work.size) > SMALL:
            self._ready = None
            return False
        self._work = work
        return True

    def give(self):
        """Nobody reads them any more."""
        if self._size > SMALL:
            POOL.give(self.packed)
        else:
            POOL.keep((self.plan, "weights"), self, self._size + (self._work.size if self._work else 0))


def _shape(plan, q):
    """Of the packed matrix of product ``q``."""
    (_, product), part = plan.recurrence.products[q], plan.parts[q]
    return part.count, plan.terms_of(product) * part.width


def packing(plan):
    """Of all weights, into arrays in the order of the places of :class:`Weights`."""
    recurrence, found = plan.recurrence, []
    names = [*plan.numbers, *plan.vectors, *[f"bias:{k}" for k in range(len(recurrence.stages))], *[f"pack:{q}" for q in range(len(recurrence.products))]]
    for name in (*plan.numbers, *plan.vectors):
        units = plan.vectors.get(name, 1)
        found.append((name, int(name in plan.vectors), row_gates(names.index(name), Panels(1, units, plan.dtype, padded(units, plan.dtype)), [0])))
    for k, stage in enumerate(recurrence.stages):
        for name, gates in stage.biases.items():
            found.append((name, 1, row_gates(names.index(f"bias:{k}"), plan.panels[k], [stage.names.index(gate) for gate in gates.split()])))
    for q, (k, product) in enumerate(recurrence.products):
        found.append((product.matrix, 2, matrix_gates(names.index(f"pack:{q}"), plan.parts[q], recurrence.columns(k, product)[1], plan.terms_of(product))))
    return Packing(plan.dtype, len(names), found)


def unpacking(plan, wanted=None):
    """Of gradients: of matrices, packed in the order in which products first take them, and of biases, behind them in the sums of each stage's errors.

    ``wanted``: the matrices that count; all where it is None.
    """
    recurrence, found = plan.recurrence, []
    matrices = [name for name in recurrence.matrices if wanted is None or name in wanted]
    for number, name in enumerate(matrices):
        q = recurrence.matrices[name][0]
        k, product = recurrence.products[q]
        found.append((name, 2, matrix_gates(number, plan.parts[q], recurrence.columns(k, product)[1], plan.terms_of(product))))
    for k, stage in enumerate(recurrence.stages):
        for name, gates in stage.biases.items() if not wanted else ():
            found.append((name, 1, row_gates(len(matrices) + k, plan.panels[k], [stage.names.index(gate) for gate in gates.split()])))
    return Packing(plan.dtype, len(matrices) + (0 if wanted else len(plan.panels)), found)
