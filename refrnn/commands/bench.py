"""refrnn bench: how fast the kernels are against the references, batched NumPy and, on demand, other frameworks."""

import json as json_module
import sys

import click

from refrnn.commands.output import OutputFile, Outputs, filled, progress
from refrnn.errors import RefrnnError

DEFAULT_IDS = ("elman", "lstm", "gru-reset-before", "gru-reset-after")
SIZE = click.IntRange(1, 2**31 - 1)


@click.command("bench")
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--peers", is_flag=True, help="Race PyTorch too (pip install refrnn[peers]).")
@click.option("--steps", type=SIZE, help="Time steps, by default 100.")
@click.option("--batch", type=SIZE, help="Sequences, by default 16.")
@click.option("--hidden", type=SIZE, help="Hidden units, by default 128.")
@click.option("--input", "inputs", type=SIZE, help="Input features, by default 128.")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True, help="Precision of all contenders.")
@click.option("--threads", type=SIZE, help="Threads for all contenders, by default one a core.")
@click.option("--repeats", type=click.IntRange(1, 10000), default=7, show_default=True, help="Turns that every contender takes.")
@click.option("--json", "json_path", type=OutputFile(), metavar="FILE", help="Write the results as JSON; - is standard output.")
def command(names, peers, steps, batch, hidden, inputs, dtype, threads, repeats, json_path):
    """Measure the kernels against the references, forward and forward + backward.

    ID is a spec of the library or the path of a YAML file; without one: elman, lstm and both gru. All contenders take
    turns in one run; a contender whose results differ is refused. The reference runs one sequence at a time, batched
    NumPy and PyTorch run the batch at once.
    """
    outputs = Outputs(json_path)
    # Before NumPy and Numba are imported, which read it then.
    if threads is not None:
        from refrnn.bench.machine import limit_threads

        limit_threads(threads)
    from refrnn.bench.machine import describe, line, warning

    problems = _problems(names or DEFAULT_IDS, peers, (steps, batch, hidden, inputs), dtype)
    machine = describe(peers)
    outputs.say(filled(f"{line(machine)}; {dtype}, {repeats} turns each, medians with least and most", outputs.width))
    if warning(machine):
        click.echo(filled(f"Warning: {warning(machine)}", outputs.width), err=True)
    rows = _run(problems, peers, machine["threads"], repeats)
    outputs.write(json_path, json_module.dumps({"machine": machine, "rows": [row.as_dict() for row in rows]}, indent=2) + "\n")
    _print_table(outputs.say, rows, outputs.width)
    sys.exit(2 if outputs.failed else 0)


def _problems(names, peers, options, dtype):
    """The problems of all specs; whatever is to be refused is refused here."""
    import refrnn
    from refrnn.bench import contenders, problem

    specs = [refrnn.load(name) for name in dict.fromkeys(names)]
    if peers and not any("peer" in spec.bindings for spec in specs):
        raise RefrnnError(f"--peers: no peer answers {', '.join(spec.id for spec in specs)}; leave it out")
    for spec in specs:
        contenders.check(spec, peers)
    chosen = [(spec, *problem.sizes_of(spec, *options)) for spec in specs]
    return [problem.make(spec, sizes, batch, dtype) for spec, sizes, batch in chosen]


def _run(problems, peers, threads, repeats):
    """All rows, with a progress bar on standard error."""
    from refrnn.bench.race import race, ways

    if peers:
        from refrnn.peers.torch import torch

        torch.set_num_threads(threads)
    turns = sum(repeats * len(ways(problem.spec)) for problem in problems)
    rows = []
    with progress(turns, "bench") as bar:
        for problem in problems:
            bar.update(0, f"{problem.spec.id}: compiling and comparing")
            rows += race(problem, peers, repeats, lambda text: bar.update(1, text))
    return rows


def _print_table(say, rows, terminal):
    width = max(len(row.id) for row in rows)
    shown = None
    for row in rows:
        if (row.id, row.sizes) != shown:
            sizes = ", ".join(f"{name} {number}" for name, number in row.sizes.items())
            say(f"{click.style(f'{row.id:{width}}', bold=True)}  {sizes}")
            shown = (row.id, row.sizes)
        times = f"{_time(row.kernel_seconds)} against {_time(row.contender_seconds)}"
        spread = f"{_ratio(row.low)} to {_ratio(row.high)}"
        text = f"{row.way:18}  {times:>27}: kernel is {_ratio(row.ratio)} times as fast as {_who(row.contender)} ({spread})"
        say(filled(text, terminal, "  "))
    say(filled("times are of calls on values already checked; the reference runs one sequence at a time", terminal))


def _who(contender):
    return f"the {contender}" if contender == "reference" else contender


def _ratio(number):
    return f"{number:.3g}"


def _time(seconds):
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1 or unit == "us":
            return f"{seconds * factor:.3g} {unit}"
