"""What is wrong anywhere is in the report, whoever finds it: comparison, variant, property, derivative, text, mutant."""

from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from unit import Backend, off, unit

import refrnn
from refrnn.backends import equation
from refrnn.errors import AnswerError, RefrnnError
from refrnn.verify import verify
from refrnn.verify.cases import OVERFLOWING, SPECIAL, Case, asked, cases
from refrnn.verify.derivatives import Confirmed
from refrnn.verify.truth import Truth, truths
from refrnn.verify.variants import variants
from refrnn.verify.verify import verify_spec, wrong_with


def one_failure(report, words):
    assert not report.ok and any(words in text for text in report.failures), report.failures[:3]


def test_nothing_is_wrong_where_nothing_is_planted():
    report = verify_spec(unit(), mutants=True)
    assert report.ok and report.failures == [] and report.cases == len(asked(unit())) and report.backends == ("equation", "reference", "kernel")
    assert report.derivative["error"] < 1e-15 and report.worst["forward"]["ulp"] > 0 and report.mutants["killed"] > 10


# ------------------------------------------------------------ comparison


@pytest.mark.parametrize("quantity", ["h", "a", "d_x", "d_h0", "d_u"])
@pytest.mark.parametrize("backend", ["reference", "kernel"])
def test_every_quantity_of_a_backend(backend, quantity):
    one_failure(verify_spec(unit(**{backend: off(quantity)})), f"{backend}: {quantity} differs at [")


@pytest.mark.parametrize("backend", ["reference", "kernel", off("h").load()], ids=["reference", "kernel", "module"])
def test_comparison_finds_by_itself(monkeypatch, backend):
    """Without variants and properties, which compare too: in each case, and each quantity that is wrong."""
    monkeypatch.setattr(verify, "VARIANT_CASES", ())
    monkeypatch.setattr(verify, "PROPERTY_CASES", ())
    report = verify_spec(unit(reference=off("h"), kernel=off("h")), [backend])
    name = backend if isinstance(backend, str) else "planted"
    found = {text.partition(" in case ")[2].partition(",")[0] for text in report.failures}
    # By a factor: where all is zero, nothing is wrong.
    assert found == {case.name for case in asked(unit())} - {"all-zero"} and all(f"{name}: h differs at [" in text for text in report.failures)
    assert report.worst["forward"]["where"].startswith("h at [") and report.cases == len(found) + 1
    both = verify_spec(unit(kernel=Backend(off_twice)), ["kernel"]).failures
    assert any("kernel: h differs" in text for text in both) and any("kernel: a differs" in text for text in both)


def off_twice(right, **arguments):
    outputs, saved = right(**arguments)
    return {"h": 2 * outputs["h"]}, {**saved, "a": 2 * saved["a"]}


@pytest.mark.parametrize("quantity", ["h", "d_u"])
def test_a_module_of_ones_own(quantity):
    one_failure(verify_spec(unit(), [off(quantity).load()]), f"planted: {quantity} differs at [")
    assert verify_spec(unit(), [Backend().load()]).ok


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_equation_in_its_own_arithmetic(monkeypatch, dtype):
    """In one precision alone."""
    from refrnn.backends import equation

    right = equation.answer

    def wrong(spec, checked):
        outputs, saved, backward = right(spec, checked)
        return {name: array * (1.5 if checked.dtype == dtype else 1) for name, array in outputs.items()}, saved, backward

    monkeypatch.setattr(equation, "answer", wrong)
    one_failure(verify_spec(unit(), ["equation"]), "equation: h differs at [")
    assert verify_spec(unit(), ["kernel"]).ok


def test_every_case_counts():
    """Wrong from the twentieth step on, for one unit, in one precision."""

    def forgetful(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        return {"h": np.where(np.arange(len(x))[:, None, None] < 20, outputs["h"], 0)}, saved

    def of_one_unit(right, u, **arguments):
        outputs, saved = right(u=u, **arguments)
        return {"h": outputs["h"] * (1 if len(u) > 1 or u.dtype == np.float64 else 1.5)}, saved

    one_failure(verify_spec(unit(kernel=Backend(forgetful))), "in case 258 steps")
    one_failure(verify_spec(unit(kernel=Backend(of_one_unit))), "in case one-")


def test_zeros_that_are_no_missing_values():
    """A start of zeros still has a gradient, and a step whose inputs are zero still is one."""

    def no_gradient_of_zeros(right, saved, **d):
        return {**(found := right(saved, **d)), "h0": found["h0"] * saved["h0"].any()}

    def skips_zeros(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        return {"h": np.where(x.any(axis=-1, keepdims=True) | np.isnan(x), outputs["h"], 0)}, saved

    one_failure(verify_spec(unit(kernel=Backend(backward=no_gradient_of_zeros)), ["kernel"]), "d_h0 differs at [0, 0] in case still-float")
    one_failure(verify_spec(unit(kernel=Backend(skips_zeros)), ["kernel"]), "h differs at [1, 0, ")


def raising(error):
    def forward(right, **arguments):
        raise error

    return Backend(forward)


@pytest.mark.parametrize("error, words", [
    (ZeroDivisionError("none"), "kernel: raises ZeroDivisionError (none) in case plain-float64"),
    (AnswerError("no answer"), "kernel: no answer, in case plain-float64"),
])  # fmt: skip
def test_a_backend_that_gives_no_answer(error, words):
    one_failure(verify_spec(unit(kernel=raising(error)), ["kernel"]), words)


def test_what_the_library_refuses_is_no_finding():
    """It is a call that can't be made, not a backend that is wrong."""
    with pytest.raises(RefrnnError, match="not so"):
        verify_spec(unit(kernel=raising(RefrnnError("not so"))), ["kernel"])


def test_what_nothing_compares_is_said():
    def silent(right, **arguments):
        outputs, saved = right(**arguments)
        return outputs, {"kept": saved}

    quiet = Backend(silent, lambda right, saved, **d: right(saved["kept"], **d))
    report = verify_spec(unit(reference=quiet, kernel=quiet), ["reference", "kernel"])
    assert report.ok and report.not_offered == {"reference": ["a"], "kernel": ["a"]}


def test_what_extreme_cases_leave_out_is_said(monkeypatch):
    monkeypatch.setattr(Truth, "left_out", property(lambda truth: ["h"] * (truth.case.name == "all-zero")))
    assert verify_spec(unit(), ["equation"]).left_out == [{"case": "all-zero", "quantities": ["h"]}]


def test_what_rounding_leaves_open_is_said():
    text = "id: open\ntitle: A\nsizes: {H: units}\nsymbols:\n  w: {role: parameter, shape: [H]}\nequations:\n  - z = w - 0.3 * w - 0.7 * w\n  - y = relu(z)\noutputs: [y]\n"
    assert {"case": "plain-float64", "symbols": ["y"]} in verify_spec(refrnn.load_text(text)).undecided


# ------------------------------------------------------------ variants and properties


def in_batches(size):
    """A kernel whose last sequence is lost in batches of ``size`` and more."""

    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        if x.ndim == 3 and x.shape[1] >= size:
            outputs["h"][:, -1] = 0
        return outputs, saved

    return Backend(forward)


def test_variants_are_tried():
    one_failure(verify_spec(unit(kernel=in_batches(17))), "sequences, ")
    assert verify_spec(unit(kernel=in_batches(2000))).ok


def test_a_backend_that_gives_no_answer_in_a_variant():
    def forward(right, x, **arguments):
        if x.shape[1] == 17:
            raise ValueError("too many")
        return right(x=x, **arguments)

    one_failure(verify_spec(unit(kernel=Backend(forward)), ["kernel"]), "kernel: raises ValueError (too many) in case plain-float32 (17 sequences")


@pytest.mark.parametrize("name", ["plain-float32", "ragged-float64", "width-20-float32", "one-step-float32"])
def test_variants_of_every_case_named_for_them(name):
    """Wrong where the batch, the precision and the steps are those of the case's variants alone."""
    case = next(case for case in cases(unit()) if case.name == name)
    steps, units = len(case.draw(unit())[0]["x"]), len(case.draw(unit())[0]["u"])
    widest = max(variants(unit(), Truth(unit(), case), level="quick"), key=lambda variant: len(variant.places))
    most, steps = len(widest.places), steps + widest.steps

    def forward(right, x, **arguments):
        outputs, saved = right(x=x, **arguments)
        wrong = x.shape[1] == most and x.dtype == case.dtype and x.shape[0] == steps and x.shape[2] == units
        if wrong and (arguments["lengths"] is not None and arguments["lengths"].min() < steps) == (case.ragged or widest.steps > 0):
            outputs["h"][:, -1] = 0
        return outputs, saved

    one_failure(verify_spec(unit(kernel=Backend(forward)), ["kernel"]), f"in case {name} ({most} sequences")


def test_variants_of_a_case_that_overflows():
    """Wrong where the arrays are longer than the case's; there are such cases where no function has a bound."""
    spec = refrnn.load("linear-recursion")
    case, right = next(case for case in cases(spec) if case.name == OVERFLOWING), spec.bindings["kernel"].load()
    found = {OVERFLOWING: Truth(spec, case)}
    (variant,) = variants(spec, found[OVERFLOWING])

    def forward(x, **arguments):
        outputs, saved = right.forward(x=x, **arguments)
        if len(x) == len(found[OVERFLOWING].checked.arrays["x"]) + variant.steps:
            outputs["h"][0] = 0
        return outputs, saved

    module = ModuleType("planted")
    module.forward, module.backward = forward, right.backward
    assert wrong_with(spec, found, right) == []
    told = wrong_with(spec, found, module)
    assert len(told) == 1 and variant.name in told[0]


def test_a_reference_is_asked_once_for_each_sequence_and_no_more():
    """In large batches it does what it does in small ones; a kernel does not."""
    asked = []

    def counting(right, **arguments):
        asked.append(1)
        return right(**arguments)

    assert verify_spec(unit(reference=Backend(counting)), ["reference"]).ok
    assert len(asked) < 20 * sum(case.batch for case in cases(unit()))
    of_kernel = []

    def measuring(right, x, **arguments):
        of_kernel.append(x.shape[1])
        return right(x=x, **arguments)

    assert verify_spec(unit(kernel=Backend(measuring)), ["kernel"]).ok
    assert {8, 16, 17, 20, 64, 65, 67} <= set(of_kernel)


def doubled_by(condition):
    """A gradient that depends on what it must not: it is right for the upstream gradient of the cases."""

    def backward(right, saved, d_h):
        found = right(saved, d_h=d_h)
        return {name: array * (2 if condition(saved, d_h) else 1) for name, array in found.items()}

    return Backend(backward=backward)


@pytest.mark.parametrize("name", ["plain-float32", "ragged-float64", "one-step-float32"])
def test_properties_are_tried_on_every_case_named_for_them(name):
    case = next(case for case in cases(unit()) if case.name == name)
    steps = len(case.draw(unit())[0]["x"])

    def large(saved, d_h):
        return d_h.dtype == case.dtype and len(d_h) == steps and np.nanmax(np.abs(d_h)) > 100

    told = f"kernel: d_x is not linear in the upstream gradient in case {name}"
    one_failure(verify_spec(unit(kernel=doubled_by(large)), ["kernel"], "full"), told)
    quick = verify_spec(unit(kernel=doubled_by(large)), ["kernel"])
    assert told in quick.failures if case.ragged else quick.ok  # where all are whole, quick asks what goes another way then


def test_all_that_is_wrong_with_one_backend():
    spec = unit()
    found = {truth.case.name: truth for truth in truths(spec, cases(spec))}
    assert wrong_with(spec, found, "kernel") == []
    for planted, words in (
        (off("h"), "in case ones-float64, "), (in_batches(17), "sequences, "), (doubled_by(lambda saved, d_h: np.nanmax(np.abs(d_h)) > 100), "not linear"),
    ):  # fmt: skip
        assert any(words in text for text in wrong_with(unit(kernel=planted), found, "kernel"))


@pytest.mark.parametrize("backends, asked", [
    (None, ["kernel"]), (["equation", "reference"], ["reference"]), (["equation"], []), (["reference", Backend().load()], ["planted"]),
], ids=["all", "reference", "equation", "module"])  # fmt: skip
def test_backends_that_are_asked_about_shapes(backends, asked, monkeypatch):
    """What others are held against is asked where it is alone."""
    given = []
    monkeypatch.setattr(verify, "disagreements", lambda spec, backend, level: given.append(backend if isinstance(backend, str) else backend.__name__) or [])
    monkeypatch.setattr(verify, "asked", lambda spec, level: cases(spec)[:1])
    assert verify_spec(unit(), backends).ok and given == asked


# ------------------------------------------------------------ derivatives


@pytest.mark.parametrize("name", ["plain-float64", "ragged-float64", "one-step-float64"])
def test_an_adjoint_that_is_not_confirmed(monkeypatch, name):
    def confirm(spec, truth):
        return Confirmed("complex step", 0.5 if truth.case.name == name else 0.0, "u")

    monkeypatch.setattr(verify, "confirm", confirm)
    report = verify_spec(unit(), ["equation"], "full")
    assert report.failures == ["equation: the gradient of u differs from complex step by 0.5 (allowed 1e-15)"]
    assert report.derivative == {"method": "complex step", "error": 0.5, "where": "u"}


def test_derivatives_are_asked_about_several_sequences_ragged_ones_and_one_step(monkeypatch):
    asked = []
    monkeypatch.setattr(verify, "confirm", lambda spec, truth: asked.append(truth.case) or Confirmed("complex step", 0.0, "u"))
    verify_spec(unit(), ["equation"])
    assert [case.name for case in asked] == ["ragged-float64"]
    verify_spec(unit(), ["equation"], "full")
    assert [case for case in asked if case.batch > 1 and not case.ragged and not case.sizes]
    assert [case for case in asked if case.ragged and case.sizes["T"] > 4] and [case for case in asked if case.sizes.get("T") == 1]


# ------------------------------------------------------------ what the lectures say


def found_of(text, ok):
    quote = SimpleNamespace(shown=lambda: text, as_json=lambda: {"from": "own", "where": "Slide"}, marks=lambda: [])
    return SimpleNamespace(misprint=SimpleNamespace(quote=quote, says="mended", kind="misprint"), shown="as printed", ok=ok)


@pytest.mark.parametrize("spec, case", [(unit(), "ragged-float64"), (refrnn.load("clip-value"), "plain-float64")], ids=["unit", "clip-value"])
def test_printed_lines_and_promises_are_asked_where_sequences_are_ragged(spec, case, monkeypatch):
    """And where there is no time, where nothing is special."""
    asked = []
    for name, nothing in (("promises", []), ("check_misprints", []), ("check_printed_gradients", ([], []))):
        monkeypatch.setattr(verify, name, lambda spec, truth, name=name, nothing=nothing: asked.append((name, truth.case.name)) or nothing)
    assert verify_spec(spec, []).ok
    assert asked == [("promises", case), ("check_printed_gradients", case), ("check_misprints", case)]


@pytest.mark.parametrize("check", ["check_misprints", "check_printed_gradients"])
def test_a_misprint_that_is_none(monkeypatch, check):
    wrong = [found_of("y = x", False), found_of("y = z", True)]
    monkeypatch.setattr(verify, check, lambda spec, truth: wrong if check == "check_misprints" else ([], wrong))
    report = verify_spec(unit(), ["equation"])
    assert report.failures == ["misprint 'y = x': as printed"] and [entry["printed"] for entry in report.errata] == ["y = x", "y = z"]


def test_a_printed_gradient_that_is_off(monkeypatch):
    result = SimpleNamespace(lecture="own", checked=("x",), worst=0.5, failures=("the printed gradient of x is off by 0.5",))
    monkeypatch.setattr(verify, "check_printed_gradients", lambda spec, truth: ([result], []))
    report = verify_spec(unit(), ["equation"])
    assert report.failures == ["the printed gradient of x is off by 0.5"] and report.printed == [{"from": "own", "checked": ["x"], "error": 0.5}]


@pytest.mark.parametrize("ok", [True, False])
def test_a_claim_that_does_not_turn_out(monkeypatch, ok):
    claim = SimpleNamespace(statement="it is stable", verdict="holds")
    result = SimpleNamespace(claim=claim, shown="1.5", ok=ok, as_dict=lambda: {"says": "it is stable"})
    monkeypatch.setattr(verify, "check_claims", lambda spec, backends: [result])
    report = verify_spec(unit(), ["equation"])
    assert report.failures == ([] if ok else ["claim 'it is stable' does not turn out as holds: 1.5"])
    assert report.claims == [{"says": "it is stable"}]


@pytest.mark.parametrize("level, backends, asked", [
    ("quick", None, ("equation", "reference", "kernel")),
    ("quick", ["equation", "reference"], ("equation", "reference")),
    ("full", None, ()),
])  # fmt: skip
def test_claims_run_by_what_was_held_against_the_equations(monkeypatch, level, backends, asked):
    given = []
    monkeypatch.setattr(verify, "check_claims", lambda spec, backends: given.append(backends) or [])
    monkeypatch.setattr(verify, "asked", lambda spec, level: cases(spec)[:1])
    verify_spec(refrnn.load("clip-value"), backends, level)
    assert given == [asked]


# ------------------------------------------------------------ cases made gentler


@pytest.mark.parametrize("what, made", [("stretch", {"stretch": -8.0}), ("still", {"still": True}), ("numbers", {"numbers": (0.0, 1000.0)}), ("sizes", {"sizes": {"T": 8}})])
def test_gentler_cases_are_said(monkeypatch, what, made):
    """Each with what it was judged with, and no others."""
    drawn = [*cases(unit())[:1], Case("made-float64", **made)]
    monkeypatch.setattr(verify, "asked", lambda spec, level: drawn)
    monkeypatch.setattr(verify, "truths", lambda spec, drawn: [Truth(spec, replace(case, stretch=1.0, still=False, numbers=SPECIAL, sizes=case.sizes and {"T": 4})) for case in drawn])
    assert verify_spec(unit(), ["equation"]).gentler == [{"case": "made-float64", what: {"stretch": 1.0, "still": False, "numbers": list(map(str, SPECIAL)), "sizes": {"T": 4}}[what]}]


# ------------------------------------------------------------ mutants and sensitivity


def test_mutants_that_live_and_lists_that_are_wrong(monkeypatch):
    matrix = SimpleNamespace(
        tried=4, killed=1, by_case={"plain": 1}, refused=(("r", "a cycle"),), proved=(("p", "why"),), listed=(("l", "why"),), alive=(("m", "untold"),), wrongly_listed=(("n", "killed"),)
    )
    monkeypatch.setattr(verify, "kill_matrix", lambda spec, truths, step: matrix)
    report = verify_spec(unit(), ["equation"], mutants=True)
    assert [text.partition(";")[0] for text in report.failures] == ["mutant lives: m: untold", "mutant listed as equivalent is killed: n"]
    assert report.mutants["equivalent"] == 2 and report.mutants["alive"] == [{"mutant": "m", "because": "untold"}]
    assert report.mutants["refused"] == [{"mutant": "r", "because": "a cycle"}]
    assert verify_spec(unit(), ["equation"]).mutants is None


def test_mutants_are_tried_on_every_truth_once(monkeypatch):
    given = []
    matrix = SimpleNamespace(tried=0, killed=0, by_case={}, refused=(), proved=(), listed=(), alive=(), wrongly_listed=())
    monkeypatch.setattr(verify, "kill_matrix", lambda spec, truths, step: given.extend(truths.values()) or matrix)
    assert verify_spec(unit(), ["equation"], mutants=True).ok
    assert {truth.case.problem() for truth in given} == {case.problem() for case in asked(unit(), "quick")}
    assert len({id(truth.quantities) for truth in given}) == len(given)  # once where both precisions share them


def test_sensitivity_is_given_where_it_is_asked_for():
    assert verify_spec(unit(), ["equation"]).sensitivity is None
    assert verify_spec(unit(), ["equation"], sensitive=True).sensitivity["bluntest"]


def test_steps_are_told():
    said = []
    verify_spec(unit(), ["equation", "kernel"], step=said.append)
    assert {"plain-float64", "variants and properties of kernel", "numerical derivatives"} <= set(said)


@pytest.mark.parametrize("name, case", [("clip-value", "large-float32"), ("lstm", "width-16-float64")])
def test_wide_work_is_asked_where_there_is_no_batch_and_where_units_are_many(name, case, monkeypatch):
    spec = refrnn.load(name)
    truth = Truth(spec, next(one for one in cases(spec) if one.name == case))
    monkeypatch.setattr(verify, "of_wide_work", lambda spec, truth, backend: [f"{truth.case.name} by {backend}"])
    assert verify.wrong_with(spec, {case: truth}, "kernel") == [f"{case} by kernel"]
    assert verify.wrong_with(spec, {case: truth}, "reference") == []


def test_wide_work_is_drawn_where_the_quick_level_has_no_truth_of_it(monkeypatch):
    asked = []
    monkeypatch.setattr(verify, "of_wide_work", lambda spec, truth, backend: asked.append((truth.case.name, truth.checked.batch, [*truth.upstream])) or [])
    assert verify.wrong_with(refrnn.load("lstm"), {}, "kernel") == [] and asked == [("width-16-float64", 2, ["h", "c"])]


def test_an_equation_that_runs_in_less_than_it_is_given(monkeypatch):
    """In extended precision it is: what is compared elsewhere has fewer digits."""
    right = equation.answer

    def answer(spec, checked):
        return right(spec, replace(checked, dtype=np.dtype("float64"), arrays={name: array.astype("float64") for name, array in checked.arrays.items()}))

    monkeypatch.setattr(equation, "answer", answer)
    assert "equation: h is computed in less than the precision that is given" in verify_spec(unit()).failures
