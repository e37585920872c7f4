"""The main job: one spec held against all its backends on all its cases."""

import time
from dataclasses import asdict

from refrnn.errors import RefrnnError
from refrnn.verify.backends import compare, properties, threads_agree
from refrnn.verify.cases import cases
from refrnn.verify.claims import check_claims
from refrnn.verify.derivatives import confirm
from refrnn.verify.mutants import kill_matrix
from refrnn.verify.printed import check_misprints, check_printed_gradients
from refrnn.verify.report import SpecReport
from refrnn.verify.truth import Truth

# The cases on which numerical derivatives and the properties of backends are tried.
DERIVATIVE_CASES = ("plain-float64", "ragged-float64", "one-step")
PROPERTY_CASES = ("plain-float32", "ragged-float64")
THREAD_CASES = ("plain-float64", "ragged-float32", "rows-float32")


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
    except RefrnnError:
        raise
    except Exception as error:  # a backend is anyone's code: what it raises is a finding
        name = backend if isinstance(backend, str) else backend.__name__
        report.failures.append(f"{name}: raises {type(error).__name__} ({error}) in case {truth.case.name}")
        return
    for worst in judged:
        report.note_worst(worst, backend if isinstance(backend, str) else backend.__name__, truth.case.name)
    report.failures += [str(finding) for finding in findings]


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
    report.claims += [asdict(claim) | {"from": claim.lecture} for claim in claims]
    report.errata += _as_errata(check_misprints(spec, truth) + misprints, claims)
    report.failures += [f"misprint {e['printed']!r}: {e['shown']}" for e in report.errata if not e["ok"]]
    report.failures += [f"claim {c.says!r} does not turn out as {c.verdict}: {c.shown}" for c in claims if not c.ok]


def _as_errata(misprints, claims):
    """Misprints, and the claims that fail, each with its mend; a line that is both is one erratum, shown both ways."""
    errata = {}
    for misprint in misprints:
        entry = {"from": misprint.lecture, "printed": misprint.printed, "says": misprint.says, "shown": misprint.shown, "ok": misprint.ok}
        errata[misprint.lecture, misprint.printed] = entry
    for claim in claims:
        if claim.verdict != "fails" or not claim.ok:
            continue
        entry = errata.setdefault((claim.lecture, claim.says), {"from": claim.lecture, "printed": claim.says, "shown": "", "ok": True})
        entry["says"] = claim.mended
        entry["shown"] = "; ".join(text for text in (entry["shown"], claim.shown) if text)
    return list(errata.values())


def errata_of(spec):
    """The errata of a spec alone, each shown anew; a false statement that can't be shown false is among them, not ok."""
    by_name = {case.name: case for case in cases(spec)}
    truth = Truth(spec, by_name.get("ragged-float64") or by_name["plain-float64"])
    claims = check_claims(spec)
    unshown = [
        {"from": claim.lecture, "printed": claim.says, "says": claim.mended, "shown": claim.shown, "ok": False}
        for claim in claims
        if claim.verdict == "fails" and not claim.ok
    ]
    return _as_errata(check_misprints(spec, truth) + check_printed_gradients(spec, truth)[1], claims) + unshown


def _mutants(report, spec, truths, step):
    matrix = kill_matrix(spec, truths, step)
    report.mutants = {
        "tried": matrix.tried,
        "killed": matrix.killed,
        "equivalent": len(matrix.equivalent),
        "survivors": list(matrix.survivors),
        "by_case": matrix.by_case,
    }
    report.failures += [f"mutant lives: {name}; add a case that tells it, or list it under equivalent with the reason" for name in matrix.survivors]
    report.failures += [f"mutant listed as equivalent is {reason}: {name}" for name, reason in matrix.wrongly_listed]
