"""BENCHMARKS.md, written from the record of a race; no number in it is typed."""

from refrnn.bench import roofline
from refrnn.bench.machine import PACKAGES, warning
from refrnn.bench.summary import column, counted, geometric_means, heading, results
from refrnn.bench.table import number, seconds

HEAD = """# Benchmarks

Written by a program from the results of one run; nothing here is typed by hand. The run is repeated by

    {command}

on {machine}.

A ratio is the time of the fastest of the others divided by ours: above 1 we are faster. It is the median of {repeats} turns, in
which all take part one after another; a cell is *won* or *lost* where the quartiles of its ratio lie on one side of 1,
else *tied*. Every contender runs in a process of its own with {threads}, allocates what it gives, and gave the same
results as most others before anything was timed. We are called through `spec.forward`, which checks the values first; the
others are ready to run, with their weights in their own layout.

"""


def page(record):
    """The page as text."""
    machine = record["machine"]
    count = machine["threads"]
    threads = f"{count} thread{'s' * (count > 1)}"
    parts = [HEAD.format(command=record["command"], machine=_machine(machine), repeats=record["repeats"], threads=threads)]
    parts += [f"**Beware: {sentence}.**\n\n" for sentence in [warning(machine)] if sentence]
    parts += [f"{sentence}.\n\n" for sentence in record["absent"]]
    parts += [_ratios(record), _not_won(record), _missing(record), _times(record), "## How it is counted\n\n", roofline.__doc__.split("\n\n", 1)[1]]
    return "".join(parts)


def _machine(machine):
    caches = ", ".join(f"{size} {level}" for level, size in machine["caches"].items())
    cores = f"{machine['cores']} core{'s' * (machine['cores'] > 1)}"
    versions = ", ".join(f"{name} {machine[package]}" for package, name in PACKAGES.items() if package in machine)
    peak = f"; measured peak {machine['peak'] / 1e9:.0f} GFLOP/s" if machine["peak"] else ""
    return f"{machine['processor']}, {cores}, caches of a core {caches or 'unknown'}{peak}; {machine['system']}, Python {machine['python']}, {versions}"


def _ratios(record):
    """Sizes down, recurrences and passes across."""
    columns = list(dict.fromkeys(map(column, results(record))))
    rows = {}
    for cell in results(record):
        mark = "**" if cell["result"] == "won" else ""
        bound = f", bound {number(cell['bound']['ratio'])}" if "bound" in cell else ""
        rows.setdefault(heading(cell), {})[column(cell)] = f"{mark}{number(cell['ratio'])}{mark}{bound} ({cell['fastest']})"
    if not rows:
        return ""
    lines = [_row(["", *columns]), _row(["---"] * (len(columns) + 1))]
    lines += [_row([title, *(found.get(name, "") for name in columns)]) for title, found in rows.items()]
    lines.append(_row(["geometric mean", *(number(mean) for mean in geometric_means(record).values())]))
    bound = f"With weights that are bound once (`spec.bind`): {counted(record, 'bound')}.\n\n" if counted(record, "bound") else ""
    return f"## Against the fastest of the others: {counted(record)}\n\n{bound}" + "\n".join(lines) + "\n\n"


def _not_won(record):
    """Each cell that is lost or tied, in a line."""
    lines = []
    for word in ("lost", "tied"):
        for cell in (cell for cell in results(record) if cell["result"] == word):
            shown = f"{number(cell['ratio'])} ({number(cell['ratio_low'])} to {number(cell['ratio_high'])})"
            lines.append(f"- {word}: {column(cell)}, {heading(cell)}: {shown} against {cell['fastest']}\n")
    return "## Where we lose or tie\n\n" + ("".join(lines) or "Nowhere in this run.\n") + "\n"


def _missing(record):
    """Who took no part where, and why."""
    lines = [f"- {name}, {column(cell)}, {heading(cell)}: {why}\n" for cell in record["cells"] for name, why in cell["out"].items()]
    return "## Who took no part\n\n" + "".join(lines) + "\n" if lines else ""


def _times(record):
    """Medians of all, and what binds the kernel."""
    names = list(dict.fromkeys(one["name"] for cell in record["cells"] for one in cell["contenders"] if one["kind"] != "kernel"))
    lines = [_row(["", "sizes", "kernel", "GFLOP/s", "of the peak", "bound by", *names]), _row(["---"] * (6 + len(names)))]
    for cell in record["cells"]:
        found = {one["name"]: one for one in cell["contenders"]}
        kernel = found.get("kernel", {})
        own = [
            seconds(kernel["seconds"]) if kernel else "",
            number(kernel["gflops"]) if "gflops" in kernel else "",
            f"{kernel['peak_share']:.0%}" if "peak_share" in kernel else "",
            cell["roofline"]["bound"] if "roofline" in cell else "",
        ]
        lines.append(_row([column(cell), heading(cell), *own, *(seconds(found[name]["seconds"]) if name in found else "" for name in names)]))
    return "## Times of a call\n\n" + "\n".join(lines) + "\n\n"


def _row(cells):
    return f"| {' | '.join(cells)} |"
