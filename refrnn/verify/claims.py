"""Tests the lectures' statements: each claim names a function in refrnn/claims/<group>/<id>.py that shows it."""

import importlib
import importlib.util
from dataclasses import dataclass, replace

from refrnn.errors import MachineError
from refrnn.spec.spec import Claim


@dataclass(frozen=True)
class ClaimResult:
    """A claim of a spec and what was found; ``ok`` says that it turned out as its verdict."""

    claim: Claim
    shown: str
    ok: bool

    def as_dict(self):
        """The record of ``--json``."""
        claim = self.claim
        source = claim.quote.as_json() if claim.quote else {"from": ""}
        facts = {"says": claim.statement, "verdict": claim.verdict, "mended": claim.mended}
        return {**source, **facts, "shown": self.shown, "ok": self.ok}


def check_claims(spec, backends=()):
    """Run every claim of a spec by the fastest of those of its backends that are named, else by its equations."""
    others = {kind for kind in spec.bound if kind not in backends}
    if others:
        spec = replace(spec, bindings={kind: binding for kind, binding in spec.bindings.items() if kind not in others})
    return [_check(spec, claim) for claim in spec.claims]


def _check(spec, claim):
    function = claim_function(spec, claim.test)
    if function is None:
        shown = f"refrnn/claims/{spec.group}/{module_name(spec)}.py has no function {claim.test}"
        return ClaimResult(claim, shown, False)
    try:
        found = function(spec)
    except MachineError:
        raise
    except Exception as error:  # a claim that can't be tested is not shown, and the others still are
        shown = f"{claim.test} raises {type(error).__name__} ({error})"
        return ClaimResult(claim, shown, False)
    ok = found.holds == (claim.verdict == "holds")
    if claim.verdict != "holds":
        ok = ok and found.mend_holds is True
    return ClaimResult(claim, found.evidence, bool(ok))


def module_name(spec):
    return spec.id.replace("-", "_")


def claim_function(spec, name):
    """The function that shows a claim, or None."""
    module = f"refrnn.claims.{spec.group}.{module_name(spec)}"
    if not spec.group or importlib.util.find_spec(module) is None:
        return None
    return getattr(importlib.import_module(module), name, None)
