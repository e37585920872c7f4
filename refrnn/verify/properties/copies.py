"""Copies by pickle of a run and of a layer."""

import io
import pickle
from dataclasses import replace

import numpy as np

from refrnn.backends.run import answer, run_checked
from refrnn.errors import ValuesError
from refrnn.verify.properties.asking import at_step, handed_in, is_a_stream, same_bits, with_halves, with_last


def copies_answer_alike(spec, truth, backend):
    """A run that went through pickle has the gradients of the run, where not all are numbers, too; a layer that was in use has its outputs."""
    checked = truth.checked
    if bool(spec.time) != truth.case.ragged:
        return None
    if spec.differentiated:
        lost = {name: with_last(spec, name, array, lambda last: np.full_like(last, np.nan)) for name, array in checked.arrays.items()}
        run = run_checked(spec, replace(checked, arrays=lost), backend)
        plain = run.backward(truth.upstream)
        for name, gradient in _copied(spec, run).backward(truth.upstream).items():
            if not same_bits(gradient, plain[name]):
                return f"d_{name} of a copy of a run is not that of the run"
        text = _changed_before(spec, checked, truth.upstream, backend)
        if text:
            return text
    if not spec.parameters or spec.named_sizes:
        return None
    values = handed_in(checked)
    layer = spec.bind({name: value for name, value in values.items() if spec.arrays[name].is_kept}, backend)
    rest = {name: value for name, value in values.items() if name not in layer.values}
    asked = [lambda one: one.forward(rest, checked.lengths, keep=False).outputs, lambda one: one.forward(rest, keep=False).outputs]
    if is_a_stream(spec, checked, rest):
        given, state = at_step(spec, rest, 0)
        asked.append(lambda one: one.step({**given}, {**state})[0])
    right = [ask(layer) for ask in asked]  # a layer remembers what fits
    for ask, plain in zip(asked, right):  # each of a copy of its own: what was asked before may mend the next
        for name, array in ask(_copied(spec, layer)).items():
            if not same_bits(array, plain[name]):
                return f"{name} of a copy of a layer is not that of the layer"
    return None


def _changed_before(spec, checked, upstream, backend):
    """Where the arguments are written into before a run is copied, its copy has the gradients of the run or refuses them.

    But where they give the same outputs all the same, which nothing tells from those of the run.
    """
    arrays = {name: array.copy() for name, array in checked.arrays.items()}
    run = run_checked(spec, replace(checked, arrays=arrays), backend)
    for name, array in arrays.items():
        array[...] = with_halves(spec, name, array)
    try:
        found = _copied(spec, run).backward(upstream)
    except ValuesError:
        return None
    if all(same_bits(array, run.outputs[name]) for name, array in answer(spec, replace(checked, arrays=arrays), backend)[0].items()):
        return None
    plain = run.backward(upstream)
    for name, gradient in found.items():
        if not same_bits(gradient, plain[name]):
            return f"d_{name} of a copy of a run is not that of the run where the arguments were written into before"
    return None


class _Pickler(pickle.Pickler):
    """Passes over ``spec``, which takes long to be made anew."""

    spec = None

    def persistent_id(self, one):
        return "spec" if one is self.spec else None


class _Unpickler(pickle.Unpickler):
    """Puts ``spec`` where the pickler passed over it."""

    spec = None

    def persistent_load(self, name):
        return self.spec


def _copied(spec, thing):
    """A copy by pickle, but for the spec."""
    data = io.BytesIO()
    pickler = _Pickler(data)
    pickler.spec = spec
    pickler.dump(thing)
    unpickler = _Unpickler(io.BytesIO(data.getvalue()))
    unpickler.spec = spec
    return unpickler.load()
