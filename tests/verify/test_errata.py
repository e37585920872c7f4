"""What is to be corrected is told whole, in its kind, and as shown only where it was shown."""

from types import SimpleNamespace

import pytest

import refrnn
from refrnn.verify import errata
from refrnn.verify.errata import as_errata, errata_of

QUOTE = SimpleNamespace(as_json=lambda: {"from": "own", "where": "Slide"}, shown=lambda: "printed", marks=lambda: [])


def claim(verdict, ok=True, taken=""):
    return SimpleNamespace(claim=SimpleNamespace(verdict=verdict, quote=QUOTE, taken=taken, mended="mended"), shown="1.5", ok=ok)


def misprint(ok=True, kind="misprint"):
    return SimpleNamespace(misprint=SimpleNamespace(quote=QUOTE, says="mended", kind=kind), shown="1.5", ok=ok)


@pytest.mark.parametrize("verdict, kind", [("fails", "false"), ("misprint", "misprint"), ("remark", "remark")])
@pytest.mark.parametrize("ok", [True, False])
def test_kinds_of_claims(verdict, kind, ok):
    (entry,) = as_errata([], [claim("holds"), claim(verdict, ok, "as said")])
    assert entry == {"kind": kind, "from": "own", "where": "Slide", "taken": "as said", "printed": "printed", "marks": [], "says": "mended", "shown": "1.5", "ok": ok}


@pytest.mark.parametrize("kind", ["misprint", "remark"])
@pytest.mark.parametrize("ok", [True, False])
def test_printed_lines(ok, kind):
    (entry,) = as_errata([misprint(ok, kind)], [])
    assert entry["kind"] == kind and entry["ok"] is ok and "taken" not in entry


def test_all_of_a_spec_are_told(monkeypatch):
    """Those of its equations, of its printed gradients and of its statements."""
    monkeypatch.setattr(errata, "check_misprints", lambda spec, truth: [misprint()])
    monkeypatch.setattr(errata, "check_printed_gradients", lambda spec, truth: ([], [misprint(False)]))
    monkeypatch.setattr(errata, "check_claims", lambda spec: [claim("fails"), claim("holds")])
    assert [(entry["kind"], entry["ok"]) for entry in errata_of(refrnn.load("clip-value"))] == [("misprint", True), ("misprint", False), ("false", True)]


@pytest.mark.parametrize("name, case", [("elman", "ragged-float64"), ("clip-value", "plain-float64")])
def test_lines_are_run_on_a_ragged_case_where_there_is_time(monkeypatch, name, case):
    asked = []
    monkeypatch.setattr(errata, "check_misprints", lambda spec, truth: asked.append(truth.case.name) or [])
    monkeypatch.setattr(errata, "check_printed_gradients", lambda spec, truth: (asked.append(truth.case.name) or [], []))
    monkeypatch.setattr(errata, "check_claims", lambda spec: [])
    assert errata_of(refrnn.load(name)) == [] and asked == [case, case]
