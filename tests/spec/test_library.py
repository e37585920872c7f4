"""Finding specs by id and by path, and how little is imported for it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import refrnn
from refrnn.errors import NotFoundError, SpecError
from refrnn.spec import library
from refrnn.spec.paper import Paper
from texts import CELL

ROOT = Path(refrnn.__file__).resolve().parent.parent


def test_every_spec_loads_under_its_name():
    assert len(refrnn.ids()) == len(set(refrnn.ids())) >= 20
    for name in refrnn.ids():
        spec = refrnn.load(name)
        assert spec.id == name and spec.group and spec.source == f"{name}.yaml" and spec.backends[0] == "equation"


def test_cards_say_what_the_specs_say():
    for card in library.cards():
        spec = refrnn.load(card.id)
        assert (card.title, card.group, card.verify) == (spec.title, spec.group, spec.verify)
        assert card.papers == tuple(paper.short for paper in spec.papers)


def test_lectures_and_papers_that_are_named_are_listed_and_no_others():
    specs = [refrnn.load(name) for name in refrnn.ids()]
    assert {quote.lecture for spec in specs for quote in spec.lectures} == library.sources()["lectures"].keys()
    assert {key for spec in specs for key in spec.cites} == library.sources()["papers"].keys()


def test_papers_are_whole_and_their_keys_say_which_they_are():
    for key, paper in library.sources()["papers"].items():
        assert paper.keys() == {"authors", "year", "title", "where"} and all(paper.values()), key
        surname = paper["authors"].split(",")[0].split()[-1].lower()
        assert key.startswith(f"{surname}{paper['year']}"), key


@pytest.mark.parametrize("authors, short", [
    ("Alex Graves", "Graves 1997"), ("Sepp Hochreiter, Jürgen Schmidhuber", "Hochreiter and Schmidhuber 1997"), ("A. B. First, C Second, D Third", "First and others 1997"),
])  # fmt: skip
def test_whose_a_paper_is_in_few_words(authors, short):
    paper = Paper(authors, 1997, "A cell", "a journal", "equation 3")
    assert paper.short == short and str(paper) == f"{authors} (1997), A cell, a journal; equation 3"


@pytest.mark.parametrize("room", ["refrnn/reference", "kernels"])
def test_papers_that_a_module_names_are_cited_by_its_spec(room):
    named = {}
    for card in library.cards():
        module = ROOT / room / card.group / f"{card.id.replace('-', '_')}.py"
        first = module.read_text(encoding="utf-8").partition("\n")[0] if module.is_file() else ""
        named[card.id] = re.findall(r"([A-Z]\w+)(?:(?:, | and )[A-Z][\w-]+)*(?: et al\.)? (\d{4})", first)
        cited = refrnn.load(card.id).cites
        for surname, year in named[card.id]:
            assert any(key.startswith(f"{surname.lower()}{year}") for key in cited), (card.id, surname, year)
    of_one = {"refrnn/reference": ("lstm", [("Hochreiter", "1997"), ("Gers", "2000")]), "kernels": ("narx-hidden", [("Lin", "1996")])}
    assert named[of_one[room][0]] == of_one[room][1]


@pytest.mark.parametrize("name, words", [
    ("elmann", "did you mean elman?"), ("lstm-peep", "did you mean lstm-peephole"), ("", "there is no spec"), ("zzz", "refrnn list shows all"),
    ("LSTM", "did you mean lstm?"), ("peephole", "lstm-peephole or lstm-peephole-diagonal?"), (None, "not NoneType"), (5, "a YAML file, not int"), ("x" * 500, "there is no spec"), ("\x00", "there is no spec"),
])  # fmt: skip
def test_unknown_names(name, words):
    with pytest.raises(NotFoundError) as caught:
        refrnn.load(name)
    assert words in str(caught.value) and len(str(caught.value)) < 250


def test_paths_that_are_wrong(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "latin.yaml").write_bytes("title: \u00e4".encode("latin-1"))
    for name in ("missing.yaml", "folder.yaml", "latin.yaml"):
        for path in (tmp_path / name, str(tmp_path / name)):
            with pytest.raises(SpecError) as caught:
                refrnn.load(path)
            assert name in str(caught.value)
    for path in ("no/such/file", "a\x00b.yaml", "x" * 5000 + ".yaml", "../elman.yml"):
        with pytest.raises(SpecError):
            refrnn.load(path)


# ------------------------------------------------------------ a spec of one's own


def test_a_file_without_reference_or_kernel(tmp_path):
    (tmp_path / "cell.yaml").write_text(CELL, encoding="utf-8")
    spec = refrnn.load(tmp_path / "cell.yaml")
    assert spec.backends == ("equation", "compiled") and spec.group == ""
    values = spec.draw({"T": 5}, batch=2, dtype="float64")
    run = spec.forward(values, "equation")
    expected, state = [], values["h0"]
    for t in range(5):
        state = np.tanh(values["x"][t] @ values["W"].T + state @ values["U"].T)
        expected.append(state)
    np.testing.assert_allclose(run.outputs["h"], expected, rtol=1e-14)
    assert {name: array.shape for name, array in run.backward({"h": run.outputs["h"]}).items()} == {name: array.shape for name, array in values.items()}
    np.testing.assert_array_equal(run.state["h0"], run.outputs["h"][-1])
    np.testing.assert_allclose(spec.forward(values).outputs["h"], expected, rtol=1e-13)  # compiled
    with pytest.raises(NotFoundError, match="cell: there is no backend 'reference'; this spec has equation, compiled"):
        spec.forward(values, "reference")
    assert "tanh" in str(spec) and "A cell" in spec._repr_html_() and "<math" in spec._repr_html_()


def test_the_same_cell_as_text():
    spec = refrnn.load_text(CELL)
    assert spec.source == "text" and spec.forward(spec.draw(), "equation").outputs["h"].dtype == np.float32


def test_a_file_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("cell.yaml").write_text(CELL + "reference: mine.py\n", encoding="utf-8")
    Path("mine.py").write_text("def forward(x, h0, W, U): pass\ndef backward(saved, d_h): pass\n", encoding="utf-8")
    assert refrnn.load("cell.yaml").backends == ("equation", "reference", "compiled")


# ------------------------------------------------------------ what is imported


def modules_after(statement):
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_loading_imports_no_numba():
    statement = "import refrnn\nrefrnn.ids()\nfor name in refrnn.ids(): refrnn.load(name)\nrefrnn.load('elman').forward(refrnn.load('elman').draw(), 'reference')"
    assert not modules_after(statement) & {"numba", "llvmlite", "click", "torch"}


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"], ["--version"]])
def test_listing_imports_neither_numba_nor_numpy(arguments):
    statement = f"from click.testing import CliRunner\nfrom refrnn.commands.main import main\nassert CliRunner().invoke(main, {arguments}).exit_code == 0"
    assert not modules_after(statement) & {"numba", "llvmlite", "numpy"}
