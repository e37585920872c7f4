"""What all cells of a race say together. A record is what ``--json`` writes."""

import math

WORDS = ("won", "tied", "lost")
NAMES = {"lstm": "LSTM", "gru-reset-after": "GRU", "unfolding": "tanh"}


def heading(cell):
    """Its sizes in a line."""
    sizes = ", ".join(f"{name} {number}" for name, number in cell["sizes"].items())
    return f"{sizes}, {cell['steps']} true steps" if cell["ragged"] else sizes


def column(cell):
    """What a cell is called in the head of a table: "LSTM, forward"."""
    return f"{NAMES.get(cell['id'], cell['id'])}, {cell['pass']}"


def results(record):
    """The cells that have a fastest peer."""
    return [cell for cell in record["cells"] if "fastest" in cell]


def counted(record, key=None):
    """won 30, tied 2, lost 10 of 42; with the key "bound", where weights are bound once. Empty, where nothing is."""
    found = [cell["result"] if key is None else cell[key]["result"] for cell in results(record) if key is None or key in cell]
    return ", ".join(f"{word} {found.count(word)}" for word in WORDS) + f" of {len(found)}" if found else ""


def geometric_means(record):
    """The geometric mean of the ratios by column."""
    columns = {}
    for cell in results(record):
        columns.setdefault(column(cell), []).append(math.log(cell["ratio"]))
    return {name: math.exp(sum(logs) / len(logs)) for name, logs in columns.items()}


def means(record):
    """The geometric means in words."""
    return "geometric mean " + ", ".join(f"{mean:.3g} ({name})" for name, mean in geometric_means(record).items())
