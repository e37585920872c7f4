"""A training as plain data: a file from which it goes on, what ``refrnn train --json`` writes, and what people read of it."""

from dataclasses import asdict

from refrnn.errors import ValuesError
from refrnn.learning import checkpoint

MOST_PARTS = 8  # that have a line each


def save(path, task, seed):
    """Write all parts, with the best weights of each under PART/best/NAME, into one file, whole or not at all."""
    arrays, parts = {}, {}
    for part in task.parts:
        found, parts[part.name] = part.state()
        arrays |= {f"{part.name}/{name}": array for name, array in found.items()}
    checkpoint.write(path, arrays, {"task": task.id, "seed": seed, "parts": parts})


def seed_of(path, id):
    """The seed of what was saved. Raises ValuesError where it was another task's."""
    _, about = checkpoint.read(path)
    if about.get("task") != id:
        raise ValuesError(f"{path} was saved by the task {about.get('task')}, not by {id}; name another file")
    return about["seed"]


def restore(path, task):
    """Every part goes on from where it was saved."""
    arrays, about = checkpoint.read(path)
    if about["parts"].keys() != {part.name for part in task.parts}:
        raise ValuesError(f"{path} has other parts than the task {task.id}: {', '.join(about['parts'])}; it was saved by another version, train anew")
    for part in task.parts:
        lead = f"{part.name}/"
        part.restore({name[len(lead) :]: array for name, array in arrays.items() if name.startswith(lead)}, about["parts"][part.name])


def record(task, seed, stopped=False):
    """All that is told of a training; scores, tables and samples where it came to its end."""
    found = {"id": task.id, "title": task.title, "seed": seed, "stopped": stopped, "parts": [part.record() for part in task.parts]}
    found["notes"] = list(task.notes)
    if stopped:
        return found
    scores = [asdict(score) | {"met": score.met} for score in task.scores()]
    return found | {"scores": scores, "tables": [asdict(table) for table in task.tables()], "samples": task.samples()}


def lines(record):
    """(text, lead, hang) of each line for people."""
    yield f"{record['id']}: {record['title']}", "", "    "
    yield from _of_parts(record["parts"])
    for table in record.get("tables", ()):
        yield "", "", ""
        yield table["title"], "", "    "
        rows = [[_share(value) if table["percent"] and isinstance(value, float) else value for value in row] for row in table["rows"]]
        yield from ((text, "  ", "    ") for text in columns([table["columns"], *rows]))
    if record.get("samples"):
        yield "", "", ""
        yield from ((line, "  ", "    ") for line in record["samples"])
    if record.get("scores"):
        yield "", "", ""
        heads = ("score", "reached", "asked", "by chance", "")
        yield from ((text, "  ", "    ") for text in columns([heads, *map(_score_row, record["scores"])]))
    for note in record["notes"]:
        yield note, "", "    "


def _of_parts(parts):
    """A line a part, or one for all where there are many."""
    if len(parts) > MOST_PARTS:
        total, seconds = (sum(part[key] for part in parts) for key in ("steps", "seconds"))
        yield f"{parts[0]['name']} to {parts[-1]['name']}, {len(parts)} in all: {total:,} steps in {seconds:.1f} s", "  ", "    "
        return
    for part in parts:
        loss = f", loss {part['losses'][-1][1]:.3g}" if part["losses"] else ""
        yield f"{part['name']}: {part['steps']:,} steps in {part['seconds']:.1f} s{loss}", "  ", "    "


def _share(number):
    return "" if number is None else f"{number:.2%}"


def _score_row(score):
    shown = _share if score["percent"] else shown_number
    asked = "" if score["asked"] is None else f"{'at least' if score['at_least'] else 'at most'} {shown(score['asked'])} ({score['bar']})"
    return score["name"], shown(score["reached"]), asked, shown(score["chance"]), "" if score["asked"] is None else "met" if score["met"] else "NOT MET"


def shown_number(value):
    """A number as a table has it: whole ones whole, others to four digits, texts as they are."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def columns(rows):
    """Rows of texts and numbers, each column as wide as its widest entry: the first to the left, numbers to the right."""
    shown = [[shown_number(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown)]
    return ["  ".join([f"{row[0]:{widths[0]}}", *(f"{entry:>{width}}" for entry, width in zip(row[1:], widths[1:]))]).rstrip() for row in shown]
