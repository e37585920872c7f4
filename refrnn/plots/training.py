"""A training as it went: what ``refrnn train ID --json FILE`` wrote, drawn. Losses first, then tables, then scores."""

import json
import textwrap
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import refrnn
from refrnn.errors import ValuesError, cut
from refrnn.plots.page import STROKES, stroke

WIDTH = 7
TOLD_APART = 2 * len(STROKES)  # lines that have a look of their own; of more parts none has
LABEL = 40  # letters of each of the two lines that a row's name may have
WIDE, ONE_SIZE = 30, 10  # of numbers that want a logarithmic scale, and of columns that share a panel
MOST, MARKERS = 2, "os^Dv*Px"  # panels beside one another, and columns in one
ASIDE = ((4, 4), (4, -10), (-4, 4), (-4, -10))  # points from a point to its name, in turn, for points may lie close
HEAD, SAID = 105, 116  # letters of a line above a panel, and above a score


def read(path, name=None):
    """The record in a file that ``refrnn train --json`` wrote, of the task ``name``. Raises ValuesError where it is none."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        curves = [np.array(part["losses"], float).reshape(-1, 2) for part in record["parts"]]
        tables = [_columns(table) for table in record.get("tables", ())]
        scores = [[score[key] for key in ("reached", "asked", "chance", "percent", "at_least")] for score in record.get("scores", ())]
        texts = [record["title"], *record["notes"], *(one["name"] for one in (*record["parts"], *record.get("scores", ())))]
        if record["id"] not in refrnn.ids() or not all(isinstance(text, str) for text in texts):
            raise ValueError("it is of no row, or names are no texts")
        if not all(entry is None or isinstance(entry, (int, float)) for score in scores for entry in (*score, record["seed"], record["stopped"])):
            raise ValueError("scores are no numbers")
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValuesError(f"{path} is not what refrnn train --json writes ({type(error).__name__}: {cut(error)}); name such a file") from None
    if name not in (None, record["id"]):
        raise ValuesError(f"{path} is of a training of {record['id']}, not of {name}; name that, or another file")
    if not (any(len(curve) for curve in curves) or any(tables) or scores):
        raise ValuesError(f"{path} has neither losses nor tables nor scores to draw; the training was stopped before its first")
    return record


def picture(record):
    """As the module of a picture, with the record as its data."""
    ended = "" if not record["stopped"] else " It was stopped before its end, and not scored."
    told = f"Measured by refrnn train {record['id']} with seed {record['seed']}.{ended} {' '.join(_sentence(note) for note in record['notes'])}"
    blocks = list(_blocks(record))
    return SimpleNamespace(
        TITLE=f"{record['id']}, trained: {record['title']}",
        SAYS=told.replace("{", "{{").replace("}", "}}"),
        CITES=(record["id"],),
        SIZE=(WIDTH, 1.2 + len(told) / 700 + sum(height for height, _ in blocks)),
        draw=lambda figure, data: _draw(figure, blocks),
    )


def _sentence(note):
    return note[:1].upper() + note[1:] + "." * (not note.endswith("."))


def _blocks(record):
    """(height in inches, how it is drawn) of everything that there is, from above."""
    parts = [part for part in record["parts"] if part["losses"]]
    if parts:
        yield 2.4, lambda figure: _losses(figure, parts)
    for table in record.get("tables", ()):
        axis, columns = _columns(table) or (None, [])
        planes = list(_planes(columns))
        if planes:
            yield 3.2, lambda figure, table=table, planes=planes: _points(figure, table, planes)
        elif axis is not None:
            yield 2.4, lambda figure, table=table, axis=axis, columns=columns: _curves(figure, table, axis, columns)
        elif columns:
            yield 0.75 + (0.24 if any(len(str(row[0])) > LABEL for row in table["rows"]) else 0.18) * len(table["rows"]), lambda figure, table=table, columns=columns: _dots(figure, table, columns)
    if record.get("scores"):
        yield 0.6 + 0.36 * len(record["scores"]), lambda figure: _scores(figure, record["scores"])


def _draw(figure, blocks):
    rooms = np.atleast_1d(figure.subfigures(len(blocks), 1, height_ratios=[height for height, _ in blocks]))
    for room, (_, drawn) in zip(rooms, blocks):
        drawn(room)


def _columns(table):
    """(axis, [(name, column)]): what of a table can be drawn, or None. The axis is the first column, where that is numbers that rise.

    Drawn is what was measured, which no column of integers is where others are there: such counts only say what a row is.
    """
    names, rows = table["columns"], table["rows"]
    if not all(len(row) == len(names) for row in rows) or not isinstance(table["title"], str):
        raise ValueError("a table is none")
    shares = table.get("percent")
    found = [(place, np.array([100 * row[place] if shares and isinstance(row[place], float) else _number(row[place]) for row in rows])) for place in range(1, len(names))]
    found = [(place, column) for place, column in found if np.isfinite(column).any()]
    measured = [(place, column) for place, column in found if any(_is_measured(row[place]) for row in rows)]
    columns = [(_name(names, place), column) for place, column in measured or found]
    axis = np.array([_number(row[0]) for row in rows])
    rises = len(rows) > 2 and np.all(np.diff(axis) > 0)
    return (axis if rises else None, columns) if columns else None


def _name(names, place):
    """A column's; where others have it too, with that of the column before: "plain, worst seed"."""
    name = str(names[place])
    return f"{names[place - 1]}, {name}" if names.count(name) > 1 and not name.endswith("axis 2") else name


def _planes(columns):
    """(name, across, up) of columns that are coordinates: where one is called "... axis 1" and the next one "... axis 2"."""
    for (name, across), (other, up) in zip(columns, columns[1:]):
        if name.endswith("axis 1") and other.endswith("axis 2"):
            yield name.removesuffix("axis 1").rstrip(" :"), across, up


def _number(entry):
    """A number, also one that stands in a text, and with a percent sign; else none."""
    try:
        return float(entry.removesuffix("%") if isinstance(entry, str) else entry)
    except (TypeError, ValueError):
        return np.nan


def _is_measured(entry):
    return isinstance(entry, float) or (isinstance(entry, str) and entry.endswith("%") and np.isfinite(_number(entry)))


def _in_percent(table):
    return table.get("percent") or any(isinstance(entry, str) and entry.endswith("%") and np.isfinite(_number(entry)) for row in table["rows"] for entry in row[1:])


def _losses(figure, parts):
    axes = figure.subplots()
    for place, part in enumerate(parts):
        steps, losses = np.array(part["losses"], float).T
        if len(parts) > TOLD_APART:
            axes.plot(steps, losses, color="0.5", linewidth=0.8)
        else:
            axes.plot(steps, losses, label=part["name"], **_look(place, len(steps)))
    if _reach(*(np.array(part["losses"], float)[:, 1] for part in parts)) > ONE_SIZE:
        axes.set_yscale("log")
    axes.set(xlabel="update", ylabel="loss")
    _head(figure, "loss in training, the mean of the updates since the point before" + f"; {len(parts)} parts" * (len(parts) > TOLD_APART))
    if len(parts) <= TOLD_APART:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _look(place, points):
    """A stroke, from the fifth on with open markers."""
    look = stroke(place, points)
    return look if place < len(STROKES) else {**look, "markerfacecolor": "white"}


def _curves(figure, table, axis, columns):
    axes = figure.subplots()
    for place, (name, column) in enumerate(columns):
        axes.plot(axis, column, label=name, **{**_look(place, len(axis)), "markevery": None})
    axes.set(xlabel=table["columns"][0], ylabel="%" if _in_percent(table) else "")
    if _reach(axis) > WIDE:
        axes.set_xscale("log")
    if _reach(*(column for _, column in columns)) > WIDE:
        axes.set_yscale("log")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    _head(figure, table["title"])


def _dots(figure, table, columns):
    """A row for each row; columns that are of one size share a panel, of others the first ones have a panel each."""
    rows = np.arange(len(table["rows"]))
    together = len(columns) > 1 and 0 < _reach(*(column for _, column in columns)) < ONE_SIZE
    shown = columns[: len(MARKERS) if together else MOST]
    every = np.atleast_1d(figure.subplots(1, 1 if together else len(shown), sharey=True))
    unit = " (%)" * bool(_in_percent(table))
    for axes, (name, column), marker in zip(cycle(every), shown, MARKERS):
        axes.plot(column, rows, linestyle="", color="black", marker=marker, markerfacecolor="black" if marker == MARKERS[0] else "none", label=name)
        axes.set_xlabel(unit.strip(" ()") if together else name + unit)
        if _reach(column) > WIDE:
            axes.set_xscale("log")
        elif np.nanmin(column) > 0:
            axes.set_xlim(0, max(1.03 * np.nanmax(column), axes.get_xlim()[1]))
    if together:
        every[0].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    every[0].set_yticks(rows, [_row(table, row) for row in table["rows"]])
    every[0].set_ylim(len(rows) - 0.5, -0.5)
    _head(figure, table["title"] + f" ({len(shown)} of {len(columns)} columns)" * (len(shown) < len(columns)))


def _points(figure, table, planes):
    """The names of the rows, where their coordinates are."""
    for axes, (name, across, up) in zip(np.atleast_1d(figure.subplots(1, len(planes))), planes):
        axes.plot(across, up, linestyle="", marker="o", color="black")
        for row, x, y, aside in zip(table["rows"], across, up, cycle(ASIDE)):
            axes.annotate(str(row[0]), (x, y), xytext=aside, textcoords="offset points", ha="left" if aside[0] > 0 else "right")
        axes.set(title=name, xlabel="axis 1", ylabel="axis 2")
        axes.margins(0.15)
    _head(figure, table["title"])


def _head(figure, text):
    figure.suptitle(textwrap.fill(text, HEAD, max_lines=2, placeholder="…"), fontsize=8.5)


def _row(table, row):
    """Its name, and the words and counts that say what it is."""
    words = [f"{entry:,} {name}" if isinstance(entry, int) else entry for name, entry in zip(table["columns"][1:], row[1:]) if _is_said(entry)]
    return textwrap.fill(", ".join([str(row[0]), *words]), LABEL, max_lines=2, placeholder="…")


def _is_said(entry):
    return isinstance(entry, int) or (isinstance(entry, str) and entry != "" and np.isnan(_number(entry)))


def _scores(figure, scores):
    """What was reached, what is asked and what chance gives, with the numbers above it; each on a scale from 0 to 100% or to its largest."""
    axes = figure.subplots()
    for row, score in enumerate(scores):
        shown = (lambda number: f"{number:.1%}") if score["percent"] else (lambda number: f"{number:.4g}")
        largest = 1 if score["percent"] else max(abs(score[name] or 0) for name in ("reached", "asked", "chance")) or 1
        said = f": {shown(score['reached'])}"
        if score["chance"] is not None:
            axes.plot(score["chance"] / largest, row, "o", color="black", markerfacecolor="white")
            said += f", by chance {shown(score['chance'])}"
        if score["asked"] is not None:
            axes.plot(score["asked"] / largest, row, "|", color="black", markersize=9, markeredgewidth=1.5)
            said += f", asked {'at least' if score['at_least'] else 'at most'} {shown(score['asked'])}"
        axes.plot(score["reached"] / largest, row, "D", color="black")
        name = textwrap.shorten(score["name"], SAID - len(said), placeholder="…")
        axes.annotate(name + said, (0, row), xytext=(0, 6), textcoords="offset points", fontsize=7.5)
    axes.set(xlim=(-0.02, 1.05), ylim=(len(scores) - 0.5, -0.7), xticks=[0, 1], xticklabels=["0", "100%, or the\nlargest of the three"], yticks=[])
    axes.spines["left"].set_visible(False)
    _head(figure, "scores, each on a scale of its own: reached (full), asked (bar), by chance (open)")


def _reach(*columns):
    """How many times the smallest number the largest is; 0 where that says nothing."""
    numbers = np.concatenate(columns)
    numbers = numbers[np.isfinite(numbers)]
    return numbers.max() / numbers.min() if len(numbers) and numbers.min() > 0 else 0
