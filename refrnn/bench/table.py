"""The results of a race for people, as lines of text. A record is what ``--json`` writes."""

from refrnn.bench.summary import counted, heading, means, results


def lines(record):
    """(text, lead) of each line."""
    shown = None
    for cell in record["cells"]:
        title = f"{cell['id']}: {heading(cell)}"
        if title != shown:
            yield title, ""
            shown = title
        yield from _of_cell(cell)
    if len(results(record)) > 1:
        yield f"against the fastest of the others: {counted(record)}; {means(record)}", ""
        if counted(record, "bound"):
            yield f"with weights that are bound once: {counted(record, 'bound')}", ""
    yield "the reference runs one sequence at a time; a kernel is called through spec.forward, which checks the values first", ""


def _of_cell(cell):
    kernel = next((one for one in cell["contenders"] if one["kind"] == "kernel"), None)
    if kernel is not None:
        speed = f", {number(kernel['gflops'])} GFLOP/s" if "gflops" in kernel else ""
        share = f", {kernel['peak_share']:.0%} of the peak" if "peak_share" in kernel else ""
        bound = f", bound by {cell['roofline']['bound']}" if "roofline" in cell else ""
        yield f"{cell['pass']}: {seconds(kernel['seconds'])} ({spread(kernel, seconds, '')}){speed}{share}{bound}", "  "
    for one in cell["contenders"]:
        if one["kind"] == "bound":
            yield f"{seconds(one['seconds'])} ({spread(one, seconds, '')}) where its weights are bound once", "    "
        if "ratio" in one:
            named = "the reference" if one["kind"] == "reference" else one["name"]
            ratio = f"kernel is {number(one['ratio'])} times as fast as {named} ({spread(one, number, 'ratio_')})"
            yield f"{seconds(one['seconds'])}: {ratio}", "    "
            if one.get("errors"):
                shown = " and ".join(f"{number(times)} times as large in the {word} ({symbol})" for word, (times, symbol) in one["errors"].items())
                yield f"the kernel's errors are at most {shown} as those of {named}", "      "
    for name, sentence in cell["out"].items():
        yield f"{cell['pass']}: {name} takes no part: {sentence}", "    "


def spread(record, show, prefix):
    """The quartiles of a record's turns, or of its ratios."""
    return f"{show(record[prefix + 'low'])} to {show(record[prefix + 'high'])}"


def number(value):
    """Three digits."""
    return f"{value:.3g}"


def seconds(value):
    """A time in a unit that fits it."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if value * factor >= 1 or unit == "us":
            return f"{value * factor:.3g} {unit}"
