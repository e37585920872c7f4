"""refrnn errata: each misprint and false statement once, with what was found and how it was shown."""

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

import refrnn
from refrnn.commands import errata
from refrnn.commands.main import main


def test_the_errata_of_one_lecture(tmp_path):
    path = tmp_path / "errata.json"
    result = CliRunner().invoke(main, ["errata", "--lecture", "ds4440", "--json", str(path)])
    assert result.exit_code == 0, result.output
    found = json.loads(path.read_text())
    assert {"parity", "clip-halving", "bptt-jacobians"} <= {erratum["spec"] for erratum in found}
    assert all(erratum["ok"] and erratum["from"] == "ds4440" and erratum["says"] and erratum["shown"] for erratum in found)
    assert len({(erratum["spec"], erratum["printed"]) for erratum in found}) == len(found)
    counts = Counter(erratum["kind"] for erratum in found)
    assert counts.keys() == {"misprint", "remark"}
    for erratum in found:
        assert (erratum["printed"].split()[0] in result.output) == (erratum["kind"] != "remark"), erratum["printed"]
    lines = result.output.splitlines()
    assert f"in 1 lecture, {counts['misprint'] + counts['false']} of them shown by the program" in lines[-2]
    assert lines[-1].startswith(f"beside them {counts['remark']} remark")


def test_remarks_are_printed_apart():
    result = CliRunner().invoke(main, ["errata", "--lecture", "krippahl", "--remarks"])
    assert result.exit_code == 0, result.output
    errata, remarks = " ".join(result.output.lower().split()).split("(true under conditions that the slide leaves out)")
    assert "dependencies get exponentially weaker" in remarks and "exponentially weaker" not in errata


@pytest.mark.parametrize("spec, lecture, asked", [
    ("lstm-peephole", "cmu-2017", True), ("lstm-peephole", "ds4440", False), ("lstm-peephole", None, True), ("tdnn", "cmu-2020", True),
    ("linear-recursion", "cmu-2017", False), ("linear-recursion", None, False),
])  # fmt: skip
def test_specs_are_asked_that_correct_something_of_the_lecture(spec, lecture, asked, monkeypatch):
    """By a misprint or by a false statement; a statement that holds corrects nothing."""
    monkeypatch.setattr("refrnn.verify.errata.errata_of", lambda spec: [spec.id])
    assert errata._errata(refrnn.load(spec), lecture) == [spec] * asked


def test_an_unknown_lecture_is_refused():
    result = CliRunner().invoke(main, ["errata", "--lecture", "mit"])
    assert result.exit_code == 2
    assert "there is no lecture 'mit'; there are cmu-2017" in result.output


@pytest.mark.parametrize("oks, status", [((True, True, True), 0), ((True, False, True), 1), ((True, True, False), 1)])
def test_one_that_is_not_shown_is_said_and_has_status_1(monkeypatch, oks, status):
    about = {"from": "krippahl", "where": "Slide", "marks": "", "says": "mended", "shown": "1.5"}
    entries = [{**about, "kind": kind, "printed": f"a {kind}", "ok": ok} for kind, ok in zip(("misprint", "false", "remark"), oks)]
    monkeypatch.setattr(errata, "_errata", lambda spec, lecture: entries if spec.id == "elman" else [])
    result = CliRunner().invoke(main, ["errata"])
    assert result.exit_code == status and ("NOT SHOWN" in result.output) is (status == 1)
    assert f"1 misprint, 1 false statement in 1 lecture, {sum(oks[:2])} of them shown by the program" in result.output
    # A remark that can't be shown says why the status is 1.
    assert "beside them 1 remark, which --remarks prints" in result.output and ("a remark" in result.output) is not oks[2]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no disk that is always full")
def test_a_report_that_can_t_be_written_has_status_2(monkeypatch):
    monkeypatch.setattr(errata, "_errata", lambda spec, lecture: [])
    assert CliRunner().invoke(main, ["errata"]).exit_code == 0
    assert CliRunner().invoke(main, ["errata", "--json", "/dev/full"]).exit_code == 2


@pytest.mark.parametrize("wrong, status", [([], 0), (["elman: the slide 'Slide' does not say 'equal'"], 1)])
def test_what_is_misquoted_is_said_and_has_status_1(monkeypatch, tmp_path, wrong, status):
    monkeypatch.setattr(errata, "_errata", lambda spec, lecture: [])
    monkeypatch.setattr(errata, "_check_quotes", lambda folder, lecture: wrong)
    result = CliRunner().invoke(main, ["errata", "--texts", str(tmp_path)])
    assert result.exit_code == status and [line for line in result.output.splitlines() if "MISQUOTED" in line] == [f"MISQUOTED: {one}" for one in wrong]
    assert "MISQUOTED" not in CliRunner().invoke(main, ["errata"]).output
