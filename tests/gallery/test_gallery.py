"""The cells of the literature: each names its paper, looks like it, has a gradient that is equations, and holds."""

import json
from html import escape

import pytest
from click.testing import CliRunner

import refrnn
from refrnn.commands.main import main
from refrnn.spec.library import gallery
from refrnn.verify.verify import verify_spec


# Of these the mutants too; of all by hand: refrnn verify --mutants.
CHOSEN = ("antisymmetric-rnn", "clockwork", "fast-weights", "gated-delta-net", "hgrn", "indrnn", "linear-attention", "qrnn", "retention")


@pytest.mark.parametrize("name", gallery())
def test_it_shows_its_paper_and_says_what_its_symbols_mean(name):
    spec = refrnn.load(name)
    shown = CliRunner().invoke(main, ["show", name])
    words = "".join(shown.output.split())
    assert shown.exit_code == 0 and all("".join(str(paper).split()) in words for paper in spec.papers) and spec.papers
    assert all(escape(str(paper)) in spec._repr_html_() for paper in spec.papers)
    assert [symbol.name for symbol in spec.symbols.values() if not symbol.means] == []
    assert spec.symbols.keys() >= set(spec.defined)


@pytest.mark.parametrize("name", gallery())
def test_it_holds_and_its_gradient_is_equations(name):
    report = verify_spec(refrnn.load(name), mutants=name in CHOSEN)
    assert report.failures == [] and report.backends[0] == "equation" and report.cases > 15
    assert report.adjoint["refused"] == "" and report.adjoint["equations"] > 0
    assert name not in CHOSEN or report.mutants["killed"] > 20
    shown = CliRunner().invoke(main, ["show", name, "--gradient"])
    assert shown.exit_code == 0 and f"gradient of {refrnn.load(name).title}" in " ".join(shown.output.split())


def test_the_list_shows_it_apart_and_counts_it():
    lines = CliRunner().invoke(main, ["list"]).output.splitlines()
    heading = next(place for place, line in enumerate(lines) if line.startswith("gallery: "))
    assert f"gallery: {len(gallery())} cell" in lines[heading]
    told = [line.split()[0] for line in lines[heading + 1 : heading + 1 + len(gallery())]]
    assert told == gallery() and not {line.split()[0] for line in lines[:heading] if line} & set(gallery())
    listed = json.loads(CliRunner().invoke(main, ["list", "--json", "--group", "gallery"]).output)
    assert [entry["id"] for entry in listed] == gallery() and all(entry["papers"] and not entry["lectures"] for entry in listed)
