"""A claim turns out only as its verdict says: with the statement as found, a mend that holds, and a function that ran."""

from types import ModuleType, SimpleNamespace

import pytest

import refrnn
from refrnn.claims import Shown
from refrnn.spec.library import rows
from refrnn.verify import claims
from refrnn.verify.claims import check_claims


def checked(monkeypatch, verdict, found, test="shows"):
    """The result for one claim whose function returns or raises ``found``."""

    def shows(spec):
        if isinstance(found, Exception):
            raise found
        return found

    module = ModuleType("planted")
    module.shows = shows
    monkeypatch.setattr(claims.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(claims.importlib, "import_module", lambda name: module)
    claim = SimpleNamespace(test=test, verdict=verdict, statement="it is so", mended="it is not", quote=None)
    (result,) = check_claims(SimpleNamespace(claims=(claim,), group="own", id="a-cell", bound=()))
    return result


@pytest.mark.parametrize("verdict, holds, mend_holds, ok", [
    ("holds", True, None, True),
    ("holds", False, None, False),
    ("holds", False, True, False),
    ("fails", False, True, True),
    ("fails", True, True, False),
    ("fails", False, False, False),
    ("fails", False, None, False),
    ("misprint", False, True, True),
    ("misprint", True, True, False),
    ("remark", False, True, True),
    ("remark", True, True, False),
    ("remark", False, False, False),
    ("remark", False, None, False),
])  # fmt: skip
def test_what_turns_out(monkeypatch, verdict, holds, mend_holds, ok):
    result = checked(monkeypatch, verdict, Shown(holds, "1.5 times", mend_holds))
    assert result.ok is ok and result.shown == "1.5 times"
    assert result.as_dict() == {"from": "", "says": "it is so", "verdict": verdict, "mended": "it is not", "shown": "1.5 times", "ok": ok}


def test_every_claim_is_checked(monkeypatch):
    spec = max(map(refrnn.load, rows()), key=lambda spec: len(spec.claims))
    monkeypatch.setattr(claims, "claim_function", lambda spec, name: lambda spec: Shown(True, name))
    assert [result.shown for result in check_claims(spec)] == [claim.test for claim in spec.claims] and len(spec.claims) > 3


@pytest.mark.parametrize("named, kept", [
    ((), ("equation",)),
    (("equation", "reference"), ("equation", "reference")),
    (("kernel",), ("equation", "kernel")),
    (("equation", "reference", "kernel"), ("equation", "reference", "kernel")),
])  # fmt: skip
def test_claims_are_handed_no_backend_that_is_not_named(monkeypatch, named, kept):
    spec, handed = refrnn.load("clip-halving"), []
    monkeypatch.setattr(claims, "claim_function", lambda spec, name: lambda spec: handed.append(("equation", *spec.bound)) or Shown(True, "1"))
    check_claims(spec, named)
    assert set(handed) == {kept} and spec.bound == ("reference", "kernel")


def test_by_default_claims_run_by_the_equations_alone(monkeypatch):
    handed = []
    monkeypatch.setattr(claims, "claim_function", lambda spec, name: lambda spec: handed.append(("equation", *spec.bound)) or Shown(True, "1"))
    check_claims(refrnn.load("clip-halving"))
    assert set(handed) == {("equation",)}


@pytest.mark.parametrize("verdict", ["holds", "fails"])
def test_what_can_t_be_tested_is_not_shown(monkeypatch, verdict):
    result = checked(monkeypatch, verdict, ValueError("no number"))
    assert not result.ok and result.shown == "shows raises ValueError (no number)"
    result = checked(monkeypatch, verdict, Shown(True, ""), test="nothing")
    assert not result.ok and result.shown == "refrnn/claims/own/a_cell.py has no function nothing"
