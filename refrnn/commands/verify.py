"""refrnn verify: the main job, for people as a table, for machines as JSON or JUnit."""

import gc
import importlib
import os
import sys
import time

import click

from refrnn.commands import interrupts
from refrnn.commands.output import OutputFile, Outputs, progress
from refrnn.commands.processes import run
from refrnn.commands.table import print_details, print_failures, print_notes, print_sensitivity, print_sum, print_table
from refrnn.errors import NotFoundError
from refrnn.verify.report import SpecReport, html_text, json_text, junit_text

STOPPED = "Ctrl-C came before it was verified"


@click.command("verify")
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--backends", help="Comma-separated: equation, reference, kernel, peer (PyTorch), or importable modules; without it the first three.")
@click.option("--cases", "level", type=click.Choice(["quick", "full"]), default="quick", show_default=True, help="How many cases.")
@click.option("--mutants", is_flag=True, help="Break each equation in every place that matters and show that the cases notice.")
@click.option("--sensitivity", "sensitive", is_flag=True, help="Find the smallest error in each symbol's value and slope that the cases notice.")
@click.option("-v", "--verbose", is_flag=True, help="Also print where the worst errors sit, and every claim and erratum with its evidence.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes to work in; by default one for each two specs, at most one a core.")
@click.option("--json", "json_path", type=OutputFile(), metavar="FILE", help="Write the results as JSON.")
@click.option("--junit", "junit_path", type=OutputFile(), metavar="FILE", help="Write the results as JUnit XML.")
@click.option("--html", "html_path", type=OutputFile(), metavar="FILE", help="Write the results as a page.")
def command(names, backends, level, mutants, sensitive, verbose, jobs, json_path, junit_path, html_path):
    """Hold the backends of the specs against their equations: outputs, intermediates, gradients, printed lines, claims.

    ID is a spec of the library, the path of a YAML file, or a network such as 'stack(["lstm", "lstm"])'; without one,
    all specs of the library are verified, and networks in which each way of joining cells stands.
    A FILE may be - for standard output; the table goes to standard error then.

    \b
    Exit status:
      0    all holds
      1    something does not hold
      2    all that could be checked holds, but something could not be checked or
           written, or the call is wrong
      130  stopped by Ctrl-C; what was found till then is printed and written
    """
    import refrnn
    from refrnn.compose.calls import NETWORKS
    from refrnn.spec.library import cards

    names = names or (*refrnn.ids(), *NETWORKS)
    # The library's specs are loaded by the workers alone.
    known = {card.id: card for card in cards()}
    specs = [known.get(name) or refrnn.load(name) for name in names]
    chosen = None if backends is None else tuple(part.strip() for part in backends.split(",") if part.strip())
    if chosen is not None:
        if not chosen:
            raise NotFoundError("--backends names no backend; name one, such as kernel, or leave the option out")
        for spec in map(refrnn.load, names):
            for backend in chosen:
                _check_backend(spec, backend)
    outputs = Outputs(json_path, junit_path, html_path)
    started = time.perf_counter()
    reports, stopped = _run(specs, names, (chosen, level, mutants, sensitive), _jobs(jobs, len(names)))
    _write(outputs, reports, names, json_path, junit_path, html_path)
    ended = [report for report in reports if report.unchecked != [STOPPED]]
    if verbose and ended:
        print_details(outputs.say, ended, outputs.width)
        outputs.say()
    if ended:
        print_table(outputs.say, ended, mutants, outputs.width)
        print_failures(outputs.say, ended, outputs.width)
        print_notes(outputs.say, ended, outputs.width)
        print_sensitivity(outputs.say, ended, verbose, outputs.width)
        print_sum(outputs.say, ended, time.perf_counter() - started, outputs.width)
    if stopped:
        outputs.say(f"stopped by Ctrl-C before {len(reports) - len(ended)} of {len(reports)} specs were verified")
        sys.exit(interrupts.STOPPED)
    sys.exit(_exit_status(reports, outputs))


def _exit_status(reports, outputs):
    found = {report.status for report in reports}
    return 1 if "fails" in found else 2 if "could not check" in found or outputs.failed else 0


def _write(outputs, reports, names, json_path, junit_path, html_path):
    """All files; a report that can't be written to its file is kept elsewhere."""
    if json_path:
        outputs.write(json_path, json_text(reports))
    if junit_path:
        outputs.write(junit_path, junit_text(reports))
    if html_path:
        import refrnn
        from refrnn.spec.show import html

        by_id = {report.id: refrnn.load(name) for report, name in zip(reports, names)}
        outputs.write(html_path, html_text(reports, lambda name: html(by_id[name])))


def _check_backend(spec, backend):
    if backend == "peer":
        if backend not in spec.bindings:
            raise NotFoundError(f"{spec.id} has no peer; it has {', '.join(spec.backends)}")
        import refrnn.peers.torch  # noqa: F401  which they all answer by: where it is missing, it is said here and once

        return
    if backend in ("equation", "reference", "kernel", "compiled"):
        if backend not in spec.backends:
            raise NotFoundError(f"{spec.id} has no {backend}; it has {', '.join(spec.backends)}")
        return
    _module(backend)


def _module(name):
    """A module of the user's own that answers the spec."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise NotFoundError(f"the backend {name!r} is none of equation, reference, kernel, and no name of a module, such as mine or package.mine")
    sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        why = error if isinstance(error, ImportError) else f"{type(error).__name__} ({error})"
        raise NotFoundError(f"the backend {name!r} is none of equation, reference, kernel, and can't be imported: {why}") from None
    finally:
        sys.path.remove(os.getcwd())
    for function in ("forward", "backward"):
        if not callable(getattr(module, function, None)):
            raise NotFoundError(f"the backend {name!r} has no function {function}; add it")
    return module


def _jobs(jobs, specs):
    return jobs or max(1, min(os.cpu_count() or 1, specs // 2))


def _one(piece, step):
    """Verify one spec; runs in a worker."""
    import refrnn
    from refrnn.verify.verify import verify_spec

    name, backends, level, mutants, sensitive, language = piece
    if not gc.get_freeze_count():  # once: what a spec leaves is garbage, which would stay
        gc.freeze()  # what was imported by now stays in memory, and need not be looked through
    if backends is not None:
        backends = [b if b in ("equation", "reference", "kernel", "compiled", "peer") else _module(b) for b in backends]
    return verify_spec(refrnn.load(name), backends, level, mutants, step, sensitive, language)


def _run(specs, names, settings, jobs):
    """All reports in the order of ``specs``, with a progress bar on standard error, and whether Ctrl-C stopped it."""
    reports = [None] * len(specs)
    order = sorted(range(len(specs)), key=lambda place: -_work(specs[place]) if jobs > 1 else place)
    stopped = False
    with progress(len(specs), "verify") as bar:

        def done(number, report, sentence):
            place = order[number]
            reports[place] = report or _unchecked(specs[place], sentence)
            bar.update(1, specs[place].id)

        try:
            with interrupts.told():
                run(_one, [(names[place], *settings, number == 0) for number, place in enumerate(order)], jobs, done, lambda piece, text: bar.update(0, f"{piece[0]}: {text}"))
        except KeyboardInterrupt:
            stopped = True
    return [report or _unchecked(spec, STOPPED) for report, spec in zip(reports, specs)], stopped


def _work(spec):
    """About how much there is to verify: the longest first, and all processes end at about the same time."""
    return len(spec.equations) * len(spec.symbols)


def _unchecked(spec, sentence):
    return SpecReport(spec.id, spec.title, unchecked=[sentence])
