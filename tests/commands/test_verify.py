"""refrnn verify as people and machines call it: tables, files, exit status, one clear line for wrong input."""

import json

import pytest
from click.testing import CliRunner

from refrnn.commands.main import main
from refrnn.verify.report import SpecReport
from texts import OWN

REFERENCE = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(x, h0, W, U, k):
    h, previous = np.empty((len(x), len(h0)), x.dtype), h0
    for t in range(len(x)):
        h[t] = (1 - sigmoid(k)) * previous + sigmoid(k) * np.tanh(W @ x[t] + U @ previous)
        previous = h[t]
    return {"h": h}, {"x": x, "h0": h0, "W": W, "U": U, "k": k, "h": h}

def backward(saved, d_h):
    x, h0, W, U, k, h = (saved[name] for name in ("x", "h0", "W", "U", "k", "h"))
    s = sigmoid(k)
    d_x, d_W, d_U, d_k, d_next = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros_like(k), np.zeros_like(h0)
    for t in reversed(range(len(x))):
        previous = h[t - 1] if t > 0 else h0
        n = np.tanh(W @ x[t] + U @ previous)
        d = d_h[t] + d_next
        d_k += d * (n - previous) * s * (1 - s)
        d_a = d * s * (1 - n * n)
        d_W += np.outer(d_a, x[t])
        d_U += np.outer(d_a, previous)
        d_x[t] = W.T @ d_a
        d_next = d * (1 - s) + U.T @ d_a
    return {"x": d_x, "h0": d_next, "W": d_W, "U": d_U, "k": d_k}
"""


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(main, list(map(str, arguments)))


def test_one_spec_holds(run, tmp_path):
    result = run("verify", "gru-reset-after", "--mutants", "--json", tmp_path / "out.json", "--html", tmp_path / "out.html", "--junit", tmp_path / "out.xml")
    assert result.exit_code == 0, result.output
    assert "holds" in result.output and "all hold" in result.output
    entry = json.loads((tmp_path / "out.json").read_text())["specs"][0]
    assert entry["backends"] == ["equation", "reference", "kernel"]
    assert entry["mutants"]["killed"] == entry["mutants"]["tried"] - entry["mutants"]["equivalent"] > 50
    refused = len(entry["mutants"]["refused"])
    assert refused and f"{entry['mutants']['killed']} killed, {refused} refused, 0 equivalent, 0 alive" in result.output
    assert "<math" in (tmp_path / "out.html").read_text()
    assert (tmp_path / "out.xml").read_text().startswith("<?xml")


def test_what_is_most_work_begins_first_and_reports_keep_their_order(run, monkeypatch, tmp_path):
    """With one process the order that was asked for is that of the work, too."""
    begun, names = [], ("clip-value", "lstm", "scalar-recursion")

    def one_after_another(function, pieces, jobs, done, step):
        begun.append([piece[0] for piece in pieces])
        for place, piece in enumerate(pieces):
            done(place, SpecReport(piece[0]), None)

    monkeypatch.setattr("refrnn.commands.verify.run", one_after_another)
    for jobs in (1, 2):
        assert run("verify", *names, "--jobs", jobs, "--json", tmp_path / "out.json").exit_code == 0
        assert [entry["id"] for entry in json.loads((tmp_path / "out.json").read_text())["specs"]] == list(names)
    assert begun[0] == list(names) and begun[1] != list(names) and begun[1][0] == "lstm"


def test_a_chosen_backend_is_the_only_one(run, tmp_path):
    result = run("verify", "clip-value", "--backends", "reference", "--json", tmp_path / "out.json")
    assert result.exit_code == 0
    assert json.loads((tmp_path / "out.json").read_text())["specs"][0]["backends"] == ["reference"]


def test_full_cases_are_more(run, tmp_path):
    for level in ("quick", "full"):
        assert run("verify", "clip-value", "--cases", level, "--json", tmp_path / level).exit_code == 0
    quick, full = (json.loads((tmp_path / level).read_text())["specs"][0]["cases"] for level in ("quick", "full"))
    assert full > quick


def test_an_own_equation_without_python(run, tmp_path):
    path = tmp_path / "rate.yaml"
    path.write_text(OWN)
    result = run("verify", path, "--mutants")
    assert result.exit_code == 0, result.output
    assert "all hold" in result.output


def test_an_own_reference_beside_it(run, tmp_path):
    (tmp_path / "my_rate.py").write_text(REFERENCE)
    path = tmp_path / "rate.yaml"
    path.write_text(OWN + "reference: my_rate.py\n")
    result = run("verify", path, "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "out.json").read_text())["specs"][0]
    assert report["backends"] == ["equation", "reference", "compiled"]
    assert report["not_offered"] == {"reference": ["a"], "compiled": ["a"]}  # the way back needs what a is made of, and keeps that
    assert "rate: not compared, because reference does not save it by name: a" in result.output


def test_a_wrong_own_reference_fails_with_status_1_and_is_named(run, tmp_path):
    (tmp_path / "my_rate.py").write_text(REFERENCE.replace("d_U += np.outer(d_a, previous)", "d_U += np.outer(d_a, h[t])"))
    path = tmp_path / "rate.yaml"
    path.write_text(OWN + "reference: my_rate.py\n")
    result = run("verify", path)
    assert result.exit_code == 1
    assert "reference: d_U differs at [" in result.output and "FAILS" in result.output


def test_an_own_module_as_backend(run, tmp_path, monkeypatch):
    (tmp_path / "raises.py").write_text("def forward(**values):\n    raise ZeroDivisionError('on purpose')\n\ndef backward(saved, **upstream):\n    return {}\n")
    monkeypatch.chdir(tmp_path)
    result = run("verify", "elman", "--backends", "raises")
    assert result.exit_code == 1
    assert "raises ZeroDivisionError (on purpose) in case plain-float64" in result.output


@pytest.mark.parametrize(
    "body, why",
    [("def forward(:", "SyntaxError (invalid syntax (broken.py, line 1))"), ("1 / 0", "ZeroDivisionError (division by zero)"),
     ("raise SystemExit(0)", "SystemExit (0)")],
)  # fmt: skip
def test_a_module_that_can_not_be_imported_is_refused(run, tmp_path, monkeypatch, body, why):
    (tmp_path / "broken.py").write_text(body)
    monkeypatch.chdir(tmp_path)
    result = run("verify", "elman", "--backends", "broken")
    assert result.exit_code == 2
    assert result.stderr.strip() == f"Error: the backend 'broken' is none of equation, reference, kernel, and can't be imported: {why}"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["verify", "lsmt"], "did you mean lstm?"),
        (["verify", "no/such.yaml"], "no/such.yaml"),
        (["verify", "elman", "--backends", "torch_of_mine"], "can't be imported"),
        (["verify", "elman", "--backends", "../mine"], "no name of a module, such as mine or package.mine"),
        (["verify", "elman", "--backends", "no_such.module"], "can't be imported: No module named"),
        (["verify", "clip-value", "--json", "no/such/folder/out.json"], "is not there; make it first"),
        (["verify", "clip-value", "--json", ""], "it names no file; give a path, or - for standard output"),
        (["errata", "--json", " "], "it names no file"),
        (["verify", "my.yaml", "--json", "my.yaml"], "my.yaml is named as a spec is, which would be lost; name a file that ends otherwise"),
        (["compile", "my.YML", "-o", "my.YML"], "my.YML is named as a spec is"),
        (["bench", "--json", ""], "it names no file"),
        (["verify", "clip-value", "--json", "-", "--html", "-"], "two options name standard output"),
        (["errata", "--json", "no/such/folder/out.json"], "is not there; make it first"),
        (["bench", "--json", "no/such/folder/out.json"], "is not there; make it first"),
        (["show", "elmann"], "did you mean elman?"),
        (["list", "--group", "gate"], "there is no group 'gate'"),
        (["verify", "elman", "--backends", ","], "--backends names no backend"),
        (["verify", "elman", "--backends", ""], "--backends names no backend"),
        (["list", "--group", "examples", "--lecture", "krippahl"], "no spec of the group 'examples' is of the lecture 'krippahl'"),
        (["list", "--lecture", "mit"], "there is no lecture 'mit'"),
    ],
)
def test_wrong_input_is_one_clear_line_and_status_2(run, arguments, words):
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output
    lines = [line for line in result.output.strip().splitlines() if not line.startswith(("Usage:", "Try ")) and line]
    assert len(lines) == 1
    assert "Traceback" not in result.output


EXPONENT = """
id: exponent
title: A unit whose weights may take it out of float32
sizes: {T: steps, H: units}
symbols:
  x: {role: input, shape: [T, H]}
  w: {role: parameter, shape: [H]}
equations:
  - y[t] = exp(16 * w * x[t])
outputs: [y]
"""


def test_a_case_that_is_stretched_less_is_said(run, tmp_path):
    path = tmp_path / "exponent.yaml"
    path.write_text(EXPONENT)
    result = run("verify", path, "-v", "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    gentler = {entry["case"]: entry["stretch"] for entry in json.loads((tmp_path / "out.json").read_text())["specs"][0]["gentler"]}
    # A case of extreme values too, where all would be left out; what is turned stays turned.
    problems = {case.rpartition("-")[0] for case in gentler}
    assert problems >= {"far", "one-turned-128", "one-huge"} and gentler.keys() >= {"far-float32", "far-float64"}
    assert all((stretch < 0) == ("turned" in case) for case, stretch in gentler.items())
    for case, stretch in gentler.items():
        assert f"{case} stretches its weights by {stretch:g} only" in result.output


def test_a_case_that_gives_up_its_zeros_is_said(run, tmp_path):
    path = tmp_path / "unit.yaml"
    path.write_text(EXPONENT.replace("exp(16 * w * x[t])", "w * x[t] / sum(x[t]**2)"))
    result = run("verify", path, "-v", "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    gentler = json.loads((tmp_path / "out.json").read_text())["specs"][0]["gentler"]
    assert {entry["case"] for entry in gentler if "still" in entry} == {"still-float64"}
    assert "still-float64 starts from no zeros and has no step of them" in " ".join(result.output.split())


def test_what_is_left_out_is_counted_and_named(run, tmp_path):
    path = tmp_path / "exponent.yaml"
    path.write_text(EXPONENT.replace("exp(16 * w * x[t])", "exp((w * x[t])**2)").replace("outputs: [y]", "  - z[t] = w * x[t]\noutputs: [y, z]"))
    result = run("verify", path, "-v", "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    left_out = json.loads((tmp_path / "out.json").read_text())["specs"][0]["left_out"]
    assert {"case": "far-float32", "quantities": ["y", "d_x", "d_w"]} in left_out
    assert all(entry["case"].startswith(("one-saturated", "one-turned", "one-huge", "far")) for entry in left_out)
    assert "left out in case far-float32, where rounding leaves them no digit: y, d_x, d_w" in result.output
    count = sum(len(entry["quantities"]) for entry in left_out)
    assert f"left out: {count} quantities in {len(left_out)} cases of extreme values" in " ".join(result.output.split())
    assert "left out" not in run("verify", "parity", "--backends", "equation").output


def test_mutants_are_told_apart_by_what_becomes_of_them(run, tmp_path):
    """Killed and by which case, equivalent and why; what lives is a failure that says what to do."""
    path = tmp_path / "sum.yaml"
    path.write_text(EXPONENT.replace("exp(16 * w * x[t])", "w * x[t] / sum(w * x[t])").replace("outputs", "  - z[t] = 1 if x[t, 0] > 0.5 else 0\noutputs").replace("[y]", "[y, z]"))
    result = run("verify", path, "--mutants", "-v")
    assert result.exit_code == 1
    words = " ".join(result.output.split())
    assert "told first by plain-float64" in words and " refused, " in words and " alive" in words
    assert "replace x[t, 0] > 0.5 by x[t, 0] >= 0.5: the draw tied-again tells it; add a case that tells it, or list it" in words
