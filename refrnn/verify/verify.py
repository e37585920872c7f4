"""The main job: one spec held against all its backends on all its cases."""

import time

from refrnn.errors import AnswerError, RefrnnError
from refrnn.verify.backends import compare, not_offered, properties, threads_agree
from refrnn.verify.cases import cases
from refrnn.verify.claims import check_claims
from refrnn.verify.derivatives import confirm
from refrnn.verify.errata import as_errata
from refrnn.verify.mutants import kill_matrix
from refrnn.verify.printed import check_misprints, check_printed_gradients
from refrnn.verify.report import SpecReport
from refrnn.verify.truth import Truth

# The cases on which numerical derivatives and the properties of backends are tried.
DERIVATIVE_CASES = ("plain-float64", "ragged-float64", "one-step")
PROPERTY_CASES = ("plain-float32", "ragged-float64")
THREAD_CASES = ("plain-float64", "ragged-float32", "rows-float32")
_MEND = "add a case that tells it, or list it under equivalent with the reason"


def verify_spec(spec, backends=None, level="quick", mutants=False, step=lambda text: None):
    """Verify ``spec`` and return its :class:`SpecReport`.

    ``backends`` names some of the spec's backends (all where None), or holds modules of one's own; ``level`` is
    "quick" or "full"; ``mutants`` adds the kill matrix; ``step(text)`` is called before each piece of work.
    """
    started = time.perf_counter()
    chosen = tuple(spec.backends if backends is None else backends)
    report = SpecReport(spec.id, spec.title, tuple(b if isinstance(b, str) else b.__name__ for b in chosen))
    truths = {}
    for case in cases(spec, level):
        step(case.name)
        truths[case.name] = truth = Truth(spec, case)
        if truth.undecided:
            report.undecided.append({"case": case.name, "symbols": truth.undecided})
        for backend in chosen:
            _compare(report, spec, truth, backend)
        report.cases += 1
    _properties(report, spec, truths, chosen, step)
    _derivatives(report, spec, truths, step)
    _text_checks(report, spec, truths, step)
    if mutants:
        _mutants(report, spec, truths, step)
    report.seconds = time.perf_counter() - started
    return report


def _compare(report, spec, truth, backend):
    try:
        judged, findings = compare(spec, truth, backend)
    except AnswerError as error:
        report.failures.append(f"{_named(backend)}: {error}, in case {truth.case.name}")
        return
    except RefrnnError:
        raise
    except Exception as error:  # a backend is anyone's code: what it raises is a finding
        report.failures.append(f"{_named(backend)}: raises {type(error).__name__} ({error}) in case {truth.case.name}")
        return
    missing = not_offered(truth, {(worst.kind, worst.quantity) for worst in judged})
    report.not_offered.update({_named(backend): missing} if missing else {})
    for worst in judged:
        report.note_worst(worst, _named(backend), truth.case.name)
    texts = map(str, findings)
    report.failures += [text for text in dict.fromkeys(texts) if text not in report.failures]


def _named(backend):
    return backend if isinstance(backend, str) else backend.__name__


def _properties(report, spec, truths, chosen, step):
    if report.failures:
        return
    for name in PROPERTY_CASES:
        if name in truths:
            for backend in chosen:
                if backend != "equation":
                    step(f"properties of {backend}")
                    report.failures += [str(finding) for finding in properties(spec, truths[name], backend)]
    if "kernel" in chosen:
        step("threads")
        found = [threads_agree(spec, truths[name]) for name in THREAD_CASES if name in truths]
        report.failures += [str(finding) for finding in found if finding is not None]


def _derivatives(report, spec, truths, step):
    if not spec.differentiated:
        return
    step("numerical derivatives")
    found = [confirm(spec, truths[name]) for name in DERIVATIVE_CASES if name in truths]
    worst = max(found, key=lambda confirmed: confirmed.error)
    report.derivative = {"method": worst.method, "error": worst.error, "where": worst.symbol}
    if not worst.ok:
        report.failures.append(f"equation: {worst}")


def _text_checks(report, spec, truths, step):
    """Printed gradients, misprints and claims."""
    truth = truths.get("ragged-float64") or truths["plain-float64"]
    if spec.misprints or spec.printed_gradients:
        step("printed lines")
    results, misprints = check_printed_gradients(spec, truth)
    for result in results:
        report.printed.append({"from": result.lecture, "checked": list(result.checked), "error": result.worst})
        report.failures += result.failures
    if spec.claims:
        step("claims")
    claims = check_claims(spec)
    report.claims += [claim.as_dict() for claim in claims]
    misprints += check_misprints(spec, truth)
    report.errata += as_errata(misprints, claims)
    report.failures += [f"misprint {found.misprint.quote.shown()!r}: {found.shown}" for found in misprints if not found.ok]
    report.failures += [f"claim {c.claim.statement!r} does not turn out as {c.claim.verdict}: {c.shown}" for c in claims if not c.ok]


def _mutants(report, spec, truths, step):
    matrix = kill_matrix(spec, truths, step)
    report.mutants = {"tried": matrix.tried, "killed": matrix.killed, "by_case": matrix.by_case}
    report.mutants["equivalent"] = len(matrix.proved) + len(matrix.listed)
    for verdict in ("refused", "proved", "listed", "alive"):
        report.mutants[verdict] = [{"mutant": name, "because": why} for name, why in getattr(matrix, verdict)]
    report.failures += [f"mutant lives: {name}: {why}; {_MEND}" for name, why in matrix.alive]
    report.failures += [f"mutant listed as equivalent is {reason}: {name}" for name, reason in matrix.wrongly_listed]

