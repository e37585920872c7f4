"""A training as it was recorded is drawn as it was recorded: every loss, every number of a table, every score."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import refrnn
from refrnn.plots import page, training
from refrnn.tasks.record import record as recorded
from refrnn.tasks.task import Score, Table, Task

LOSSES = {"plain": [(10, 1.0), (20, 0.1), (30, 0.01)], "gated": [(10, 2.0), (20, 0.5)]}
TABLES = [
    Table("a curve", ("gap", "plain", "gated"), ((1, 0.9, 1.0), (2, 0.6, 1.0), (4, 0.5, 0.9))),
    Table("models", ("", "parameters", "bits", "seconds", "more"), (("LSTM", 500, 2.1, 30.0, 7.0), ("3-gram", 600, 3.25, "", 8.0))),
    Table("words alone", ("one", "other"), (("a", "b"), ("c", "d"))),
]
SCORES = [Score("exact", 0.75, 0.5, 0.1, percent=True), Score("error", 0.2, at_least=False)]


def made(losses=LOSSES, tables=TABLES, scores=SCORES, stopped=False):
    """What ``refrnn train --json`` writes, by the function that it has it from."""
    parts = [SimpleNamespace(record=lambda name=name, found=found: {"name": name, "steps": 30, "seconds": 1.0, "losses": found, "checks": []}) for name, found in losses.items()]
    task = Task("parity", "What is trained", parts, lambda: scores, lambda: tables, notes=("as {it} is", "with a stop."))
    return json.loads(json.dumps(recorded(task, 3, stopped)))


def written(folder, record):
    path = folder / "record.json"
    path.write_text(json.dumps(record))
    return path


def test_what_was_recorded_is_read_and_told(tmp_path):
    record = training.read(written(tmp_path, made()), "parity")
    picture = training.picture(record)
    text = page.caption(picture, record)
    assert picture.TITLE == "parity, trained: What is trained"
    assert text.startswith("Measured by refrnn train parity with seed 3. As {it} is. With a stop. Slides: ds4440, ")
    stopped = training.read(written(tmp_path, made(stopped=True)))
    assert "It was stopped before its end, and not scored." in page.caption(training.picture(stopped), stopped)


def test_a_table_is_a_curve_where_its_first_column_rises_and_else_rows_of_measured_numbers():
    axis, columns = training._columns(made()["tables"][0])
    assert axis.tolist() == [1, 2, 4] and {name: column.tolist() for name, column in columns} == {"plain": [0.9, 0.6, 0.5], "gated": [1.0, 1.0, 0.9]}
    axis, columns = training._columns(made()["tables"][1])
    assert axis is None and [name for name, _ in columns] == ["bits", "seconds", "more"] and columns[0][1].tolist() == [2.1, 3.25]
    assert columns[1][1][0] == 30 and np.isnan(columns[1][1][1])
    assert training._columns(made()["tables"][2]) is None
    shares = {"title": "t", "columns": ["words", "seen", "numbers", "exact"], "rows": [["1", "yes", 3, "100.0%"], ["2", "no", 500, "31.5%"], ["3", "no", 500, ""]]}
    axis, columns = training._columns(shares)
    assert axis.tolist() == [1, 2, 3] and [name for name, _ in columns] == ["exact"] and columns[0][1][:2].tolist() == [100, 31.5] and np.isnan(columns[0][1][2])
    shares = {"title": "t", "columns": ["gap", "plain", "worst", "gated", "worst"], "rows": [[4, 1.0, 0.5, 0.75, 0.25]], "percent": True}
    assert [(name, column.tolist()) for name, column in training._columns(shares)[1]] == [("plain", [100]), ("plain, worst", [50]), ("gated", [75]), ("gated, worst", [25])]
    assert training._in_percent(shares) and not training._in_percent(made()["tables"][0])
    counts = {"title": "t", "columns": ["gap", "bridged"], "rows": [[1, 5], [2, 4], [3, 0]]}
    assert training._columns(counts)[1][0][1].tolist() == [5, 4, 0]
    assert training._row(made()["tables"][1], ["LSTM", 1500, 2.1, 30.0, 7.0]) == "LSTM, 1,500 parameters"
    assert training._row({"columns": ["", "of", "n", "exact", "more"]}, ["gated", "training", 3, "99.5%", ""]) == "gated, training, 3 n"


@pytest.mark.parametrize(
    "change, words",
    [
        ({"id": "nonsense"}, "is not what refrnn train --json writes"),
        ({"parts": [{"name": "plain", "losses": [[1, 2, 3], [4]]}]}, "is not what refrnn train --json writes"),
        ({"parts": None}, "is not what refrnn train --json writes"),
        ({"scores": [{"name": "exact", "reached": 1}]}, "is not what refrnn train --json writes"),
        ({"scores": [{"name": "exact", "reached": "much", "asked": 1, "chance": 0, "percent": True, "at_least": True}]}, "is not what refrnn train --json writes"),
        ({"tables": [{"title": "t", "columns": ["a"], "rows": [[1, 2]]}]}, "is not what refrnn train --json writes"),
        ({"notes": [3]}, "is not what refrnn train --json writes"),
        ({"parts": [], "tables": [], "scores": []}, "has neither losses nor tables nor scores to draw"),
        ({"id": "reservoir"}, "is of a training of reservoir, not of parity; name that, or another file"),
    ],
)
def test_another_file_is_refused_in_one_sentence(tmp_path, change, words):
    with pytest.raises(refrnn.RefrnnError, match=words) as refused:
        training.read(written(tmp_path, made() | change), "parity")
    assert "\n" not in str(refused.value)


def test_what_is_no_json_and_no_object_is_refused(tmp_path):
    for content in (b"\x89PNG", b"{", b"[]", b'"text"', b"3"):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(refrnn.RefrnnError, match="is not what refrnn train --json writes"):
            training.read(tmp_path / "file")


@pytest.fixture
def drawn():
    pytest.importorskip("matplotlib", reason="matplotlib is an optional extra")

    def draw(record):
        with page.look():
            return page.figure(training.picture(record), record)

    return draw


def test_every_number_is_drawn(drawn):
    losses, curve, bits, seconds, scores = drawn(made()).axes
    assert [line.get_xydata().tolist() for line in losses.lines] == [[list(pair) for pair in found] for found in LOSSES.values()]
    assert [line.get_label() for line in losses.lines] == ["plain", "gated"] and losses.get_yscale() == "log"
    assert [line.get_ydata().tolist() for line in curve.lines] == [[0.9, 0.6, 0.5], [1.0, 1.0, 0.9]]
    assert bits.lines[0].get_xdata().tolist() == [2.1, 3.25] and bits.get_xlabel() == "bits" and seconds.lines[0].get_xdata()[0] == 30
    assert bits.figure.get_suptitle() == "models (2 of 3 columns)" and curve.figure.get_suptitle() == "a curve"
    assert [text.get_text() for text in bits.get_yticklabels()] == ["LSTM, 500 parameters", "3-gram, 600 parameters"]
    places = [float(line.get_xdata()[0]) for line in scores.lines]
    assert places == pytest.approx([0.1, 0.5, 0.75, 1.0])
    assert [text.get_text() for text in scores.texts] == ["exact: 75.0%, by chance 10.0%, asked at least 50.0%", "error: 0.2"]


def test_columns_of_one_size_share_a_panel_and_losses_that_are_near_or_below_zero_a_plain_scale(drawn):
    table = Table("three", ("", "here", "there", "far"), (("a", 1.5, 1.25, 3.0), ("b", 2.5, 2.0, 4.0)))
    for found in ([(1, 0.5), (2, -0.5)], [(1, 2.5), (2, 2.0)]):
        losses, together = drawn(made({"plain": found}, [table], [])).axes
        assert losses.get_yscale() == "linear"
    assert [(line.get_label(), line.get_xdata().tolist()) for line in together.lines] == [("here", [1.5, 2.5]), ("there", [1.25, 2.0]), ("far", [3.0, 4.0])]


def test_coordinates_are_drawn_in_planes(drawn):
    table = Table("vectors", ("letter", "first: axis 1", "axis 2", "last: axis 1", "axis 2"), (("a", 1.5, 2.5, 3.5, 4.5), ("b", -1.0, -2.0, -3.0, -4.0)))
    first, last = drawn(made({}, [table], [])).axes
    assert first.lines[0].get_xydata().tolist() == [[1.5, 2.5], [-1, -2]] and last.lines[0].get_xydata().tolist() == [[3.5, 4.5], [-3, -4]]
    assert [text.get_text() for text in first.texts] == ["a", "b"] and (first.get_title(), last.get_title()) == ("first", "last")


def test_many_parts_are_drawn_without_a_key(drawn):
    [axes] = drawn(made({f"part {number}": LOSSES["plain"] for number in range(20)}, [], [])).axes
    assert len(axes.lines) == 20 and axes.get_legend() is None
    [axes] = drawn(made({f"part {number}": LOSSES["plain"] for number in range(8)}, [], [])).axes
    looks = {(line.get_linestyle(), line.get_marker(), line.get_markerfacecolor()) for line in axes.lines}
    assert len(looks) == 8 and len(axes.get_legend().get_texts()) == 8
