"""What commands write: whole files or none, nothing lost on a full disk, any terminal, a reader that leaves."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

import refrnn
from refrnn.commands import output, table
from refrnn.commands.bench import _show
from refrnn.commands.letters import spell
from refrnn.commands.main import main
from refrnn.commands.output import Outputs
from refrnn.verify.report import KINDS, SpecReport
from tests.bench.test_page import RECORD

ROOT = Path(__file__).resolve().parent.parent.parent
FULL = Path("/dev/full")
needs_a_full_disk = pytest.mark.skipif(not FULL.exists(), reason="no full disk to write to")
FAST = ["bench", "unfolding", "--steps", "2", "--batch", "1", "--hidden", "2", "--input", "2", "--repeats", "1"]


def shell(line, **environment):
    """A line of bash with the command as $R."""
    settings = {**os.environ, "R": f"{sys.executable} -m refrnn", **environment}
    return subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, env=settings, timeout=300)


def lines(text):
    return [line for line in text.decode().splitlines() if line and line not in ("verify", "errata", "bench")]


@pytest.mark.parametrize("arguments", [["verify", "clip-value"], ["errata", "--lecture", "eee511"], FAST])
def test_json_on_standard_output_is_json_alone(arguments):
    done = CliRunner().invoke(main, [*arguments, "--json", "-"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) and done.stderr.strip()


def test_xml_and_a_page_on_standard_output():
    for option, begin in (("--junit", "<?xml"), ("--html", "<!doctype")):
        done = CliRunner().invoke(main, ["verify", "clip-value", option, "-"])
        assert done.stdout.startswith(begin) and "all hold" in done.stderr


@needs_a_full_disk
def test_a_full_disk_loses_no_report(tmp_path):
    done = shell("$R verify clip-value --json /dev/full", TMPDIR=str(tmp_path))
    assert done.returncode == 2 and b"all hold" in done.stdout
    [said] = lines(done.stderr)
    [kept] = tmp_path.glob("refrnn-*")
    assert said == f"/dev/full can't be written (No space left on device); it is kept in {kept}"
    assert json.loads(kept.read_text())["specs"][0]["id"] == "clip-value"


@needs_a_full_disk
@pytest.mark.parametrize("line", ["$R verify clip-value --json - > /dev/full", "$R errata --lecture eee511 --json - > /dev/full"])
def test_a_full_standard_output_loses_no_report(tmp_path, line):
    done = shell(line, TMPDIR=str(tmp_path))
    assert done.returncode == 2 and b"standard output can't be written" in done.stderr and b"Traceback" not in done.stderr
    [kept] = tmp_path.glob("refrnn-*")
    assert json.loads(kept.read_text())


@needs_a_full_disk
def test_a_table_goes_where_there_is_room():
    done = shell("$R verify clip-value > /dev/full")
    assert done.returncode == 2 and b"what was to be printed follows here" in done.stderr and b"all hold" in done.stderr
    done = shell("$R list > /dev/full")
    assert done.returncode == 2 and lines(done.stderr) == ["Error: standard output can't be written: No space left on device"]


def test_where_nothing_can_be_kept_it_is_printed(monkeypatch, tmp_path, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output, "_write", full)
    monkeypatch.setattr(output.tempfile, "mkstemp", full)
    outputs = Outputs("out.json")
    outputs.write("out.json", '{"ok": true}')
    said = capsys.readouterr()
    assert outputs.failed and said.out == '{"ok": true}\n'
    assert said.err == "out.json can't be written (No space left on device); it is printed here\n"


def test_a_file_is_written_whole_or_stays_as_it_was(monkeypatch, tmp_path):
    path = tmp_path / "out.json"
    path.write_text("old")
    path.chmod(0o640)
    monkeypatch.setattr(output.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    Outputs().write(path, "new")
    assert path.read_text() == "old" and [entry.name for entry in tmp_path.iterdir()] == ["out.json"]
    monkeypatch.undo()
    Outputs().write(path, "new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    Outputs().write(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_text() == "text"


@needs_a_full_disk
@pytest.mark.parametrize("line", ["--help", "--version", "verify --help", "show lstm", "show lstm --html", "list --json"])
def test_no_text_goes_lost_in_silence(line):
    done = shell(f"$R {line} > /dev/full")
    assert (done.returncode, lines(done.stderr)) == (2, ["Error: standard output can't be written: No space left on device"])


@needs_a_full_disk
def test_where_errors_can_not_be_written_the_status_says_so():
    done = shell("$R show lsmt 2> /dev/full")
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize("line", ["--help", "--version", "list", "show lstm", "verify clip-value", "errata", "bench"])
def test_a_closed_standard_output_is_refused_at_once(line):
    done = shell(f"$R {line} >&-")
    sentence = "Error: standard output is closed; open it, or send it to a file or to /dev/null"
    assert (done.returncode, lines(done.stderr)) == (2, [sentence])


def test_other_closed_streams_are_as_if_they_were_empty():
    done = shell("$R verify clip-value <&- 2>&-")
    assert done.returncode == 0 and b"all hold" in done.stdout and b"verify" not in done.stdout
    assert shell("$R show lsmt <&- 2>&-").returncode == 2


@pytest.mark.parametrize("line", ["$R --help", "$R list", "$R show lstm", "$R verify clip-value -v", "$R errata --lecture eee511", f"$R {' '.join(FAST)}"])
def test_a_reader_that_leaves(line):
    done = shell(f"set -o pipefail; {line} | true")
    assert done.returncode == 141 and not lines(done.stderr)


@pytest.mark.parametrize("encoding", ["latin-1", "cp437", "koi8-r"])
def test_a_terminal_that_lacks_letters_gets_their_names(encoding):
    done = shell("$R show recurrent-autoencoder", PYTHONIOENCODING=encoding)
    assert done.returncode == 0 and not done.stderr
    text = done.stdout.decode(encoding)
    assert "e[-1] = e^(0)" in text and "z_e[t] = " in text and "h[t] = (1 - z[t]) * h[t-1] + z[t] * h~[t]" in text
    if encoding == "latin-1":
        assert "sigma(W_ez [e[t-1]; x[t]])" in text


def test_every_spec_can_be_shown_in_latin_1():
    """No letter ends as a question mark, and few as a number."""
    shown = "".join(str(refrnn.load(name)) for name in refrnn.ids())
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1")
    spell(stream)
    stream.write(shown)
    stream.flush()
    assert raw.getvalue().count(b"?") == shown.count("?") and raw.getvalue().count(b"(U+") < 10


def test_the_locale_of_c():
    done = shell("$R show lstm && $R list", LC_ALL="C", LANG="C")
    assert done.returncode == 0 and not done.stderr


def test_no_color(monkeypatch):
    plain, colored = [], []
    for setting, found in (("1", plain), ("", colored)):
        monkeypatch.setenv("NO_COLOR", setting)
        found.append(CliRunner().invoke(main, ["list"], color=True).stdout)
    assert "\x1b[" in colored[0] and "\x1b[" not in plain[0]


def test_python_m_refrnn():
    done = shell("$R --version")
    assert done.returncode == 0 and done.stdout.startswith(b"refrnn, version")


def test_a_progress_bar_stays_on_one_line(monkeypatch):
    for columns in (20, 60, 80, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        show = output.progress(3, "verify").item_show_func
        assert show(None) == "" and show("lstm") in ("lstm", "")
        long = show("lstm-peephole-diagonal: numerical derivatives of everything")
        assert len(long) + output.BAR + 26 + len("verify") <= max(columns, output.BAR + 26 + len("verify"))
        assert long.endswith("...") == (60 <= columns <= 80) or not long


def test_a_table_fits_the_terminal():
    worst = {kind: {"ulp": 12.0, "bound": 340.0, "where": "h"} for kind in KINDS}
    reports = [SpecReport("lstm-peephole-diagonal", worst=worst, cases=12, claims=[1], seconds=3.0), SpecReport("elman", unchecked=["it was killed"])]
    for width in (None, 140, 80, 70):
        lines = []
        table.print_table(lambda text: lines.append(click.unstyle(text)), reports, False, width)
        assert width is None or all(len(line) <= width for line in lines)
        assert ("seconds" in lines[0]) == (width in (None, 140)) and "gradient, ulp" in lines[0] and "could not check" in lines[2]
        lines = []
        table.print_failures(lambda text: lines.append(click.unstyle(text)), [SpecReport("elman", failures=["kernel: d_W differs " * 9])], width)
        assert ("\n    " in lines[0]) == (width is not None)


def test_no_number_ends_a_line_that_its_unit_begins():
    text = "over 16 draws of 40 steps in 8.3 s, off by 12 ulp; 3 cases (2 ms)"
    for width in range(12, len(text)):
        lines = output.filled(text, width, "  ").split("\n")
        assert " ".join(" ".join(lines).split()) == text and not any(line[-1].isdigit() for line in lines)
        assert all(len(line) <= width for line in lines)
    assert output.filled(text, None, "  ") == "  " + text


@pytest.mark.parametrize("width", [80, 120, 150, None])
def test_list_and_show_fit_the_terminal(monkeypatch, width):
    """Piped, a line of the list is a spec."""
    for module in ("list", "show"):
        monkeypatch.setattr(f"refrnn.commands.{module}.columns", lambda: width)
    listed = CliRunner().invoke(main, ["list"]).stdout.splitlines()
    assert ("forward, bptt" in "".join(listed)) == (width in (150, None))
    assert sum(line.split()[:1] == ["elman"] for line in listed) == 1
    assert width is not None or [line.split()[0] for line in listed if line.startswith("  ")] == refrnn.ids()
    for name in ("narx-hidden", "lstm", "divergence"):
        listed += CliRunner().invoke(main, ["show", name]).stdout.splitlines()
    assert width is None or max(map(len, listed)) <= width


def test_what_bench_and_details_print_fits_the_terminal():
    worst = {kind: {"ulp": 12.0, "bound": 340.0, "where": "h at [0, 0, 0], kernel, case one-saturated-24-float32"} for kind in KINDS}
    found = {"tried": 99, "killed": 90, "refused": [1] * 9, "equivalent": 0, "proved": [], "listed": [], "alive": [], "by_case": {"plain-float64": 90}}
    report = SpecReport("lstm-peephole-diagonal", worst=worst, cases=12, mutants=found, not_offered={"reference": ["a"] * 30})
    report.sensitivity = {"bluntest": "slope of o in float32: 75.2 ulp (9.0e-06), case still-float32", "symbols": [{"text": "value of h " * 9}]}
    said = []

    def say(text=""):
        said.extend(click.unstyle(text).split("\n"))

    _show(RECORD, SimpleNamespace(say=say, width=80), None, None)
    table.print_table(say, [report], True, 80)
    table.print_details(say, [report], 80)
    table.print_notes(say, [report], 80)
    table.print_sensitivity(say, [report], True, 80)
    assert max(map(len, said)) <= 80 and any("90 killed, 0 alive" in line for line in said)


def test_sums_in_words():
    said = []
    table.print_sum(lambda text: said.append(click.unstyle(text)), [SpecReport("elman", unchecked=["it was killed"])], 1.0)
    assert said == ["1 spec, 0 cases, backends none; 0 claims, 0 errata; 1.0 s", "1 of 1 could not be checked: elman"]
