"""Each part of the properties of errors, states and chunks is really tried: a small kernel that breaks it alone is found."""

from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from unit import Backend, unit

import refrnn
from refrnn.backends.run import Run
from refrnn.verify import properties as of
from refrnn.verify.cases import cases
from refrnn.verify.truth import Truth, truths
from refrnn.verify.verify import wrong_with

PLAIN, RAGGED = (Truth(unit(), next(case for case in cases(unit()) if case.name == name)) for name in ("plain-float32", "ragged-float64"))


def sent(backward):
    return of.errors_go_where_the_equation_sends_them(unit(kernel=Backend(backward=backward)), RAGGED, "kernel")


def test_a_right_backend_has_all_three():
    for check in (of.errors_go_where_the_equation_sends_them, of.state_is_its_own, of.errors_join):
        assert [check(unit(), truth, "kernel") for truth in (PLAIN, RAGGED)] == [None, None]


def test_an_error_goes_to_no_later_step():
    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        later = np.where(np.isfinite(found["x"][1:]), found["x"][1:] + 0 * np.where(saved["alive"], d_h[:-1], 0), np.nan)
        return {**found, "x": np.concatenate((found["x"][:1], later))}

    def forward(right, lengths=None, **arguments):
        outputs, saved = right(lengths=lengths, **arguments)
        ends = np.full(outputs["h"].shape[1], len(outputs["h"])) if lengths is None else lengths
        return outputs, {**saved, "alive": (np.arange(1, len(outputs["h"]))[:, None] < ends)[..., None]}

    text = of.errors_go_where_the_equation_sends_them(unit(kernel=Backend(forward, backward)), RAGGED, "kernel")
    assert text == "d_x is NaN at places that no NaN reaches where the upstream gradient is NaN at one step of one sequence"


def test_an_error_that_is_no_number_is_not_hidden():
    assert sent(lambda right, saved, d_h: {name: np.nan_to_num(array) for name, array in right(saved, d_h=d_h).items()}).startswith("d_x hides")


@pytest.mark.parametrize("name, truth", [("plain", PLAIN), ("ragged", RAGGED)])
def test_a_state_that_is_a_view(monkeypatch, name, truth):
    monkeypatch.setattr(Run, "_last", lambda self, name, array, forward: array[-1])
    assert of.state_is_its_own(unit(), truth, "kernel") == "d_x changes when the state is written into"
    assert of.state_is_its_own(unit(kernel=Backend(backward=lambda right, saved, d_h: right({**saved, "h": saved["h"].copy()}, d_h=d_h))), truth, "kernel")


def test_a_state_that_is_a_view_of_what_the_way_back_does_not_read(monkeypatch):
    monkeypatch.setattr(Run, "_last", lambda self, name, array, forward: array[-1])

    def forward(right, **arguments):
        outputs, saved = right(**arguments)
        return {"h": outputs["h"].copy()}, saved

    assert of.state_is_its_own(unit(kernel=Backend(forward)), PLAIN, "kernel") == "the state h0 changes when the state is written into"


def test_outputs_that_are_the_runs_own(monkeypatch):
    right = Run.__init__

    def init(self, spec, checked, backend, checkpoint, outputs, *rest):
        right(self, spec, checked, backend, checkpoint, outputs, *rest)
        self.outputs = outputs

    monkeypatch.setattr(Run, "__init__", init)
    assert of.state_is_its_own(unit(), PLAIN, "kernel") == "the state h0 changes when outputs and arguments are written into"


def test_a_state_that_is_read_off_the_arguments(monkeypatch):
    right = Run._last
    monkeypatch.setattr(Run, "_last", lambda self, *rest: right(self, *rest) + 0 * self._checked.arrays["h0"] + (self._checked.arrays["u"][0] == 3))
    assert of.state_is_its_own(unit(), PLAIN, "kernel") == "the state h0 changes when outputs and arguments are written into"


def test_a_gradient_that_is_kept_from_the_first_call():
    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {**found, "u": saved.setdefault("kept", found["u"]).copy()}

    text = of.backward_repeats(unit(kernel=Backend(backward=backward)), PLAIN, "kernel")
    assert text == "d_u stays as it was when backward is called with a quarter of the errors"


def test_a_gradient_that_is_kept_for_where_the_errors_lie():
    def backward(right, saved, d_h):
        return {name: array.copy() for name, array in saved.setdefault(d_h.ctypes.data, right(saved, d_h=d_h)).items()}

    def forward(right, **arguments):
        return right(**arguments)

    kernel = Backend(forward, backward)
    kernel.module.forward.is_apart = True
    assert of.backward_repeats(unit(kernel=kernel), PLAIN, "kernel").endswith("stays as it was when backward is called with a quarter of the errors")


def test_the_error_of_the_last_step_of_a_chunk():
    def backward(right, saved, d_h):
        return right(saved, d_h=d_h if len(d_h) != 3 else np.concatenate((d_h[:-1], 0 * d_h[-1:])))

    assert of.errors_join(unit(kernel=Backend(backward=backward)), PLAIN, "kernel") == "d_x of two chunks is not that of the whole"


def test_the_error_of_the_start_of_a_chunk():
    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {**found, "h0": found["h0"] * (1 if len(d_h) in (1, 7) else 2)}

    assert of.errors_join(unit(kernel=Backend(backward=backward)), PLAIN, "kernel") == "d_x of two chunks is not that of the whole"


@pytest.mark.parametrize("name", ["image-context", "truncated-bptt", "skip-connections", "deep-recurrent", "narx"])
def test_nothing_is_said_of_right_chunks(name):
    """Of one input for all steps; of errors that stop, states from further back and states that are no outputs nothing is asked."""
    spec = refrnn.load(name)
    assert of.errors_join(spec, Truth(spec, next(case for case in cases(spec) if case.name == "ragged-float64")), "reference") is None


def test_errors_are_asked_about_with_all_that_a_case_chooses():
    """Of the clipped entries, which are none where the bound is as it was drawn."""
    spec = refrnn.load("clip-value")
    known = {truth.case.name: truth for truth in truths(spec, cases(spec))}
    right = spec.bindings["reference"]
    module = ModuleType("multiplies_by_a_mask")
    module.forward = right.load().forward
    module.backward = lambda saved, d_g_clipped: {"g": d_g_clipped * (np.abs(saved["g"]) <= saved["c"])}
    spec.bindings["reference"] = SimpleNamespace(load=lambda: module)
    try:
        texts = wrong_with(spec, known, "reference")
    finally:
        spec.bindings["reference"] = right
    assert texts[0].startswith("reference: d_g is NaN at places that no NaN reaches where the upstream gradient is NaN all over g_clipped in case c-low")
