"""Weights as programs take them: matrices packed, biases in rows of gates, vectors in whole vectors."""

import numpy as np

from .panels import packed
from .rows import padded


def in_vectors(plan, weights, known=None):
    """Vectors and numbers by their names, written into those that are ``known`` from other weights of the plan."""
    if known is None:
        known = {name: np.zeros(padded(plan.vectors.get(name, 1), plan.dtype), plan.dtype) for name in (*plan.numbers, *plan.vectors)}
    for name, array in known.items():
        array[: plan.vectors.get(name, 1)] = weights[name]
    return known


def laid_out(plan, weights, known=None):
    """Rows of biases and packed matrices by the plan's names, written into those that are ``known`` likewise."""
    recurrence = plan.recurrence
    if known is None:
        known = {f"bias:{k}": np.zeros(panels.row, plan.dtype) for k, panels in enumerate(plan.panels)}
    for k, name, places in plan.biases:
        write(weights[name], known[f"bias:{k}"], places)
    for q, (k, product) in enumerate(recurrence.products):
        known[f"pack:{q}"] = packed(weights[product.matrix], plan.parts[recurrence.place_of(k, product)], known.get(f"pack:{q}"))
    return known


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
