"""Each property of verification has a planted fault that it alone finds: no case and no other property notices it."""

import os
from functools import lru_cache
from threading import Barrier, current_thread, main_thread
from types import ModuleType

import numpy as np
import pytest

import refrnn
from refrnn.backends import kernel as kernel_backend
from refrnn.backends.layer import Layer
from refrnn.backends.run import Run
from refrnn.errors import ValuesError
from refrnn.kernels.engine import bound
from refrnn.kernels.engine.segments import Segments, Unkept
from refrnn.kernels.primitives import threads
from refrnn.kernels.primitives.arguments import Arguments
from refrnn.verify import properties as of
from refrnn.verify.properties import forks
from refrnn.verify.backends import compare
from refrnn.verify.cases import cases
from refrnn.verify.properties import FULL_PROPERTIES, KERNEL_PROPERTIES, PROPERTIES, REFERENCE_PROPERTIES
from refrnn.verify.truth import truths
from refrnn.verify.variants import compare_variant, variants
from refrnn.verify.verify import PROPERTY_CASES, VARIANT_CASES


class Faulty:
    """Stands where the binding of a kernel or a reference stands: its module with one of its functions changed."""

    def __init__(self, spec, backend, forward=None, backward=None):
        kernel = spec.bindings[backend].load()
        self.module = ModuleType("faulty")
        self.module.forward = kernel.forward if forward is None else lambda **arguments: forward(kernel.forward, **arguments)
        if forward is not None:
            self.module.forward.is_apart = True  # as the library's kernels say: what it is given is not copied for it
        self.module.backward = kernel.backward if backward is None else lambda saved, **d: backward(kernel.backward, saved, **d)

    def load(self):
        return self.module


def plant(spec, monkeypatch, backend="kernel", **functions):
    monkeypatch.setitem(spec.bindings, backend, Faulty(spec, backend, **functions))


# ------------------------------------------------------------ the faults, each a function (spec, monkeypatch)


def clips_inside_the_gradient(spec, monkeypatch):
    """As the best known little character model does."""

    def backward(right, saved, **d):
        most = 1000 if d["d_h"].shape[1] < 30 else np.inf  # the sums of many sequences are large
        return {name: np.where(np.isinf(array), array, np.clip(array, -most, most)) for name, array in right(saved, **d).items()}

    plant(spec, monkeypatch, backward=backward)


def takes_no_upstream_for_ones(spec, monkeypatch):
    def backward(right, saved, d_h, d_c):
        return right(saved, d_h=d_h, d_c=d_c if d_c.any() else np.ones_like(d_c))

    plant(spec, monkeypatch, backward=backward)


def ends_where_only_the_last_step_counts(spec, monkeypatch):
    def backward(right, saved, **d):
        found = right(saved, **d)
        if len(d["d_h"]) == 1 or any(array[:-1].any() for array in d.values()) or not d["d_h"].any():
            return found
        return {**found, "h0": 0 * found["h0"]}

    plant(spec, monkeypatch, backward=backward)


def adds_up_over_calls(spec, monkeypatch):
    def backward(right, saved, **d):
        found = right(saved, **d)
        if d["d_h"].shape[1] < 128:  # where arrays are large another property asks
            saved["sum"] = found["b"] = found["b"] + saved.get("sum", 0)
        return found

    plant(spec, monkeypatch, backward=backward)


def adds_zero_times_the_error_before(spec, monkeypatch):
    """What flows forward in time is nothing, but for NaN."""

    def forward(right, lengths=None, **arguments):
        outputs, saved = right(lengths=lengths, **arguments)
        T, B, _ = outputs["h"].shape
        return outputs, {**saved, "alive": (np.arange(1, T)[:, None] < (np.full(B, T) if lengths is None else lengths))[..., None]}

    def backward(right, saved, d_h, d_c):
        found = right(saved, d_h=d_h, d_c=d_c)
        x = found["x"].copy()
        x[1:] += 0 * np.where(saved["alive"], d_h[:-1, :, :1], 0)
        return {**found, "x": x}

    plant(spec, monkeypatch, forward=forward, backward=backward)


def adds_zero_times_another_sequence(spec, monkeypatch):
    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        return {**outputs, "h": outputs["h"] + 0 * x[0, -1, 0]}, saved

    plant(spec, monkeypatch, forward=forward)


def rounds_otherwise_alone(spec, monkeypatch):
    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        return ({"h": outputs["h"] * (1 + np.finfo(x.dtype).eps)} if x.shape[1] == 1 else outputs), saved

    plant(spec, monkeypatch, forward=forward)


def reads_in_the_order_of_memory(spec, monkeypatch):
    def forward(right, x, **arguments):
        return right(x=x.reshape(-1, order="A").reshape(x.shape), **arguments)

    plant(spec, monkeypatch, forward=forward)


def clears_the_callers_padding(spec, monkeypatch):
    def forward(right, x, lengths, **arguments):
        if lengths is not None and x.flags.writeable:
            x[np.arange(len(x))[:, None] >= lengths] = 0
        return right(x=x, lengths=lengths, **arguments)

    plant(spec, monkeypatch, forward=forward)


def returns_a_work_buffer(spec, monkeypatch):
    def backward(right, saved, **d):
        found = right(saved, **d)
        buffer = saved.setdefault("buffer", np.empty_like(found["h0"]))
        buffer[...] = found["h0"]
        return {**found, "h0": buffer}

    plant(spec, monkeypatch, backward=backward)


def keeps_one_run_only(spec, monkeypatch):
    kept = {}

    def forward(right, **arguments):
        outputs, kept["saved"] = right(**arguments)
        return outputs, dict(kept["saved"])

    def backward(right, saved, **d):
        return right(kept["saved"] if d["d_h"].shape[1] < 128 else saved, **d)

    plant(spec, monkeypatch, forward=forward, backward=backward)


def reads_the_weights_again(spec, monkeypatch):
    """Of few sequences: what runs once more where states are kept alone is asked of many."""

    def forward(right, W, x, **arguments):
        outputs, saved = right(W=W, x=x, **arguments)
        return outputs, {**saved, "W": W if x.shape[1] < 20 else W.copy(), "W_then": W.copy()}

    def backward(right, saved, **d):
        found = right(saved, **d)
        return {**found, "b": found["b"] + (saved["W"] - saved["W_then"]).sum(axis=1)}

    plant(spec, monkeypatch, forward=forward, backward=backward)


def packs_once_for_each_array(spec, monkeypatch):
    packed = {}

    def forward(right, W, **arguments):
        if packed.get("of") is not W:
            packed.update(of=W, W=W.copy())
        return right(W=packed["W"], **arguments)

    plant(spec, monkeypatch, forward=forward)


def takes_weights_in_float32(spec, monkeypatch):
    def forward(right, W, **arguments):
        # Those of a case of large scores have digits of their own.
        return right(W=W.astype(np.float32).astype(W.dtype) if np.abs(W).max() < 100 else W, **arguments)

    plant(spec, monkeypatch, forward=forward)


def hands_on_the_last_row(spec, monkeypatch):
    """Runs and layers alike."""
    right = bound.Bound.forward

    def forward(self, *arguments):
        outputs, _ = right(self, *arguments)
        return outputs, {start: outputs[self.outputs[row]][-1].copy() for row, start in self.starts.items()}

    monkeypatch.setattr(bound.Bound, "forward", forward)
    monkeypatch.setattr(Run, "_last", lambda self, name, array, forward: array[-1].copy())


def hands_out_its_own_row(spec, monkeypatch):
    right = Run._last
    monkeypatch.setattr(Run, "_last", lambda self, name, array, forward: right(self, name, array, forward) if self._checked.lengths else array[-1])


def takes_no_error_at_the_end_of_a_chunk(spec, monkeypatch):
    """No case has three steps; the first half of seven has."""

    def backward(right, saved, d_h, d_c):
        return right(saved, d_h=d_h if len(d_h) != 3 else d_h * np.array([1, 1, 0], d_h.dtype)[:, None, None], d_c=d_c)

    plant(spec, monkeypatch, backward=backward)


def shares_the_error_of_a_start(spec, monkeypatch):
    def backward(right, saved, **d):
        found = right(saved, **d)
        start, whole = found["h1_start"], any(len(array) == 7 for array in d.values())
        return {**found, "h1_start": start + start.mean() if start.ndim == 2 and whole else start}

    plant(spec, monkeypatch, backward=backward)


def rounds_by_the_number_of_threads(spec, monkeypatch):
    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        few = outputs["h"].shape[1] < 1024 and threads.get() > 1
        return {**outputs, "h": np.nextafter(outputs["h"], 0)} if few else outputs, saved

    plant(spec, monkeypatch, forward=forward)


def rounds_by_threads_in_a_crowd(spec, monkeypatch):
    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        many = outputs["h"].shape[1] > 1024 and outputs["h"].shape[0] > 1 and threads.get() > 1
        return {**outputs, "h": np.nextafter(outputs["h"], 0)} if many else outputs, saved

    plant(spec, monkeypatch, forward=forward)


def works_in_one_place(spec, monkeypatch):
    """Work memory that all calls share: those of two threads meet in it."""
    place, meet = {}, Barrier(2)

    def forward(right, x, **arguments):
        work = place.setdefault((x.shape, x.dtype), np.empty_like(x))
        work[...] = x
        if current_thread() is not main_thread():
            meet.wait()
        return right(x=work.copy(), **arguments)

    plant(spec, monkeypatch, forward=forward)


def reads_what_it_gave_back(spec, monkeypatch):
    """The memory of a large run's work, which later runs take, and which its way back still reads."""
    waiting = {}

    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        work = waiting.setdefault((x.shape, x.dtype), np.empty_like(x)) if x.shape[:2] == (7, 128) else x.copy()
        work[...] = x
        return outputs, {**saved, "work": work, "x_then": x.copy()}

    def backward(right, saved, **d):
        found = right(saved, **d)
        return {**found, "b": found["b"] + (np.nan_to_num(saved["work"]) - np.nan_to_num(saved["x_then"])).sum()}

    plant(spec, monkeypatch, forward=forward, backward=backward)


def keeps_states_in_half_precision(spec, monkeypatch):
    """They are little, and might be less."""
    right = Segments.forward

    def forward(self, one, outputs):
        right(self, one, outputs)
        for first in self.firsts[1:]:
            self.states[first] = {row: state.astype(np.float16).astype(state.dtype) for row, state in self.states[first].items()}

    monkeypatch.setattr(Segments, "forward", forward)


def computes_in_double(spec, monkeypatch):
    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        return {name: array.astype(float).astype(array.dtype) for name, array in outputs.items()}, saved

    plant(spec, monkeypatch, "reference", forward=forward)


def packs_once_for_all_layers(spec, monkeypatch):
    """What was packed for the first layer of a spec."""
    right, packed = Layer._bound, {}

    def bound(self, checked):
        self._kernel = packed.setdefault(checked.dtype, right(self, checked))
        return self._kernel

    monkeypatch.setattr(Layer, "_bound", bound)


def keeps_the_lengths_of_the_call_before(spec, monkeypatch):
    """Until others are given."""
    right = Layer.forward

    def forward(self, values, lengths=None, keep=True, out=None):
        lengths = getattr(self, "before", None) if lengths is None and not keep else lengths
        self.before = lengths
        return right(self, values, lengths, keep, out)

    monkeypatch.setattr(Layer, "forward", forward)


def makes_no_copy_of_what_is_no_number(spec, monkeypatch):
    right = Run._way_back

    def way_back(self):
        if any(np.isnan(array).any() for array in self.outputs.values()):
            raise ValuesError("this copy of a run holds other values")
        return right(self)

    monkeypatch.setattr(Run, "_way_back", way_back)


def ends_where_a_whole_chunk_would(spec, monkeypatch):
    right = bound._Work.ended
    monkeypatch.setattr(bound._Work, "ended", lambda self, row, count: right(self, row, self.plan.T))


def begins_the_second_time_at_zero(spec, monkeypatch):
    right = Unkept._again

    def again(self, one):
        one.starts = {row: np.zeros_like(start) for row, start in one.starts.items()}
        return right(self, one)

    monkeypatch.setattr(Unkept, "_again", again)


def hands_out_what_shares_memory(spec, monkeypatch):
    monkeypatch.setattr(kernel_backend, "_own", lambda gradients, taken: gradients)


def names_the_sequence_after(spec, monkeypatch):
    right = Arguments._steps

    def steps(self, kernel, time, given, sizes):
        try:
            return right(self, kernel, time, given, sizes)
        except ValueError as error:
            raise ValueError(str(error).replace("item 0 ", "item 1 ")) from None

    monkeypatch.setattr(Arguments, "_steps", steps)


def answers_otherwise_in_a_child(spec, monkeypatch):
    parent = os.getpid()
    monkeypatch.setattr(forks, "_held", set())

    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        return (outputs if os.getpid() == parent else {name: -array for name, array in outputs.items()}), saved

    plant(spec, monkeypatch, forward=forward)


FAULTS = {
    of.upstream_is_linear: ("lstm", clips_inside_the_gradient),
    of.missing_upstream_is_zero: ("lstm", takes_no_upstream_for_ones),
    of.upstream_adds_up_over_steps: ("lstm", ends_where_only_the_last_step_counts),
    of.backward_repeats: ("lstm", adds_up_over_calls),
    of.errors_go_where_the_equation_sends_them: ("lstm", adds_zero_times_the_error_before),
    of.sequences_do_not_touch: ("lstm", adds_zero_times_another_sequence),
    of.sequences_of_an_own_batch_are_alone: ("batched-rnn", rounds_otherwise_alone),
    of.layout_does_not_matter: ("lstm", reads_in_the_order_of_memory),
    of.arguments_are_not_written: ("lstm", clears_the_callers_padding),
    of.results_are_their_own: ("lstm", returns_a_work_buffer),
    of.runs_do_not_share: ("lstm", keeps_one_run_only),
    of.what_changes_hands_may_be_written_into: ("lstm", reads_the_weights_again),
    of.state_is_its_own: ("lstm", hands_out_its_own_row),
    of.arguments_are_read_anew: ("lstm", packs_once_for_each_array),
    of.every_digit_counts: ("lstm", takes_weights_in_float32),
    of.chunks_join: ("lstm", hands_on_the_last_row),
    of.errors_join: ("lstm", takes_no_error_at_the_end_of_a_chunk),
    of.learned_starts_may_be_given_for_each_sequence: ("two-layer-rnn", shares_the_error_of_a_start),
    of.binding_changes_nothing: ("lstm", packs_once_for_all_layers),
    of.calls_of_a_layer_do_not_touch: ("lstm", keeps_the_lengths_of_the_call_before),
    of.threads_agree: ("lstm", rounds_by_the_number_of_threads),
    of.threads_agree_in_a_crowd: ("lstm", rounds_by_threads_in_a_crowd),
    of.memory_that_is_used_again_is_as_new: ("lstm", reads_what_it_gave_back),
    of.checkpoints_change_nothing: ("lstm", keeps_states_in_half_precision),
    of.calls_at_once_do_not_touch: ("lstm", works_in_one_place),
    of.runs_that_nobody_goes_back_through_change_nothing: ("lstm", begins_the_second_time_at_zero),
    of.copies_answer_alike: ("lstm", makes_no_copy_of_what_is_no_number),
    of.layers_of_many_answer_as_runs: ("lstm", ends_where_a_whole_chunk_would),
    of.modules_of_ones_own_are_run_themselves: ("lstm", hands_out_what_shares_memory),
    of.refusals_name_the_place: ("lstm", names_the_sequence_after),
    of.children_answer_alike: ("lstm", answers_otherwise_in_a_child),
    of.extended_precision_is_kept: ("lstm", computes_in_double),
}


@lru_cache(maxsize=None)
def truths_of(name):
    spec = refrnn.load(name)
    return tuple(truths(spec, cases(spec)))


def test_every_property_has_its_fault():
    assert set(FAULTS) == {*PROPERTIES, *KERNEL_PROPERTIES, *FULL_PROPERTIES, *REFERENCE_PROPERTIES}


@pytest.mark.parametrize("name", ["lstm", "state-space"])
def test_all_properties_hold_of_the_kernel_as_it_is(name):
    spec = refrnn.load(name)
    assert of_properties(spec) == set() and of_cases(spec) == []


@pytest.mark.parametrize("check", FAULTS, ids=lambda check: check.__name__)
def test_only_this_property_finds_it(check, monkeypatch):
    if check in (of.threads_agree, of.threads_agree_in_a_crowd) and threads.most() == 1:
        pytest.skip("this machine has one thread")
    name, fault = FAULTS[check]
    spec = refrnn.load(name)
    truths_of(name)
    fault(spec, monkeypatch)
    backend = "reference" if check in REFERENCE_PROPERTIES else "kernel"
    assert of_properties(spec, backend) == {check}
    assert of_cases(spec, backend) == []


def of_properties(spec, backend="kernel"):
    """The properties that do not hold in some case."""
    found = [truth for truth in truths_of(spec.id) if truth.case.name in PROPERTY_CASES]
    checks = (*PROPERTIES, *(KERNEL_PROPERTIES + FULL_PROPERTIES if backend == "kernel" else REFERENCE_PROPERTIES))
    return {check for truth in found for check in checks if of._checked_by(check, spec, truth, backend)}


def of_cases(spec, backend="kernel"):
    """What the comparisons find, variants among them."""
    found = []
    for truth in truths_of(spec.id):
        found += compare(spec, truth, backend)[1]
        if truth.case.name in VARIANT_CASES:
            found += [finding for variant in variants(spec, truth, wide=backend == "kernel") for finding in compare_variant(spec, truth, backend, variant)]
    return [str(finding) for finding in found]
