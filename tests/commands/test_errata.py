"""refrnn errata: each misprint and false statement once, with what was found and how it was shown."""

import json
from collections import Counter

from click.testing import CliRunner

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


def test_an_unknown_lecture_is_refused():
    result = CliRunner().invoke(main, ["errata", "--lecture", "mit"])
    assert result.exit_code == 2
    assert "there is no lecture 'mit'; there are cmu-2017" in result.output
