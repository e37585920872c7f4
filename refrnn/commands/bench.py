"""refrnn bench: how fast the kernels are against the references, batched NumPy and, on demand, other frameworks."""

import json as json_module
import shlex
import sys
from pathlib import Path

import click

from refrnn.commands.interrupts import told
from refrnn.commands.output import OutputFile, Outputs, filled, progress
from refrnn.commands.pictures import check, rendered
from refrnn.errors import RefrnnError

DEFAULT_IDS = ("elman", "lstm", "gru-reset-before", "gru-reset-after")
SIZE = click.IntRange(1, 2**31 - 1)


@click.command("bench")
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--peers", is_flag=True, help="Race PyTorch, JAX and ONNX Runtime too (pip install refrnn[peers]).")
@click.option("--grid", is_flag=True, help="Race seven sizes of LSTM, GRU and tanh, from small ones to those that fill the machine.")
@click.option("--steps", type=SIZE, help="Time steps, by default 100.")
@click.option("--batch", type=SIZE, help="Sequences, by default 16.")
@click.option("--hidden", type=SIZE, help="Hidden units, by default 128.")
@click.option("--input", "inputs", type=SIZE, help="Input features, by default 128.")
@click.option("--ragged", is_flag=True, help="Sequences of unequal lengths, half of the longest in the mean.")
@click.option("--accuracy", is_flag=True, help="Hold all results against the kernel's in float64 on the same values, and ours against the others' errors.")
@click.option("--forward/--backward", "only_forward", default=None, help="The forward pass only, or forward + backward only; by default both.")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True, help="Precision of all contenders.")
@click.option("--threads", type=SIZE, help="Threads of each contender, by default one a core.")
@click.option("--repeats", type=click.IntRange(1, 10000), default=7, show_default=True, help="Turns that every contender takes.")
@click.option("--patience", type=click.FloatRange(0, min_open=True), default=300, show_default=True, help="Seconds until a contender that does not answer is ended.")
@click.option("--json", "json_path", type=OutputFile(), metavar="FILE", help="Write the results as JSON; - is standard output.")
@click.option("--markdown", "markdown_path", type=OutputFile(), metavar="FILE", help="Write the results as a page, such as BENCHMARKS.md.")
@click.option("--plot", "plot_path", type=OutputFile(), metavar="FILE", help="Draw the ratios, as .png, .svg or .pdf (pip install refrnn[plot]).")
@click.option("--from", "from_path", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Race nothing: show what --json wrote before.")
def command(names, from_path, json_path, markdown_path, plot_path, **options):
    """Measure the kernels against the references, forward and forward + backward.

    ID is a spec of the library or the path of a YAML file; without one: elman, lstm and both gru, or with --grid its
    three. Every contender has a process of its own and they take turns; one whose results differ from those of most is
    refused. The reference runs one sequence at a time, the others run the batch at once; the grid leaves it out.

    Status: 0 the race was run, 1 a kernel took no part somewhere, for its results were wrong or it died, 2 refused.
    """
    outputs = Outputs(json_path, markdown_path)
    if plot_path is not None:
        check("--plot", plot_path)
    if from_path is None:
        with told():
            record = _race(names, outputs, **options)
    else:
        _refuse_with_from(names, options)
        record = _read(from_path)
    outputs.write(json_path, json_module.dumps(record, indent=1) + "\n")
    _show(record, outputs, markdown_path, plot_path)
    sys.exit(2 if outputs.failed else 1 if any("kernel" in cell["out"] for cell in record["cells"]) else 0)


def _race(names, outputs, peers, grid, accuracy, only_forward, dtype, threads, repeats, patience, ragged, **sizes):
    """Race every cell, with a progress bar on standard error; the record that ``--json`` writes."""
    from refrnn.bench import contenders, machine
    from refrnn.bench.race import race
    from refrnn.bench.roofline import Limits
    from refrnn.commands.processes import Worker

    if accuracy and dtype == "float64":
        raise click.UsageError("--accuracy holds float32 against float64; leave out --dtype float64")
    threads = machine.threads(threads)
    cells = _cells(_specs(names, grid), grid, only_forward, dtype, ragged, sizes)
    if peers and not any("peer" in problem.spec.bindings for problem, _ in cells):
        raise RefrnnError(f"--peers: no other framework has {', '.join(dict.fromkeys(problem.spec.id for problem, _ in cells))}; leave it out")
    environment = machine.environment(threads)
    taking, absent = contenders.gather(lambda child: Worker(child, environment), patience, peers, reference=not grid)
    described = machine.describe(peers, threads)
    outputs.say(filled(f"{machine.line(described)}; {dtype}, {repeats} turns each, medians with quartiles", outputs.width))
    for sentence in filter(None, [machine.warning(described), *absent]):
        click.echo(filled(f"Warning: {sentence}", outputs.width), err=True)
    limits, records = Limits(taking[-1].ask, dtype), []
    try:
        with progress(len(cells) * repeats, "bench") as bar:
            for problem, way in cells:
                records.append(race(problem, way, taking, repeats, limits, lambda text, done: bar.update(done, text), accuracy))
    finally:
        for one in taking:
            one.end()
    return {"command": _words(), "machine": described | limits.as_dict(), "repeats": repeats, "absent": absent, "cells": records}


def _specs(names, grid):
    """The specs, each once; what has nothing to race is refused."""
    import refrnn
    from refrnn.bench import contenders
    from refrnn.bench.grid import IDS

    specs = [refrnn.load(name) for name in dict.fromkeys(names or (IDS if grid else DEFAULT_IDS))]
    for spec in specs:
        if grid and spec.id not in IDS:
            raise RefrnnError(f"--grid: {spec.id} is not in it; it has {', '.join(IDS)}")
        contenders.check(spec)
    return specs


def _cells(specs, grid, only_forward, dtype, ragged, sizes):
    """(problem, way) of every cell; whatever is to be refused is refused here."""
    from refrnn.bench.grid import SIZES
    from refrnn.bench.problem import BOTH, FORWARD, make, sizes_of, ways

    if grid and any(number is not None for number in sizes.values()):
        raise click.UsageError("--grid has sizes of its own; leave out --steps, --batch, --hidden and --input")
    options = [dict(zip(("steps", "batch", "inputs", "hidden"), four)) for four in SIZES] if grid else [sizes]
    wanted = {None: (FORWARD, BOTH), True: (FORWARD,), False: (BOTH,)}[only_forward]
    problems = [make(spec, *sizes_of(spec, **option), dtype, ragged) for spec in specs for option in options]
    found = [(problem, way) for problem in problems for way in ways(problem.spec) if way in wanted]
    if not found:
        raise RefrnnError(f"--backward: {', '.join(spec.id for spec in specs)} has no gradients; leave it out")
    return found


def _words():
    """What was typed, but for the name of the program's file."""
    return shlex.join(["refrnn", *sys.argv[1:]])


def _refuse_with_from(names, options):
    """Refuse what would be raced, beside results that were raced before."""
    context = click.get_current_context()
    given = [name for name in options if context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE]
    if names or given:
        raise click.UsageError("--from races nothing, so it goes with --json, --markdown and --plot alone")


def _read(path):
    """The record in a file that ``--json`` wrote."""
    try:
        record = json_module.loads(Path(path).read_text(encoding="utf-8"))
        record["machine"]["threads"], record["cells"][0]["contenders"]
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise RefrnnError(f"{path} is not what refrnn bench --json writes ({type(error).__name__}: {error}); name such a file") from None
    return record


def _show(record, outputs, markdown_path, plot_path):
    """The table for people, the page and the picture."""
    from refrnn.bench import table

    for text, lead in table.lines(record):
        outputs.say(filled(text, outputs.width, lead))
    if markdown_path is not None:
        from refrnn.bench.page import page

        outputs.write(markdown_path, page(record))
    if plot_path is not None:
        from refrnn.bench.plot import drawn

        outputs.write(plot_path, rendered(drawn(record), plot_path))
