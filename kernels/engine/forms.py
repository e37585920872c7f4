"""What passes of arrays of the same shapes, types and layouts have in common: their plan, and where weights are in what a kernel was given."""

import numpy as np

from .plan import check, planned

MOST = 64  # forms, and plans, that one recurrence remembers


class Form:
    """``plan``; ``gates``: the table by which :meth:`Packing.pack_by` packs weights that ``parts`` takes apart, or None without ``parts``;
    ``wholes``: how many arrays these are.
    """

    def __init__(self, plan, weights, parts):
        self.plan, self.gates, self.wholes = plan, None, len(weights)
        if parts is not None:
            wholes = {name: _like(array) for name, array in weights.items()}
            self.gates = plan.packing.within(wholes.values(), parts(**wholes))


def form_of(recurrence, given, starts, weights, parts=None):
    """The form of a pass; arrays of one that was found to fit are not looked at again."""
    key = _shapes(given), _shapes(starts), _shapes(weights) if parts is None else _layouts(weights), parts
    form = recurrence.forms.get(key)
    if form is None:
        plan = plan_of(recurrence, given, starts, weights if parts is None else parts(**weights))
        if len(recurrence.forms) >= MOST:
            recurrence.forms.clear()
        form = recurrence.forms[key] = Form(plan, weights, parts)
    return form


def plan_of(recurrence, given, starts, weights, lean=False):
    """The plan of passes of these sizes; what it was once made for is not looked at again."""
    key = _shapes(given), _shapes(starts), _shapes(weights), lean
    plan = recurrence.plans.get(key)
    if plan is None:
        if len(recurrence.plans) >= MOST:
            recurrence.plans.clear()
            recurrence.forms.clear()
        check(recurrence, given, starts, weights)
        plan = recurrence.plans[key] = planned(recurrence, given, starts, weights, lean)
    return plan


def _shapes(arrays):
    """Of arrays by name, or several by name."""
    return tuple([
        (name, value.shape, value.dtype) if isinstance(value, np.ndarray) else (name, *[(part.shape, part.dtype) for part in value])
        for name, value in arrays.items()
    ])


def _layouts(arrays):
    return tuple([(name, array.shape, array.strides, array.dtype) for name, array in arrays.items()])


def _like(array):
    """One of the same layout in memory of its own."""
    ways = [(size - 1) * stride // array.itemsize for size, stride in zip(array.shape, array.strides)]
    before = -sum(way for way in ways if way < 0)
    memory = np.empty(before + sum(way for way in ways if way > 0) + 1, array.dtype)
    return np.lib.stride_tricks.as_strided(memory[before:], array.shape, array.strides)
