"""Tests the lectures' statements: each claim names a function in refrnn/claims/<group>/<id>.py that shows it."""

import importlib
import importlib.util
from dataclasses import dataclass


@dataclass(frozen=True)
class ClaimResult:
    """A claim with its verdict in the spec and what was found."""

    says: str
    lecture: str
    verdict: str
    mended: str
    shown: str
    ok: bool


def check_claims(spec):
    """Run every claim of a spec."""
    return [_check(spec, claim) for claim in spec.claims]


def _check(spec, claim):
    function = claim_function(spec, claim.test)
    if function is None:
        shown = f"refrnn/claims/{spec.group}/{module_name(spec)}.py has no function {claim.test}"
        return ClaimResult(claim.says, claim.lecture, claim.verdict, claim.mended, shown, False)
    try:
        found = function(spec)
    except Exception as error:  # a claim that can't be tested is not shown, and the others still are
        shown = f"{claim.test} raises {type(error).__name__} ({error})"
        return ClaimResult(claim.says, claim.lecture, claim.verdict, claim.mended, shown, False)
    ok = found.holds == (claim.verdict == "holds")
    if claim.verdict == "fails":
        ok = ok and found.mend_holds is True
    return ClaimResult(claim.says, claim.lecture, claim.verdict, claim.mended, found.evidence, bool(ok))


def module_name(spec):
    return spec.id.replace("-", "_")


def claim_function(spec, name):
    """The function that shows a claim, or None."""
    module = f"refrnn.claims.{spec.group}.{module_name(spec)}"
    if not spec.group or importlib.util.find_spec(module) is None:
        return None
    return getattr(importlib.import_module(module), name, None)
