"""Weights as programs take them: matrices packed, biases in rows of gates, vectors in whole vectors."""

import numpy as np

from .panels import packed
from .rows import padded


def in_vectors(plan, weights):
    """Vectors and numbers by their names."""
    return {name: _vector(np.asarray(weights[name], plan.dtype), plan.dtype) for name in (*plan.numbers, *plan.vectors)}


def laid_out(plan, weights):
    """Rows of biases and packed matrices by the plan's names."""
    recurrence = plan.recurrence
    arrays = {f"bias:{k}": _biases(stage, plan.panels[k], weights, plan.dtype) for k, stage in enumerate(recurrence.stages)}
    for q, (k, product) in enumerate(recurrence.products):
        arrays[f"pack:{q}"] = packed(weights[product.matrix], plan.parts[recurrence.place_of(k, product)])
    return arrays


def _vector(value, dtype):
    if value.ndim == 0:
        return value.reshape(1)
    whole = np.zeros(padded(len(value), dtype), dtype)
    whole[: len(value)] = value
    return whole


def _biases(stage, panels, weights, dtype):
    """One row of gates with their biases, zero where there is none."""
    row = np.zeros((panels.count, len(stage.names), panels.each), dtype)
    for name, gates in stage.biases.items():
        first, count = stage.names.index(gates.split()[0]), len(gates.split())
        whole = np.zeros((count, panels.count * panels.each), dtype)
        whole[:, : panels.units] = weights[name]
        row[:, first : first + count] = whole.reshape(count, panels.count, panels.each).swapaxes(0, 1)
    return row
