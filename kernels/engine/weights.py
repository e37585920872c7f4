"""Weights as programs take them: matrices packed, biases in rows of gates, vectors in whole vectors."""

import numpy as np

from .panels import packed
from .pool import POOL, SMALL
from .program import addresses
from .rows import padded


def laid_out(plan, weights):
    """The weights of a pass, in memory that waits or in new one: a :class:`Weights`."""
    found = POOL.kept((plan, "weights")) or Weights(plan)
    found.take(weights)
    return found


class Weights:
    """All weights of a plan as its programs take them, and those of any plan of other steps; ``places``: where, by the plan's names.

    They are copies: nothing else of a pass reads the matrices that it was given.
    """

    def __init__(self, plan):
        self.plan = plan
        self._vectors = {name: np.zeros(padded(plan.vectors.get(name, 1), plan.dtype), plan.dtype) for name in (*plan.numbers, *plan.vectors)}
        self._biases = [np.zeros(panels.row, plan.dtype) for panels in plan.panels]
        self.packed = [None] * len(plan.recurrence.products)  # by product
        self.places = None

    def take(self, weights):
        """Write weights into it."""
        plan = self.plan
        for name, array in self._vectors.items():
            array[: plan.vectors.get(name, 1)] = weights[name]
        for k, name, places in plan.biases:
            write(weights[name], self._biases[k], places)
        for q, (k, product) in enumerate(plan.recurrence.products):
            part = plan.parts[plan.recurrence.place_of(k, product)]
            self.packed[q] = packed(weights[product.matrix], part, self.packed[q])
        if self.places is None:
            biases = {f"bias:{k}": array for k, array in enumerate(self._biases)}
            self.places = addresses({**self._vectors, **biases, **{f"pack:{q}": panels for q, panels in enumerate(self.packed)}})

    def give(self):
        """Nobody reads them any more."""
        size = sum(panels.nbytes for panels in self.packed)
        if size > SMALL:
            POOL.give(self.packed)
        else:
            POOL.keep((self.plan, "weights"), self, size)


def write(parts, row, places):
    """Write a bias, in one array or an array for each gate, into a ``row`` at ``places`` (gates, units)."""
    if isinstance(parts, np.ndarray):
        row[places] = parts
    else:
        for part, place in zip(parts, places, strict=True):
            row[place] = part


def read(row, parts, places):
    """Read the parts of a bias, as ``write`` takes them, from a row."""
    if isinstance(parts, np.ndarray):
        parts[...] = row[places]
    else:
        for part, place in zip(parts, places, strict=True):
            part[...] = row[place]
