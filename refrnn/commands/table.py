"""What refrnn verify prints for people."""

import click

from refrnn.commands.output import filled
from refrnn.verify.report import KINDS, is_erratum, mutants_in_words


def print_table(say, reports, mutants, width=None):
    """A row a spec: the worst error in ulp and its bound for each kind, and what else was shown.

    Where a terminal of ``width`` columns can't hold it, the columns that say least are left out, and mutants told in short.
    """
    heads = ["spec", "", "cases", *(f"{kind}, ulp" for kind in KINDS), "claims", "errata"] + ["mutants"] * mutants + ["seconds"]
    columns = list(zip(heads, *(_row(report, mutants) for report in reports)))
    for least in LEFT_OUT:
        if not _fits(columns, width):
            columns = [column for column in columns if column[0] != least]
    if not _fits(columns, width):
        shorter = ("mutants", *(_shorter(report) for report in reports))
        columns = [shorter if column[0] == "mutants" else column for column in columns]
    head, *rows = zip(*columns)
    widths = _widths(columns)
    say(click.style(_line(head, widths), bold=True))
    for report, row in zip(reports, rows):
        say(_line(row, widths).replace(f" {row[1]} ", f" {click.style(row[1], fg=COLORS[report.status])} ", 1))


LONGEST_NAME = 28  # characters
LEFT_OUT = ("seconds", "cases", "errata", "claims", "clip, ulp")
WORDS = {"holds": "holds", "fails": "FAILS", "could not check": "could not check"}
COLORS = {"holds": "green", "fails": "red", "could not check": "yellow"}


def _row(report, mutants):
    cells = [_named(report.id), WORDS[report.status], str(report.cases)]
    cells += [_cell(report.worst.get(kind)) for kind in KINDS]
    cells += [str(len(report.claims) or ""), str(sum(map(is_erratum, report.errata)) or "")]
    return cells + [mutants_in_words(report)] * mutants + [f"{report.seconds:.1f}"]


def _named(name):
    """A network's name is that of all its cells; all below the table names it whole."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def _shorter(report):
    """What matters most of the mutants, where there is no room for all of it."""
    found = report.mutants
    return "" if found is None else f"{found['killed']} killed, {len(found['alive'])} alive"


def _fits(columns, width):
    return width is None or len(_line([max(column, key=len) for column in columns], _widths(columns))) <= width


def _widths(columns):
    return [max(map(len, column)) for column in columns]


def _line(cells, widths):
    left = f"{cells[0]:{widths[0]}}  {cells[1]:{widths[1]}}  "
    return left + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells[2:], widths[2:]))


def _cell(worst):
    return "" if worst is None else f"{_number(worst['ulp'])} of {_number(worst['bound'])}"


def _number(ulp):
    return f"{ulp:.1f}" if ulp < 10 else f"{ulp:.0f}"


def print_failures(say, reports, width=None):
    for report in reports:
        for failure in report.failures[:8]:
            say(click.style(filled(f"{report.id}: {failure}", width), fg="red"))
        if len(report.failures) > 8:
            say(f"{report.id}: and {len(report.failures) - 8} more (--json lists all)")
        for sentence in report.unchecked:
            say(click.style(filled(f"{report.id}: could not check: {sentence}", width), fg="yellow"))


def print_notes(say, reports, width=None):
    """What a reader's own backend does not show, and whose gradient is no equations; the library's kernels are in the details."""
    for report in reports:
        if report.adjoint is not None and report.adjoint["refused"]:
            say(filled(f"{report.id}: {_adjoint_in_words(report.adjoint)}", width))
        for backend, missing in report.not_offered.items():
            if backend != "kernel":
                say(filled(f"{report.id}: {_not_compared(backend, missing)}", width))


def print_sensitivity(say, reports, verbose, width=None):
    """The error that a spec's cases see least, or with ``verbose`` every one of them."""
    for report in reports:
        if report.sensitivity is None or not report.sensitivity["symbols"]:
            continue
        say(filled(f"{report.id}: every error is found that is larger than that in the {report.sensitivity['bluntest']}", width))
        for least in report.sensitivity["symbols"] if verbose else ():
            say(filled(least["text"], width, "  "))


def _not_compared(backend, missing):
    return f"not compared, because {backend} does not save {'it' if len(missing) == 1 else 'them'} by name: {', '.join(missing)}"


def print_details(say, reports, width=None):
    """Where the worst errors sit, what confirmed the gradients, and each claim and erratum with its evidence."""
    for report in reports:
        say("\n" + click.style(report.id, bold=True))
        for kind, worst in report.worst.items():
            say(filled(f"worst {kind}: {worst['ulp']:.2g} ulp, bound {worst['bound']:.2g}: {worst['where']}", width, "  "))
        for backend, missing in report.not_offered.items():
            say(filled(f"{_not_compared(backend, missing)}", width, "  "))
        for entry in report.gentler:
            say(filled(f"{entry['case']} {_in_words(entry)}", width, "  "))
        for entry in report.left_out:
            say(filled(f"left out in case {entry['case']}, where rounding leaves them no digit: {', '.join(entry['quantities'])}", width, "  "))
        for entry in report.undecided:
            say(filled(f"undecided in case {entry['case']}: {', '.join(entry['symbols'])}; held against either side", width, "  "))
        if report.derivative is not None:
            found = report.derivative
            say(filled(f"gradients confirmed by {found['method']}: off by at most {found['error']:.1g}, in {found['where']}", width, "  "))
        if report.adjoint is not None and not report.adjoint["refused"]:
            say(filled(_adjoint_in_words(report.adjoint), width, "  "))
        for printed in report.printed:
            names = ", ".join(printed["checked"])
            say(filled(f"backward lines of {printed['from']} for {names}: off by at most {printed['error']:.1g}", width, "  "))
        _print_mutants(say, report, width)
        for claim in report.claims:
            _print_wrapped(say, width, f"claim {claim['verdict']}" if claim["ok"] else "claim NOT SHOWN", claim["says"], claim["shown"])
        for erratum in report.errata:
            _print_wrapped(say, width, f"{erratum['kind']} in {erratum['from']}", erratum["printed"], f"{erratum['says']}; {erratum['shown']}")


def _adjoint_in_words(found):
    """What the adjoint equations gave, or why there are none."""
    if found["refused"]:
        return f"no adjoint equations: {found['refused']}"
    return f"gradients followed by {found['equations']} adjoint equations: off by at most {found['error']:.1g}, in {found['where']}"


def _in_words(gentler):
    """How a case is gentler than it was to be, and why."""
    if "stretch" in gentler:
        most = "more" if abs(gentler["stretch"]) >= 1 else "less"
        return f"stretches its weights by {gentler['stretch']:g} only: by {most}, its precision leaves nothing to judge"
    if "sizes" in gentler:
        return f"is of {', '.join(f'{name} {size}' for name, size in gentler['sizes'].items())}: of longer or wider ones its precision leaves nothing to judge"
    if "numbers" in gentler:
        return f"is about {', '.join(gentler['numbers'])} alone: larger ones leave the range beside infinity"
    return "starts from no zeros and has no step of them: with them the equation gives nothing to judge"


def _print_mutants(say, report, width):
    """Which case kills how many, and why those that no case kills are equivalent."""
    if report.mutants is None:
        return
    by_case = ", ".join(f"{case} {count}" for case, count in report.mutants["by_case"].items())
    _print_wrapped(say, width, "mutants", mutants_in_words(report), f"told first by {by_case or 'no case'}")
    for verdict in ("proved", "listed"):
        for entry in report.mutants[verdict]:
            _print_wrapped(say, width, f"equivalent, {verdict}", entry["mutant"], entry["because"])


def _print_wrapped(say, width, word, says, shown):
    say(filled(f"{word}: {says}", width, "  "))
    say(filled(shown, width, "    "))


def print_sum(say, reports, seconds, width=None):
    left_out = [entry for report in reports for entry in report.left_out]
    shorter = [entry for report in reports for entry in report.gentler if "sizes" in entry]
    failed, unchecked = ([report.id for report in reports if report.status == status] for status in ("fails", "could not check"))
    claims = _counted(sum(len(report.claims) for report in reports), "claim")
    errata = sum(sum(map(is_erratum, report.errata)) for report in reports)
    cases = _counted(sum(report.cases for report in reports), "case")
    names = ", ".join(dict.fromkeys(name for report in reports for name in report.backends)) or "none"
    many = _counted(len(reports), "spec")
    shown = f"{claims}, {errata} errat{'um' if errata == 1 else 'a'}"
    say(filled(f"{many}, {cases}, backends {names}; {shown}; {seconds:.1f} s", width))
    if any(report.worst for report in reports):
        say(filled("errors: the worst of all backends, in ulp of the result's scale, of the bound that was measured on its case", width))
    if left_out:
        quantities = _counted(sum(len(entry["quantities"]) for entry in left_out), "quantity", "quantities")
        say(filled(f"left out: {quantities} in {_counted(len(left_out), 'case')} of extreme values, where rounding leaves no digit to judge (--json names them)", width))
    if shorter:
        say(filled(f"shorter: {_counted(len(shorter), 'long case')}, as sequences of that length leave nothing to judge (-v names them)", width))
    if failed:
        say(click.style(filled(f"{len(failed)} of {len(reports)} fail: {', '.join(failed)}", width), fg="red", bold=True))
    if unchecked:
        text = f"{len(unchecked)} of {len(reports)} could not be checked: {', '.join(unchecked)}"
        say(click.style(filled(text, width), fg="yellow", bold=True))
    if not failed and not unchecked:
        say(click.style("all hold", fg="green", bold=True))


def _counted(number, word, words=None):
    return f"{number} {word if number == 1 else words or word + 's'}"

