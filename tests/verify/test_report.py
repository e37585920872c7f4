"""The records of a verification: JSON as promised, JUnit, a page, and the words of a failure."""

import json
from xml.etree import ElementTree

import pytest

import refrnn
from refrnn.verify.report import write_html, write_json, write_junit
from refrnn.verify.verify import verify_spec


@pytest.fixture(scope="module")
def reports():
    return [verify_spec(refrnn.load(name), ["equation", "reference"], mutants=name == "clip-value") for name in ("clip-value", "elman")]


def test_json_has_the_promised_keys(reports, tmp_path):
    write_json(reports, tmp_path / "out.json")
    data = json.loads((tmp_path / "out.json").read_text())
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


def test_infinite_errors_are_still_json(reports, tmp_path):
    reports[0].worst["clip"] = {"ulp": float("inf"), "bound": 4.0, "where": "g_clipped"}
    write_json(reports, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["specs"][0]["worst"]["clip"]["ulp"] == "inf"


def test_junit_counts_failures(reports, tmp_path):
    write_junit(reports, tmp_path / "out.xml")
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert suite.get("tests") == "2" and suite.get("failures") == "0"
    reports[1].failures.append("kernel: h differs <here>")
    write_junit(reports, tmp_path / "out.xml")
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert suite.get("failures") == "1"
    assert suite.find("testcase/failure").get("message") == "kernel: h differs <here>"
    reports[1].failures.pop()


def test_the_page_shows_every_spec(reports, tmp_path):
    write_html(reports, tmp_path / "out.html", lambda name: f"<p>equations of {name}</p>")
    page = (tmp_path / "out.html").read_text()
    for report in reports:
        assert f"id='{report.id}'" in page and f"equations of {report.id}" in page
