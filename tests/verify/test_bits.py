"""A kernel that is another one in shapes, or after calls, in which kernels go other ways is found by its own bits."""

from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import refrnn
from refrnn.backends.run import Run
from refrnn.kernels.engine import segments
from refrnn.kernels.primitives import meeting, threads
from refrnn.verify.bits import unlike_itself
from refrnn.verify.cases import in_whole_vectors, of_few_sequences, of_one_sequence
from refrnn.verify.shapes import disagreements

SPEC = refrnn.load("unfolding")
LATE = "differs between 1 and 2 threads, of which one is late"


def planted(monkeypatch, forward, backward=None):
    """The kernel of the spec, whose outputs, of one run after the other, are what ``forward`` makes of them."""
    right, module = SPEC.bindings["kernel"].load(), ModuleType("planted")

    def run(**arguments):
        outputs, saved = right.forward(**arguments)
        return forward(outputs, **arguments), saved

    module.forward, module.backward = run, backward or right.backward
    monkeypatch.setitem(SPEC.bindings, "kernel", SimpleNamespace(load=lambda: module))


def off(outputs):
    return {name: np.nextafter(array, 9.0) for name, array in outputs.items()}


def told(how, case, names=("s",)):
    return [f"kernel: {name} {how} in case {case}" for name in names]


def found(level="quick"):
    with threads.using(1):  # it asks for two itself
        return list(map(str, unlike_itself(SPEC, level)))


def test_a_right_kernel_is_like_itself():
    assert found("full") == [] and unlike_itself(refrnn.load("clip-norm"), "full") == []


def test_states_that_are_kept_alone_in_whole_vectors(monkeypatch):
    """Where rows lie dense, and in no other shape; whoever is asked about shapes is asked that too."""
    planted(monkeypatch, lambda outputs, x, U, **rest: off(outputs) if len(U) % 16 == 0 and x.shape[1] > 64 and segments._chosen.get() is not None else outputs)
    wanted = told("is another one when states are kept alone", "whole vectors")
    assert found() == wanted == list(map(str, disagreements(SPEC, "kernel", "quick")))


def test_a_state_that_is_another_one_where_states_are_kept_alone(monkeypatch):
    """Beside outputs and gradients that are right."""
    right = Run.state.fget
    monkeypatch.setattr(Run, "state", property(lambda self: right(self) if segments._chosen.get() is None else off(right(self))))
    assert found() == told("is another one when states are kept alone", "whole vectors", ["the state s0"])


NOBODY = "is another one after 4 runs that nobody went back through"


@pytest.mark.parametrize("ragged", [False, True])
def test_passes_that_nobody_goes_back_through(ragged, monkeypatch):
    """As if the kernel knew of it; whole ones are asked in two ways."""
    calls = []

    def forward(outputs, lengths, **rest):
        calls.append(lengths)
        return off(outputs) if segments._few.get() < 0 and (lengths is not None) == ragged and len(calls) > 4 else outputs

    planted(monkeypatch, forward)
    assert found() == (1 if ragged else 2) * told(NOBODY, "whole vectors")


@pytest.mark.parametrize("which, wanted", [(5, told(NOBODY, "whole vectors")), (10, told(NOBODY, "whole vectors"))])
def test_what_is_asked_first_may_matter(which, wanted, monkeypatch):
    """One that is another one after four runs alone: the fifth one that is asked for, or the tenth, of whole sequences."""
    calls = []

    def forward(outputs, lengths, **rest):
        calls.extend([lengths] * (segments._few.get() < 0))
        return off(outputs) if len(calls) == which and segments._few.get() < 0 else outputs

    planted(monkeypatch, forward)
    assert found() == wanted


@pytest.mark.parametrize("without", [True, False])
def test_outputs_that_the_way_back_writes_into(without, monkeypatch):
    """What is the caller's stays what the caller wrote."""
    right, module = SPEC.bindings["kernel"].load(), ModuleType("planted")

    def forward(**arguments):
        outputs, saved = right.forward(**arguments)
        kept = outputs["s"].copy()
        return outputs, {**saved, "s": kept.copy, "kept": kept, "given": outputs["s"]}

    def backward(saved, **upstream):
        if (segments._few.get() < 0) is without:
            saved["given"][...] = saved["kept"]
        return right.backward(saved, **upstream)

    forward.is_apart = True
    module.forward, module.backward = forward, backward
    monkeypatch.setitem(SPEC.bindings, "kernel", SimpleNamespace(load=lambda: module))
    assert found() == (2 * told(NOBODY, "whole vectors", ["s"]) if without else [])  # whole ones and ragged ones


@pytest.mark.parametrize("late", [0, 1])
def test_threads_that_share_the_units_of_one_sequence(late, monkeypatch):
    """Now and then one of them reads what the other has not yet written."""
    runs = []

    def forward(outputs, x, U, **rest):
        if x.shape[1] > 1 or len(U) < 100 or threads.get() < 2:
            return outputs
        runs.append(len(runs))
        return off(outputs) if runs[-1] == late else outputs

    planted(monkeypatch, forward)
    assert found() == (told("differs between 1 and 2 threads", "one sequence") if threads.most() > 1 else [])


def test_threads_that_wait_for_nobody_read_what_another_problem_left(monkeypatch):
    """One that finds in its memory what the run before had is right where that was the same."""
    kept = []

    def forward(outputs, x, U, **rest):
        if x.shape[1] > 1 or len(U) < 100 or threads.get() < 2:
            return outputs
        kept.append(outputs)
        return kept[-2] if len(kept) > 1 else outputs

    planted(monkeypatch, forward)
    assert found() == (told("differs between 1 and 2 threads", "one sequence") if threads.most() > 1 else [])


def test_a_layer_whose_threads_share_the_units_of_one_sequence(monkeypatch):
    right, module = SPEC.bindings["kernel"].load(), ModuleType("planted")

    def bind(**parameters):
        bound = right.bind(**parameters)
        forward = bound.forward

        def planted_forward(arrays, lengths=None, out=None):
            outputs, state = forward(arrays, lengths, out)
            return off(outputs) if threads.get() > 1 and arrays["x"].shape[1:] == (1, 130) else outputs, state

        monkeypatch.setattr(bound, "forward", planted_forward)
        return bound

    module.forward, module.backward, module.bind = right.forward, right.backward, bind
    monkeypatch.setitem(SPEC.bindings, "kernel", SimpleNamespace(load=lambda: module, module="planted"))
    assert found() == (2 * told("of a layer differs between 1 and 2 threads", "one sequence", ["s"]) if threads.most() > 1 else [])


@pytest.mark.parametrize("late", [0, 3])
def test_two_threads_that_touch_each_other_now_and_then(late, monkeypatch):
    """At the full level, with much work for each."""
    runs = []

    def forward(outputs, x, U, **rest):
        if x.shape[0] * x.shape[1] < 1100 or len(U) < 64 or threads.get() < 2:
            return outputs
        runs.append(len(runs))
        return off(outputs) if runs[-1] == late else outputs

    planted(monkeypatch, forward)
    assert found() == []
    runs.clear()
    assert found("full") == (told(LATE, "much work") if threads.most() > 1 else [])


@pytest.mark.parametrize("worker", [0, 1])
def test_threads_with_much_work_of_which_one_is_late(worker, monkeypatch):
    """At the full level: what one of them writes into the other's memory is wrong as soon as this one is slow."""
    planted(monkeypatch, lambda outputs, x, U, **rest: off(outputs) if x.shape[1] == 64 and meeting._late.get() == worker and threads.get() > 1 else outputs)
    assert found() == []
    assert found("full") == (told(LATE, "much work") if threads.most() > 1 else [])


@pytest.mark.parametrize("batch, case", [(1, "one sequence"), (7, "few sequences")])
@pytest.mark.parametrize("worker", [0, 1])
def test_threads_of_which_one_is_late(worker, batch, case, monkeypatch):
    """At the full level: what is wrong then alone, whichever of them it is, for one sequence and for a few."""
    planted(monkeypatch, lambda outputs, x, U, **rest: off(outputs) if x.shape[1] == batch and meeting._late.get() == worker and threads.get() > 1 else outputs)
    assert found() == []
    assert found("full") == (2 * told(LATE, case) if threads.most() > 1 else [])  # of both problems


def test_one_who_is_late_finds_what_the_run_before_left(monkeypatch):
    """Addresses and numbers that are read too early are those of another problem, and of no run that was late."""
    kept, read = {1: [], 7: []}, {1: [], 7: []}

    def forward(outputs, x, U, **rest):
        batch, late = x.shape[1], meeting._late.get()
        if batch in kept and threads.get() > 1:
            if late is not None:
                before, left = kept[batch][-1]
                read[batch].append((before, bool(np.array_equal(left, outputs["s"]))))
            kept[batch].append((late, outputs["s"]))
        return outputs

    planted(monkeypatch, forward)
    assert found("full") == []
    for first, *rest in read.values() if threads.most() > 1 else ():
        assert first == (None, False) and any(not same for _, same in rest)


def test_what_these_cases_are_like():
    values, lengths = in_whole_vectors(SPEC).draw(SPEC)
    assert values["x"].shape == (8, 128, 16) and values["U"].shape == (16, 16) and lengths is None
    values, lengths = of_one_sequence(SPEC).draw(SPEC)
    assert values["x"].shape == (4, 1, 130) and values["U"].shape == (130, 130) and lengths is None
    values, lengths = of_few_sequences(SPEC).draw(SPEC)
    assert values["x"].shape == (4, 7, 100) and values["U"].shape == (100, 100) and lengths is None
