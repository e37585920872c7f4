"""The main job: one spec held against all its backends on all its cases."""

import time
from dataclasses import asdict

from refrnn.errors import AnswerError, RefrnnError
from refrnn.spec.binding import Compiled
from refrnn.verify.adjoint import follow
from refrnn.verify.backends import KERNELS, compare, not_offered
from refrnn.verify.cases import OVERFLOWING, asked, cases
from refrnn.verify.claims import check_claims
from refrnn.verify.derivatives import confirm
from refrnn.verify.errata import as_errata
from refrnn.verify.handed import promises
from refrnn.verify.language import misread
from refrnn.verify.mutants import kill_matrix
from refrnn.verify.printed import check_misprints, check_printed_gradients
from refrnn.verify.properties import extended_precision_is_kept, of_choices, of_wide_work, properties, sequences_of_an_own_batch_are_alone
from refrnn.verify.report import SpecReport
from refrnn.verify.shapes import disagreements
from refrnn.verify.sensitivity import bluntest, sensitivity
from refrnn.verify.slopes import misled
from refrnn.verify.truth import Truth, truths
from refrnn.verify.typeset import unlike_what_is_run
from refrnn.verify.variants import compare_variant, variants
from refrnn.verify.witnesses import unlike_its_witness

# The cases on which numerical derivatives, variants and the properties of backends are tried; derivatives, at the quick
# level, where sequences are of all lengths.
DERIVATIVE_CASES = ("plain-float64", "ragged-float64", "one-step-float64")
VARIANT_CASES = ("plain-float32", "ragged-float64", "width-20-float32", "one-step-float32", OVERFLOWING)
PROPERTY_CASES = ("plain-float32", "ragged-float64", "one-step-float32")
# One that is not about sequences, and has more numbers than a thread takes at once; one of more units than a part of them has, which
# the quick level draws for this alone.
WIDE_CASES = ("large-float32", "width-16-float64")
# The equation in float32 shares all but its numbers' type with the equation in float64.
EQUATION_CASES = ("plain-float32", "ragged-float32")
_MEND = "add a case that tells it, or list it under equivalent with the reason"


def verify_spec(spec, backends=None, level="quick", mutants=False, step=lambda text: None, sensitive=False, language=True):
    """Verify ``spec`` and return its :class:`SpecReport`.

    ``backends`` names some of the spec's backends (all where None), or holds modules of one's own; ``level`` is
    "quick" or "full"; ``mutants`` adds the kill matrix, ``sensitive`` the smallest errors that are found; ``step(text)`` is called before each piece of work.
    ``language`` adds what equations mean, which hangs on no spec: of many it is enough to ask it with one.
    """
    started = time.perf_counter()
    chosen = _held(spec, level) if backends is None else tuple(backends)
    report = SpecReport(spec.id, spec.title, tuple(b if isinstance(b, str) else b.__name__ for b in chosen))
    found, drawn = {}, asked(spec, level)
    for case, truth in zip(drawn, truths(spec, drawn)):
        step(case.name)
        found[case.name] = truth
        if truth.case.stretch != case.stretch:
            report.gentler.append({"case": case.name, "stretch": truth.case.stretch})
        if truth.case.numbers != case.numbers:
            report.gentler.append({"case": case.name, "numbers": list(map(str, truth.case.numbers))})
        if truth.case.sizes != case.sizes:
            report.gentler.append({"case": case.name, "sizes": truth.case.sizes})
        if truth.case.still != case.still:
            report.gentler.append({"case": case.name, "still": truth.case.still})
        if truth.undecided:
            report.undecided.append({"case": case.name, "symbols": truth.undecided})
        for backend in chosen:
            _compare(report, spec, truth, backend, level)
        if truth.left_out:
            report.left_out.append({"case": case.name, "quantities": truth.left_out})
        report.cases += 1
    report.failures += [f"library: {text}" for text in promises(spec, _ragged(found))]
    report.failures += unlike_its_witness(spec, _ragged(found)) + (list(misread()) + misled() if language else [])
    report.failures += unlike_what_is_run(spec)
    # Of different lengths, an equation's sequences are taken apart.
    texts = extended_precision_is_kept(spec, _ragged(found), "equation"), sequences_of_an_own_batch_are_alone(spec, found["plain-float64"], "equation")
    report.failures += [f"equation: {text}" for text in texts if text]
    for backend in chosen:
        if backend != "equation":
            step(f"variants and properties of {backend}")
            _variants(report, spec, found, backend, level)
            _properties(report, spec, found, backend, level)
    # The reference is what the others are held against, and the equation is what it is held against where it is alone.
    for backend in [one for one in chosen if one not in ("equation", "reference")] or [one for one in chosen if one == "reference"]:
        _shapes(report, spec, backend, level)
    _derivatives(report, spec, found, step, level)
    # Claims are about the equations: what was held against them just now may stand for them, but not at the full level.
    _text_checks(report, spec, found, chosen if level == "quick" else (), step)
    if mutants:
        _mutants(report, spec, found, step)
    if sensitive:
        _sensitivity(report, spec, found, step)
    report.seconds = time.perf_counter() - started
    return report


def _held(spec, level):
    """The backends that a level holds against the equation.

    The compiled kernel is held once, as that of a row where there is no other. Of a cell of the gallery, and beside another
    kernel, at the full level alone: it takes long to make.
    """
    if level == "quick" and (spec.group or "kernel" in spec.bound) or isinstance(spec.bindings.get("kernel"), Compiled):
        return "equation", *spec.bound
    return spec.backends


def wrong_with(spec, found, backend, level="quick"):
    """All that is wrong with one backend, in words; ``found`` maps names of cases to their truths."""
    report = SpecReport(spec.id)
    for truth in found.values():
        _compare(report, spec, truth, backend, level)
    _variants(report, spec, found, backend, level)
    _properties(report, spec, found, backend, level)
    _shapes(report, spec, backend, level)
    return report.failures


def _compare(report, spec, truth, backend, level):
    if backend == "equation" and truth.case.name not in EQUATION_CASES and _is_of_backends(truth.case, level):
        return
    if backend == "compiled" and truth.case.extreme and truth.failures:
        return  # values that leave the text itself no digit
    judged, findings = _tried(report, truth.case.name, backend, lambda: compare(spec, truth, backend)) or ([], [])
    missing = not_offered(truth, {(worst.kind, worst.quantity) for worst in judged})
    report.not_offered.update({_named(backend): missing} if judged and missing and not truth.case.extreme else {})
    for worst in judged:
        report.note_worst(worst, _named(backend), truth.case.name)
    texts = map(str, findings)
    report.failures += [text for text in dict.fromkeys(texts) if text not in report.failures]


def _is_of_backends(case, level):
    """Whether a case has nothing to ask the equation, which knows no blocks of numbers."""
    return case.dtype == "float32" or level == "quick" and case.name.startswith("width")


def _named(backend):
    return backend if isinstance(backend, str) else backend.__name__


def _variants(report, spec, found, backend, level):
    for name in VARIANT_CASES:
        for variant in variants(spec, found[name], wide=backend != "reference", level=level) if name in found and not report.failures else ():
            findings = _tried(report, variant.name, backend, lambda: compare_variant(spec, found[name], backend, variant)) or []
            report.failures += [str(finding) for finding in findings]


def _properties(report, spec, found, backend, level):
    for name in PROPERTY_CASES:
        if name in found and not report.failures:
            report.failures += [str(finding) for finding in properties(spec, found[name], backend, level)]
    for case in cases(spec) if backend in KERNELS else ():
        if case.name in WIDE_CASES and not report.failures:
            report.failures += [str(finding) for finding in of_wide_work(spec, found.get(case.name) or Truth.drawn(spec, case), backend)]
    for truth in {truth.case.problem(): truth for truth in found.values() if truth.case.values}.values():
        if not report.failures:
            report.failures += [str(finding) for finding in of_choices(spec, truth, backend)]


def _shapes(report, spec, backend, level):
    if not report.failures:
        report.failures += map(str, _tried(report, "of some shape", backend, lambda: disagreements(spec, backend, level)) or [])


def _tried(report, case, backend, ask):
    """What ``ask`` says; None where the backend raises, which is a finding: it is anyone's code."""
    try:
        return ask()
    except AnswerError as error:
        report.failures.append(f"{_named(backend)}: {error}, in case {case}")
    except RefrnnError:
        raise
    except Exception as error:
        report.failures.append(f"{_named(backend)}: raises {type(error).__name__} ({error}) in case {case}")


def _derivatives(report, spec, found, step, level):
    if not spec.differentiated:
        return
    step("numerical derivatives")
    chosen = [_ragged(found)] if level == "quick" else [found[name] for name in DERIVATIVE_CASES if name in found]
    confirmed = [confirm(spec, truth) for truth in chosen]
    worst = max(confirmed, key=lambda one: one.error)
    report.derivative = {"method": worst.method, "error": worst.error, "where": worst.symbol}
    if not worst.ok:
        report.failures.append(f"equation: {worst}")
    step("adjoint equations")
    followed = follow(spec, chosen)
    report.adjoint = {"equations": followed.equations, "error": followed.error, "where": followed.symbol, "refused": followed.refused}
    if not followed.ok:
        report.failures.append(f"equation: {followed}")


def _ragged(found):
    """The truth of the ragged case, of a spec without time of the plain one."""
    return found.get("ragged-float64") or found["plain-float64"]


def _text_checks(report, spec, found, backends, step):
    """Printed gradients, misprints, and claims by the fastest of the ``backends`` or by the equations."""
    truth = _ragged(found)
    if spec.misprints or spec.printed_gradients:
        step("printed lines")
    results, misprints = check_printed_gradients(spec, truth)
    for result in results:
        report.printed.append({"from": result.lecture, "checked": list(result.checked), "error": result.worst})
        report.failures += result.failures
    if spec.claims:
        step("claims")
    claims = check_claims(spec, backends)
    report.claims += [claim.as_dict() for claim in claims]
    misprints += check_misprints(spec, truth)
    report.errata += as_errata(misprints, claims)
    report.failures += [f"misprint {found.misprint.quote.shown()!r}: {found.shown}" for found in misprints if not found.ok]
    report.failures += [f"claim {c.claim.statement!r} does not turn out as {c.claim.verdict}: {c.shown}" for c in claims if not c.ok]


def _mutants(report, spec, found, step):
    # Cases that share their truth kill the same mutants.
    apart = {id(truth.quantities): name for name, truth in reversed(found.items())}
    matrix = kill_matrix(spec, {name: found[name] for name in reversed(apart.values())}, step)
    report.mutants = {"tried": matrix.tried, "killed": matrix.killed, "by_case": matrix.by_case}
    report.mutants["equivalent"] = len(matrix.proved) + len(matrix.listed)
    for verdict in ("refused", "proved", "listed", "alive"):
        report.mutants[verdict] = [{"mutant": name, "because": why} for name, why in getattr(matrix, verdict)]
    report.failures += [f"mutant lives: {name}: {why}; {_MEND}" for name, why in matrix.alive]
    report.failures += [f"mutant listed as equivalent is {reason}: {name}" for name, reason in matrix.wrongly_listed]


def _sensitivity(report, spec, truths, step):
    found = sensitivity(spec, truths, step)
    symbols = [asdict(least) | {"text": str(least)} for least in found]
    report.sensitivity = {"bluntest": str(bluntest(found)) if found else None, "symbols": symbols}
