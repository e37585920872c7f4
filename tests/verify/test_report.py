"""The records of a verification: JSON as promised, JUnit, a page, and the words of a failure."""

import json
from dataclasses import fields, replace
from xml.etree import ElementTree

import pytest

import refrnn
from refrnn.verify.report import SpecReport, html_text, json_text, junit_text, mutants_in_words
from refrnn.verify.truth import Worst
from refrnn.verify.verify import verify_spec


@pytest.fixture(scope="module")
def reports():
    return [verify_spec(refrnn.load(name), ["equation", "reference"], mutants=name == "clip-value") for name in ("clip-value", "elman")]


def test_json_has_the_promised_keys(reports):
    data = json.loads(json_text(reports))
    assert data["ok"] is True
    assert [entry["id"] for entry in data["specs"]] == ["clip-value", "elman"]
    for entry in data["specs"]:
        assert {"id", "ok", "backends", "cases", "worst", "mutants", "claims", "errata", "seconds"} <= entry.keys()
        assert set(entry["worst"]) == {"forward", "gradient", "clip"}
        for worst in entry["worst"].values():
            assert set(worst) == {"ulp", "bound", "where"}
        assert {"tried", "killed", "equivalent"} <= entry["mutants"].keys()
    clip, elman = data["specs"]
    assert clip["worst"]["clip"]["where"] and clip["mutants"]["tried"] > 0
    assert elman["worst"]["forward"]["ulp"] <= elman["worst"]["forward"]["bound"]
    assert {"says", "verdict", "shown"} <= elman["claims"][0].keys()


def test_infinite_errors_are_still_json(reports):
    reports[0].worst["clip"] = {"ulp": float("inf"), "bound": 4.0, "where": "g_clipped"}
    assert json.loads(json_text(reports))["specs"][0]["worst"]["clip"]["ulp"] == "inf"


def test_junit_counts_failures_and_what_could_not_be_checked(reports):
    suite = ElementTree.fromstring(junit_text(reports).encode())
    assert suite.get("tests") == "2" and suite.get("failures") == suite.get("errors") == "0"
    broken, unknown = replace(reports[1], failures=["kernel: h differs <here>\x00"]), replace(reports[0], unchecked=["no \u1e13 precision"])
    suite = ElementTree.fromstring(junit_text([broken, unknown]).encode())
    assert suite.get("tests") == "2" and suite.get("failures") == suite.get("errors") == "1"
    assert suite.find("testcase/failure").get("message") == "kernel: h differs <here>?"
    assert suite.find("testcase/error").get("message") == "no \u1e13 precision"


def test_a_failure_is_worse_than_what_could_not_be_checked():
    assert SpecReport("a").status == "holds" and SpecReport("a").ok
    assert SpecReport("a", unchecked=["so"]).status == "could not check" and not SpecReport("a", unchecked=["so"]).ok
    both = SpecReport("a", failures=["h differs"], unchecked=["so"])
    assert both.status == "fails" and both.as_dict()["status"] == "fails" and both.as_dict()["unchecked"] == ["so"]
    assert json.loads(json_text([SpecReport("a", unchecked=["so"])]))["ok"] is False


def test_all_that_is_wrong_is_in_every_file():
    """Each sentence, of one spec that fails beside one that holds."""
    said = ["kernel: h differs", "reference: d_x differs"]
    both = [SpecReport("right"), SpecReport("wrong", failures=said)]
    data = json.loads(json_text(both))
    assert data["ok"] is False and [entry["ok"] for entry in data["specs"]] == [True, False]
    assert [entry["status"] for entry in data["specs"]] == ["holds", "fails"] and data["specs"][1]["failures"] == said
    page = html_text(both, lambda name: "")
    assert all(f"<p class=bad>{sentence}</p>" in page for sentence in said) and "<b class=bad>fails</b> 1 of 2" in page
    assert "<h2>wrong <span class=bad>fails</span></h2>" in page and "<td class=bad>fails</td>" in page
    (failure,) = ElementTree.fromstring(junit_text(both).encode()).iter("failure")
    assert failure.text.splitlines() == said


def test_all_that_was_found_is_in_json():
    """Every field of a record, as it stands there."""
    mutants = {"tried": 4, "killed": 1, "equivalent": 2, "by_case": {"plain": 1}, "refused": ["r"], "proved": ["p"], "listed": ["l"], "alive": ["a", "b"]}
    given = {field.name: [f"some {field.name}"] for field in fields(SpecReport)} | {"id": "a", "title": "A", "cases": 7, "seconds": 1.5, "mutants": mutants}
    given["worst"] = {kind: {"ulp": 1.0, "bound": 4.0, "where": kind} for kind in ("forward", "gradient", "clip")}
    record = json.loads(json_text([SpecReport(**given)]))["specs"][0]
    for name, value in given.items():
        assert name == "title" or record[{"printed": "printed_gradients"}.get(name, name)] == value, name
    assert mutants_in_words(SpecReport(**given)) == "1 killed, 1 refused, 2 equivalent (1 proved, 1 listed), 2 alive"


def test_the_error_nearest_to_its_bound_is_kept():
    report = SpecReport("a")
    for quantity, ulp, bound in (("a", 3.0, 30.0), ("b", 9.0, 10.0), ("c", 50.0, 100.0)):
        report.note_worst(Worst(quantity, "forward", ulp, bound, (2, 1)), "kernel", "plain")
    assert report.worst == {"forward": {"ulp": 9.0, "bound": 10.0, "where": "b at [2, 1], kernel, case plain"}}


def test_the_page_shows_every_spec(reports):
    unknown = replace(reports[0], unchecked=["no <precision>"])
    page = html_text([*reports, unknown], lambda name: f"<p>equations of {name}</p>")
    for report in reports:
        assert f"id='{report.id}'" in page and f"equations of {report.id}" in page
    assert "could not check: no &lt;precision&gt;" in page
    assert f"<b class=ok>holds</b> {len(reports)} of {len(reports) + 1}; <b class=open>could not check</b> 1 of" in page
    assert "worst gradient: " in page and report.worst["gradient"]["where"] in page


def test_the_page_says_what_was_found():
    """Errors with their bounds, claims and errata with their evidence."""
    claim = {"verdict": "fails", "says": "it grows", "shown": "1.5 < 2"}
    erratum = {"from": "krippahl", "where": "Slide", "kind": "misprint", "printed": "y = x", "says": "y = -x", "shown": "off by 2"}
    report = SpecReport("a", worst={"gradient": {"ulp": 1.5, "bound": 40.0, "where": "d_x"}}, claims=[claim], errata=[erratum])
    page = html_text([report], lambda name: "")
    assert "<td>1.5 of 40</td>" in page and "<b>Claim</b> (fails): it grows<br><span class=small>1.5 &lt; 2</span>" in page
    assert "<b>Misprint</b>, krippahl, slide “Slide”: <code>y = x</code> y = -x<br><span class=small>off by 2</span>" in page
