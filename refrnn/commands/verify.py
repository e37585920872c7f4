"""refrnn verify: the main job, for people as a table, for machines as JSON or JUnit."""

import importlib
import os
import shutil
import sys
import textwrap
import time

import click

from refrnn.commands.output import OutputFile
from refrnn.errors import NotFoundError
from refrnn.verify.report import KINDS, is_erratum, mutants_in_words, write_html, write_json, write_junit


@click.command("verify")
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--backends", help="Comma-separated: equation, reference, kernel, peer (PyTorch), or importable modules; without it the first three.")
@click.option("--cases", "level", type=click.Choice(["quick", "full"]), default="quick", show_default=True, help="How many cases.")
@click.option("--mutants", is_flag=True, help="Break each equation in every place that matters and show that the cases notice.")
@click.option("-v", "--verbose", is_flag=True, help="Also print where the worst errors sit, and every claim and erratum with its evidence.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes to work in; by default one for each two specs, at most one a core.")
@click.option("--json", "json_path", type=OutputFile(), help="Write the results as JSON.")
@click.option("--junit", "junit_path", type=OutputFile(), help="Write the results as JUnit XML.")
@click.option("--html", "html_path", type=OutputFile(), help="Write the results as a page.")
def command(names, backends, level, mutants, verbose, jobs, json_path, junit_path, html_path):
    """Hold the backends of the specs against their equations: outputs, intermediates, gradients, printed lines, claims.

    ID is a spec of the library or the path of a YAML file; without one, all specs of the library are verified.
    Exits with 0 when all holds, 1 when something does not, 2 when the input is wrong.
    """
    import refrnn

    names = names or tuple(refrnn.ids())
    specs = [refrnn.load(name) for name in names]
    chosen = None if backends is None else tuple(part.strip() for part in backends.split(",") if part.strip())
    if chosen is not None:
        if not chosen:
            raise NotFoundError("--backends names no backend; name one, such as kernel, or leave the option out")
        for spec in specs:
            for backend in chosen:
                _check_backend(spec, backend)
    started = time.perf_counter()
    reports = _run(names, chosen, level, mutants, _jobs(jobs, len(names)))
    if verbose:
        _print_details(reports)
        click.echo()
    _print_table(reports, mutants)
    _print_failures(reports)
    for path, write in ((json_path, write_json), (junit_path, write_junit)):
        if path:
            write(reports, path)
    if html_path:
        from refrnn.spec.show import html

        by_id = {spec.id: spec for spec in specs}
        write_html(reports, html_path, lambda name: html(by_id[name]))
    _print_sum(reports, time.perf_counter() - started)
    sys.exit(0 if all(report.ok for report in reports) else 1)


def _check_backend(spec, backend):
    if backend == "peer":
        if backend not in spec.bindings:
            raise NotFoundError(f"{spec.id} has no peer; it has {', '.join(spec.backends)}")
        spec.bindings[backend].load()
        return
    if backend in ("equation", "reference", "kernel"):
        if backend not in spec.backends:
            raise NotFoundError(f"{spec.id} has no {backend}; it has {', '.join(spec.backends)}")
        return
    _module(backend)


def _module(name):
    """A module of the user's own that answers the spec."""
    sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise NotFoundError(f"the backend {name!r} is none of equation, reference, kernel, and can't be imported: {error}") from None
    finally:
        sys.path.remove(os.getcwd())
    for function in ("forward", "backward"):
        if not callable(getattr(module, function, None)):
            raise NotFoundError(f"the backend {name!r} has no function {function}; add it")
    return module


def _jobs(jobs, specs):
    return jobs or max(1, min(os.cpu_count() or 1, specs // 2))


def _one(name, backends, level, mutants, step=lambda text: None):
    """Verify one spec; runs in the process of the command or in a worker."""
    import refrnn
    from refrnn.verify.verify import verify_spec

    if backends is not None:
        backends = [b if b in ("equation", "reference", "kernel", "peer") else _module(b) for b in backends]
    return verify_spec(refrnn.load(name), backends, level, mutants, step)


def _run(names, backends, level, mutants, jobs):
    """All reports in the order of ``names``, with a progress bar on standard error."""
    with click.progressbar(length=len(names), label="verify", file=sys.stderr, item_show_func=lambda item: item or "") as bar:
        if jobs == 1:
            reports = []
            for name in names:
                reports.append(_one(name, backends, level, mutants, lambda text: bar.update(0, f"{name}: {text}")))
                bar.update(1, name)
            return reports
        return _run_in_processes(names, backends, level, mutants, jobs, bar)


def _run_in_processes(names, backends, level, mutants, jobs, bar):
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    # Spawned, not forked: a thread pool of the parent does not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(_one, name, backends, level, mutants): place for place, name in enumerate(names)}
        reports = [None] * len(names)
        for done in as_completed(waiting):
            reports[waiting[done]] = done.result()
            bar.update(1, names[waiting[done]])
    return reports


def _print_table(reports, mutants):
    """A row a spec: the worst error in ulp and its bound for each kind, and what else was shown."""
    heads = ["spec", "", "cases", *(f"{kind}, ulp" for kind in KINDS), "claims", "errata"] + ["mutants"] * mutants + ["seconds"]
    rows = [_row(report, mutants) for report in reports]
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    click.echo(click.style(_line(heads, widths), bold=True))
    for report, row in zip(reports, rows):
        line = _line(row, widths)
        color = "green" if report.ok else "red"
        click.echo(line.replace(f" {row[1]} ", f" {click.style(row[1], fg=color)} ", 1))


def _row(report, mutants):
    cells = [report.id, "holds" if report.ok else "FAILS", str(report.cases)]
    cells += [_cell(report.worst.get(kind)) for kind in KINDS]
    cells += [str(len(report.claims) or ""), str(sum(map(is_erratum, report.errata)) or "")]
    return cells + [mutants_in_words(report)] * mutants + [f"{report.seconds:.1f}"]


def _line(cells, widths):
    left = f"{cells[0]:{widths[0]}}  {cells[1]:{widths[1]}}  "
    return left + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells[2:], widths[2:]))


def _cell(worst):
    return "" if worst is None else f"{_number(worst['ulp'])} of {_number(worst['bound'])}"


def _number(ulp):
    return f"{ulp:.1f}" if ulp < 10 else f"{ulp:.0f}"


def _print_failures(reports):
    for report in reports:
        for failure in report.failures[:8]:
            click.echo(click.style(f"{report.id}: {failure}", fg="red"))
        if len(report.failures) > 8:
            click.echo(f"{report.id}: and {len(report.failures) - 8} more (--json lists all)")


def _print_details(reports):
    """Where the worst errors sit, what confirmed the gradients, and each claim and erratum with its evidence."""
    for report in reports:
        click.echo("\n" + click.style(report.id, bold=True))
        for kind, worst in report.worst.items():
            click.echo(f"  worst {kind}: {worst['ulp']:.2g} ulp, bound {worst['bound']:.2g}: {worst['where']}")
        for entry in report.undecided:
            click.echo(f"  undecided in case {entry['case']}: {', '.join(entry['symbols'])}; held against either side")
        if report.derivative is not None:
            found = report.derivative
            click.echo(f"  gradients confirmed by {found['method']}: off by at most {found['error']:.1g}, in {found['where']}")
        for printed in report.printed:
            names = ", ".join(printed["checked"])
            click.echo(f"  backward lines of {printed['from']} for {names}: off by at most {printed['error']:.1g}")
        _print_mutants(report)
        for claim in report.claims:
            _print_wrapped(f"claim {claim['verdict']}" if claim["ok"] else "claim NOT SHOWN", claim["says"], claim["shown"])
        for erratum in report.errata:
            _print_wrapped(f"{erratum['kind']} in {erratum['from']}", erratum["printed"], f"{erratum['says']}; {erratum['shown']}")


def _print_mutants(report):
    """Which case kills how many, and why those that no case kills are equivalent."""
    if report.mutants is None:
        return
    by_case = ", ".join(f"{case} {count}" for case, count in report.mutants["by_case"].items())
    _print_wrapped("mutants", mutants_in_words(report), f"told first by {by_case or 'no case'}")
    for verdict in ("proved", "listed"):
        for entry in report.mutants[verdict]:
            _print_wrapped(f"equivalent, {verdict}", entry["mutant"], entry["because"])


def _print_wrapped(word, says, shown):
    width = shutil.get_terminal_size().columns
    click.echo(textwrap.fill(f"{word}: {says}", width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False))
    click.echo(textwrap.fill(shown, width, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False))


def _print_sum(reports, seconds):
    failed = [report.id for report in reports if not report.ok]
    claims = sum(len(report.claims) for report in reports)
    errata = sum(sum(map(is_erratum, report.errata)) for report in reports)
    cases = sum(report.cases for report in reports)
    names = ", ".join(dict.fromkeys(name for report in reports for name in report.backends))
    click.echo(
        f"{len(reports)} spec{'s' * (len(reports) > 1)}, {cases} cases, backends {names}; {claims} claims, {errata} errata; {seconds:.1f} s\n"
        "errors: the worst of all backends, in ulp of the result's scale, of the bound that was measured on its case"
    )
    if failed:
        click.echo(click.style(f"{len(failed)} of {len(reports)} fail: {', '.join(failed)}", fg="red", bold=True))
    else:
        click.echo(click.style("all hold", fg="green", bold=True))
