"""A picture of a race: the ratio of each other contender's time to the kernel's, cell by cell."""

from refrnn.bench.summary import column, heading


def drawn(record):
    """The figure of a record, as ``--json`` writes it."""
    from matplotlib.figure import Figure

    cells = [cell for cell in record["cells"] if any("ratio" in one for one in cell["contenders"])]
    names = list(dict.fromkeys(one["name"] for cell in cells for one in cell["contenders"] if "ratio" in one))
    figure = Figure(figsize=(9, 1.5 + 0.28 * len(cells)), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(names):
        found = [(row, one) for row, cell in enumerate(cells) for one in cell["contenders"] if one["name"] == name]
        rows, ratios = [row for row, _ in found], [one["ratio"] for _, one in found]
        errors = [[one["ratio"] - one["ratio_low"] for _, one in found], [one["ratio_high"] - one["ratio"] for _, one in found]]
        axes.errorbar(ratios, rows, xerr=errors, fmt="os^Dvx"[place % 6], markersize=4, linewidth=1, label=name)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(cells)), [f"{column(cell)}; {heading(cell)}" for cell in cells], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("time / time of the kernel, median and quartiles (to the right of 1 the kernel is faster)")
    axes.legend(fontsize=7)
    return figure
