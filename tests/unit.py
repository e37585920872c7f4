"""A spec of one small recurrence with its reference and its kernel, both of which may be given faults."""

from types import ModuleType

import numpy as np

import refrnn
from refrnn.backends.layer import Layer
from refrnn.equation.evaluate import Run

TEXT = """
id: unit
title: Units with a weight each
sizes: {T: steps, H: units}
symbols:
  x:  {role: input, shape: [T, H]}
  h0: {role: start, shape: [H]}
  u:  {role: parameter, shape: [H]}
equations:
  - h[-1] = h0
  - a[t] = u * h[t-1] + x[t]
  - h[t] = tanh(a[t])
outputs: [h]
"""


def right_forward(x, h0, u, lengths=None):
    """One sequence or a batch of them."""
    a, h, previous = np.zeros_like(x), np.zeros_like(x), h0
    for t in range(len(x)):
        alive = True if lengths is None else (t < lengths)[:, None]
        a[t] = np.where(alive, u * previous + x[t], 0)
        h[t] = np.where(alive, np.tanh(a[t]), 0)
        previous = np.where(alive, h[t], previous)
    return {"h": h}, {"x": x.copy(), "h0": h0.copy(), "u": u.copy(), "lengths": lengths, "a": a, "h": h}


def right_backward(saved, d_h):
    h, h0, u, lengths = (saved[name] for name in ("h", "h0", "u", "lengths"))
    d_x, d_u, carried = np.zeros_like(h), np.zeros_like(u), np.zeros_like(h0)
    for t in reversed(range(len(h))):
        before = h[t - 1] if t > 0 else h0
        alive = True if lengths is None else (t < lengths)[:, None]
        d_a = np.where(alive, (d_h[t] + carried) * (1 - h[t] * h[t]), 0)
        d_x[t], carried = d_a, np.where(alive, d_a * u, carried)
        terms = d_a * np.where(alive, before, 0)
        d_u += terms if terms.ndim == 1 else terms.sum(axis=0)
    return {"x": d_x, "h0": carried, "u": d_u}


class Backend:
    """Stands where a binding stands; ``forward`` and ``backward`` take the right function first."""

    def __init__(self, forward=None, backward=None):
        self.module = ModuleType("planted")

        def whole_forward(**arguments):
            return forward(right_forward, **arguments) if forward else right_forward(**arguments)

        def whole_backward(saved, **upstream):
            return backward(right_backward, saved, **upstream) if backward else right_backward(saved, **upstream)

        self.module.forward, self.module.backward = whole_forward, whole_backward

    def load(self):
        return self.module


def unit(**bindings):
    """The spec with a reference and a kernel, right where none is given."""
    spec = refrnn.load_text(TEXT)
    spec.bindings.update({"reference": Backend(), "kernel": Backend()} | bindings)
    return spec


def off(quantity, factor=1.5):
    """A backend whose output, saved intermediate or gradient ``quantity`` is off."""
    if quantity.startswith("d_"):
        name = quantity.removeprefix("d_")
        return Backend(backward=lambda right, saved, **d: {**(found := right(saved, **d)), name: found[name] * found[name].dtype.type(factor)})

    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        found = outputs if quantity in outputs else saved
        # A copy: what is wrong in the output alone is right on the way back.
        return {**outputs, **({quantity: found[quantity] * found[quantity].dtype.type(factor)} if found is outputs else {})}, (
            saved if found is outputs else {**saved, quantity: found[quantity] * found[quantity].dtype.type(factor)}
        )

    return Backend(forward=forward)


def gives_what_came_before(right=Layer.forward):
    """A layer's forward that writes into ``out`` what the call before gave, where that was of whole sequences."""
    before = {}

    def forward(self, values, lengths=None, keep=True, out=None):
        run = right(self, values, lengths, keep, out)
        given = {name: array.copy() for name, array in run.outputs.items() if lengths is None}
        for name in set(out or ()) & set(before):
            out[name][...] = before[name]
        before.clear()
        before.update(given)
        return run

    return forward


def changed_way_back(monkeypatch, change):
    """Run.backward with ``change(gradients, how manyth call)``."""
    right, calls = Run.backward, []

    def backward(self, upstream, absorbing=None):
        calls.append(1)
        return change(dict(right(self, upstream, absorbing)), len(calls))

    monkeypatch.setattr(Run, "backward", backward)
