"""refrnn plot: what it refuses before any work, what it says, and that a file is written whole or not at all."""

import os

import pytest
from click.testing import CliRunner

from refrnn import files, plots
from refrnn.commands import output, pictures
from refrnn.commands.main import main
from refrnn.plots import page
from refrnn.plots.dynamics import scalar_recursion


def plot(*arguments):
    return CliRunner().invoke(main, ["plot", *map(str, arguments)])


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_work(monkeypatch):
    """A matplotlib that is there, and pictures that must not be begun."""

    def begun(*_):
        raise AssertionError("work was begun")

    monkeypatch.setattr(pictures, "find_spec", lambda name: True)
    monkeypatch.setattr(plots, "measured", begun)
    monkeypatch.setattr(page, "figure", begun)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["gru-minimal"], "there is no picture of gru-minimal; there are those of "),
        (["nonsense"], "there is no picture of nonsense; there are those of "),
        (["scalar-recursion", "-o", "a.gif"], "refrnn plot writes .png, .svg, .pdf, not a.gif; name such a file"),
        (["scalar-recursion", "-o", "-"], "refrnn plot writes .png, .svg, .pdf, not -; name such a file"),
        (["scalar-recursion", "-o", "no/where/a.png"], "no/where is not there; make it first"),
        (["scalar-recursion", "-o", ""], "it names no file"),
        (["scalar-recursion", "--seed", "1"], "nothing in the picture of scalar-recursion is random; leave --seed out"),
        (["vector-recursion", "--seed", "-1"], "--seed"),
        (["scalar-recursion", "--all", "."], "--all draws every picture into a folder"),
        (["--all", ".", "-o", "a.png"], "--all draws every picture into a folder"),
        (["--all", "nowhere"], "nowhere is not there; make it first"),
        (["--all", ""], "it names no folder; . is this one"),
        (["--seed", "1"], "name what is to be drawn, or draw all by --all DIR"),
        (["--from", "nowhere.json"], "nowhere.json"),
        (["--from", __file__], "is not what refrnn train --json writes"),
        (["parity", "--from", __file__, "--seed", "1"], "--from draws what was trained before"),
        (["--from", __file__, "--all", "."], "--from draws what was trained before"),
        (["-o", "a.png"], "name what is to be drawn, or draw all by --all DIR"),
    ],
)
def test_refusals_are_one_clear_line(no_work, arguments, words):
    done = plot(*arguments)
    assert done.exit_code == 2 and not done.stdout
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("Error: ") and words in error
    assert os.listdir() == []


def test_a_file_or_a_folder_that_stands_in_the_way_is_told_before(no_work, tmp_path):
    (tmp_path / "scalar-recursion.png").mkdir()
    assert "is a directory" in plot("scalar-recursion").stderr and "is a directory" in plot("--all", ".").stderr
    (tmp_path / "file").touch()
    assert "is not there; make it first" in plot("--all", "file").stderr


def test_without_matplotlib_one_sentence_names_the_extra(no_work, monkeypatch):
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    for arguments in (["scalar-recursion"], ["--all", "."]):
        done = plot(*arguments)
        assert done.exit_code == 2 and done.stderr == "Error: refrnn plot needs matplotlib, which is not installed; pip install refrnn[plot]\n"


def test_alone_it_lists_what_there_is_without_matplotlib(no_work, monkeypatch):
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    done = plot()
    assert done.exit_code == 0
    for name in plots.drawn():
        assert f"  {name} " in done.stdout and plots.module(name).TITLE in done.stdout


@pytest.fixture
def two_pictures(monkeypatch):
    """Two pictures that are drawn at once: the bytes are the name, the ending and the seed."""
    monkeypatch.setattr(pictures, "find_spec", lambda name: True)
    monkeypatch.setattr(plots, "drawn", lambda: ["scalar-recursion", "vector-recursion"])
    monkeypatch.setattr(plots, "measured", lambda picture, seed: (picture, seed))
    monkeypatch.setattr(page, "look", lambda: open(os.devnull))
    monkeypatch.setattr(page, "figure", lambda picture, data: data)
    monkeypatch.setattr("refrnn.commands.plot.rendered", lambda figure, path: f"{figure[0].__name__} {figure[1]} {path[-4:]}".encode())


def test_one_is_written_under_its_name_or_that_which_is_asked_for(two_pictures, tmp_path):
    assert plot("scalar-recursion").stdout == "wrote scalar-recursion.png\n"
    assert (tmp_path / "scalar-recursion.png").read_bytes() == b"refrnn.plots.dynamics.scalar_recursion None .png"
    assert plot("vector-recursion", "-o", "b.svg", "--seed", 5).stdout == "wrote b.svg\n"
    assert (tmp_path / "b.svg").read_bytes() == b"refrnn.plots.dynamics.vector_recursion 5 .svg"


def test_all_are_written_and_the_seed_reaches_those_that_are_random(two_pictures, tmp_path):
    (tmp_path / "all").mkdir()
    done = plot("--all", "all", "--seed", 7)
    assert done.exit_code == 0 and "plot" in done.stderr and sorted(os.listdir("all")) == ["scalar-recursion.png", "vector-recursion.png"]
    assert (tmp_path / "all/vector-recursion.png").read_bytes().startswith(b"refrnn.plots.dynamics.vector_recursion 7")


def test_a_training_is_drawn_under_its_name(two_pictures, monkeypatch, tmp_path):
    from refrnn.plots import training

    asked = []
    monkeypatch.setattr(training, "read", lambda *found: asked.append(found) or {"id": "parity"})
    monkeypatch.setattr(training, "picture", lambda record: training)
    monkeypatch.setattr("refrnn.commands.plot.rendered", lambda figure, path: str(figure["id"]).encode())
    assert plot("parity", "--from", __file__).stdout == "wrote parity-training.png\n" and (tmp_path / "parity-training.png").read_bytes() == b"parity"
    assert plot("--from", __file__, "-o", "b.pdf").stdout == "wrote b.pdf\n" and asked == [(__file__, "parity"), (__file__, None)]
    assert "not b.gif" in plot("--from", __file__, "-o", "b.gif").stderr


def test_a_seed_is_zero_where_none_is_given():
    class Random:
        measured = staticmethod(lambda seed: seed)

    assert plots.is_random(Random) and not plots.is_random(scalar_recursion)
    assert plots.measured(Random) == 0 and plots.measured(Random, 3) == 3


def test_a_full_disk_leaves_no_half_of_a_file_and_says_where_it_is_kept(two_pictures, monkeypatch, tmp_path):
    (tmp_path / "scalar-recursion.png").write_text("old")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    monkeypatch.setattr(output.tempfile, "tempdir", str(tmp_path))
    done = plot("scalar-recursion")
    [kept] = tmp_path.glob("refrnn-*.png")
    assert done.exit_code == 2 and not done.stdout
    assert done.stderr == f"scalar-recursion.png can't be written (No space left on device); it is kept in {kept}\n"
    assert (tmp_path / "scalar-recursion.png").read_text() == "old" and kept.read_bytes().startswith(b"refrnn.plots")
    monkeypatch.setattr(output.tempfile, "mkstemp", lambda **_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert plot("scalar-recursion").stderr == "scalar-recursion.png can't be written (No space left on device); it is lost\n"
    assert sorted(os.listdir()) == sorted(["scalar-recursion.png", kept.name])
