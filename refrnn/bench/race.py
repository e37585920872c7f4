"""The race of one cell: contenders, each in its own process, are held against one another and then take turns.

Only times of the same turn are compared. A contender that is wrong, dies or does not answer is out, and the others go on.
"""

import statistics

from refrnn.bench.accuracy import beside, errors
from refrnn.bench.agree import allowed, needed, refused
from refrnn.bench.contender import Out
from refrnn.bench.roofline import verdict, work

# A contender's turn lasts about this many seconds, in as many calls as that takes.
TURN = 0.02


def race(problem, way, contenders, turns, limits, step=lambda text, done: None, accuracy=False):
    """The record of a cell, as ``--json`` writes it; ``step(text, done)`` is called as it goes on, with the turns done since.

    ``limits`` are those of the machine, as :class:`refrnn.bench.roofline.Limits`. With ``accuracy`` results are held against the
    kernel's in float64.
    """
    cell = {
        "id": problem.spec.id, "sizes": problem.sizes, "dtype": str(problem.checked.dtype), "pass": way,
        "ragged": problem.lengths is not None, "steps": problem.steps, "contenders": [], "out": {},
    }  # fmt: skip
    taking = [one for one in contenders if way in one.ways and one.answers(problem.spec)]
    shown = f"{problem.spec.id}, {way}"
    step(f"{shown}: comparing", 0)
    results = _ask_all(taking, cell["out"], lambda one: one.ask("ready", problem) or one.ask("results", way))
    cell["out"] |= refused(results, needed(problem, way), allowed(problem))
    if accuracy and _has_kernel(taking, cell):
        kernel = [one for one in taking if one.kind == "kernel"]
        exact = _ask_all(kernel, cell["out"], lambda one: one.ask("exact", way)).get(kernel[0].name, {})
        cell["errors"] = {name: errors(found, exact) for name, found in results.items() if name not in cell["out"]}
    del results
    calls = _ask_all(taking, cell["out"], lambda one: one.ask("calls", way, TURN))
    times = {name: [] for name in calls}
    if not _has_kernel(taking, cell):
        step(shown, turns)
        return cell  # with nobody to compare to, nobody is timed
    for turn in range(turns):
        first = turn % len(taking)
        for one in taking[first:] + taking[:first]:
            if one.name not in cell["out"]:
                found = _ask_all([one], cell["out"], lambda one: one.ask("turn", way, calls[one.name]))
                times[one.name] += found.values()
        step(shown, 1)
    if _has_kernel(taking, cell):
        _count(cell, [one for one in taking if one.name not in cell["out"]], times)
        _judge(cell, work(problem, way), limits)
    return cell


def _has_kernel(contenders, cell):
    return any(one.kind == "kernel" and one.name not in cell["out"] for one in contenders)


def _ask_all(contenders, out, ask):
    """Answers by name of those that are not out; those that give none are."""
    answers = {}
    for one in contenders:
        if one.name not in out:
            try:
                answers[one.name] = ask(one)
            except Out as sentence:
                out[one.name] = str(sentence)
    return answers


def _count(cell, contenders, times):
    """Medians, quartiles, and the ratio of each contender's time to the kernel's in the same turn."""
    ours = {one.kind: times[one.name] for one in contenders if one.kind in ("kernel", "bound")}
    found = cell.get("errors", {})
    kernel = next((found[one.name] for one in contenders if one.kind == "kernel" and one.name in found), {})
    for one in contenders:
        own = times[one.name]
        record = {"name": one.name, "kind": one.kind, "seconds": statistics.median(own)}
        record["low"], record["high"] = _quartiles(own)
        if one.kind not in ours:
            record |= _ratio(own, ours["kernel"])
            if one.name in found:
                record["errors"] = beside(kernel, found[one.name])
        cell["contenders"].append(record)
    rivals = [record for record in cell["contenders"] if record["kind"] == "peer"]
    if rivals:
        fastest = min(rivals, key=lambda record: record["seconds"])["name"]
        cell["fastest"] = fastest
        cell |= _result(_ratio(times[fastest], ours["kernel"]))
        if "bound" in ours:
            cell["bound"] = _result(_ratio(times[fastest], ours["bound"]))


def _ratio(theirs, ours):
    """The median of their times in ours, turn by turn, and its quartiles."""
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    low, high = _quartiles(ratios)
    return {"ratio": statistics.median(ratios), "ratio_low": low, "ratio_high": high}


def _result(ratio):
    """The ratio, and whether it is won, tied or lost."""
    return {**ratio, "result": "won" if ratio["ratio_low"] > 1 else "lost" if ratio["ratio_high"] < 1 else "tied"}


def _quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def _judge(cell, work, limits):
    """Operations a second of each, their share of the peak, and what binds the kernel."""
    if work is None:
        return
    cell["operations"], cell["bytes"] = work.operations, work.bytes
    for record in cell["contenders"]:
        record["gflops"] = work.operations / record["seconds"] / 1e9
        if limits.peak:
            record["peak_share"] = work.operations / record["seconds"] / limits.peak
        if record["kind"] == "kernel" and limits.peak and (bandwidth := limits.bandwidth(work.weights)):
            cell["roofline"] = verdict(record["seconds"], work, limits.peak, bandwidth)
