"""What becomes of each spec is in the table, in every file and in the exit status, whoever worked on it."""

import json
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from refrnn.commands import verify
from refrnn.commands.main import main
from refrnn.verify import verify as judge
from refrnn.verify.report import SpecReport

IDS = ["clip-value", "clip-norm", "elman"]
RIGHT, WRONG, DIED = SpecReport(IDS[0], cases=1), SpecReport(IDS[1], cases=1, failures=["kernel: h differs"]), "its process hung up"


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Runs verify where the workers' outcomes are given: reports, or sentences of what went wrong."""

    def call(*outcomes, options=(), stop=False):
        asked = []

        def run(function, pieces, jobs, done, step):
            asked.extend(pieces)
            for place, outcome in enumerate(outcomes):
                done(place, *((outcome, None) if isinstance(outcome, SpecReport) else (None, outcome)))
            if stop:
                raise KeyboardInterrupt

        monkeypatch.setattr(verify, "run", run)
        files = [tmp_path / f"out.{name}" for name in ("json", "xml", "html")]
        names = IDS[: len(outcomes) + stop]
        result = CliRunner().invoke(main, ["verify", *names, *options, "--json", *map(str, files[:1]), "--junit", str(files[1]), "--html", str(files[2])])
        assert [piece[0] for piece in asked] == names
        return result, [json.loads(files[0].read_text()), ElementTree.fromstring(files[1].read_bytes()), files[2].read_text()], asked

    return call


@pytest.mark.parametrize("outcomes, status", [((RIGHT,), 0), ((RIGHT, WRONG), 1), ((RIGHT, DIED), 2), ((RIGHT, WRONG, DIED), 1), ((DIED,), 2)])
def test_the_status_is_that_of_the_worst(told, outcomes, status):
    result, (data, suite, page), _ = told(*outcomes)
    assert result.exit_code == status, result.output
    assert data["ok"] is (status == 0) and [entry["id"] for entry in data["specs"]] == IDS[: len(outcomes)]
    statuses = ["holds" if outcome is RIGHT else "fails" if outcome is WRONG else "could not check" for outcome in outcomes]
    assert [entry["status"] for entry in data["specs"]] == statuses
    assert suite.get("tests") == str(len(outcomes)) and suite.get("failures") == str(statuses.count("fails"))
    assert suite.get("errors") == str(statuses.count("could not check")) and all(f"id='{name}'" in page for name in IDS[: len(outcomes)])
    assert ("kernel: h differs" in result.output) is (WRONG in outcomes) and (f"could not check: {DIED}" in result.output) is (DIED in outcomes)
    assert ("all hold" in result.output) is (status == 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no disk that is always full")
def test_a_report_that_can_t_be_written_has_status_2(monkeypatch):
    monkeypatch.setattr(verify, "run", lambda function, pieces, jobs, done, step: done(0, RIGHT, None))
    assert CliRunner().invoke(main, ["verify", IDS[0]]).exit_code == 0
    assert CliRunner().invoke(main, ["verify", IDS[0], "--json", "/dev/full"]).exit_code == 2


def test_what_was_stopped_is_no_spec_that_holds(told):
    result, (data, suite, _), _ = told(RIGHT, stop=True)
    assert result.exit_code == 130 and "stopped by Ctrl-C before 1 of 2 specs were verified" in result.output
    assert [(entry["id"], entry["status"]) for entry in data["specs"]] == [(IDS[0], "holds"), (IDS[1], "could not check")]
    assert suite.get("tests") == "2" and suite.get("errors") == "1"


@pytest.mark.parametrize("options, settings", [
    ((), (None, "quick", False, False)),
    (("--backends", "kernel, equation", "--cases", "full", "--mutants", "--sensitivity"), (("kernel", "equation"), "full", True, True)),
])  # fmt: skip
def test_options_reach_the_judge(told, monkeypatch, options, settings):
    *_, (piece,) = told(RIGHT, options=options)
    assert piece == (IDS[0], *settings, True)
    asked = {}

    def verify_spec(spec, backends=None, level="quick", mutants=False, step=None, sensitive=False, language=None):
        assert language is True
        asked.update(backends=backends and tuple(backends), level=level, mutants=mutants, sensitive=sensitive, id=spec.id)

    monkeypatch.setattr(judge, "verify_spec", verify_spec)
    verify._one(piece, print)
    assert asked == dict(zip(("backends", "level", "mutants", "sensitive"), settings)) | {"id": IDS[0]}


def test_what_equations_mean_is_asked_with_one_spec(told):
    *_, pieces = told(RIGHT, SpecReport(IDS[1], cases=1))
    assert sorted(piece[-1] for piece in pieces) == [False, True] and pieces[0][-1]


def test_a_module_of_ones_own_reaches_the_judge(monkeypatch):
    module, asked = ModuleType("mine"), []
    monkeypatch.setattr(verify, "_module", lambda name: module)
    monkeypatch.setattr(judge, "verify_spec", lambda spec, backends, *rest: asked.extend(backends))
    verify._one((IDS[0], ("equation", "mine"), "quick", False, False, False), print)
    assert asked == ["equation", module]


def test_what_nothing_compares_is_printed(told):
    result, *_ = told(SpecReport(IDS[0], cases=1, not_offered={"mine": ["r"]}))
    assert "not compared, because mine does not save it by name: r" in result.output
