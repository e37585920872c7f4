"""refrnn errata: every misprint and false statement of the lectures, with what was found and how it was shown."""

import json as json_module
import shutil
import sys
import textwrap

import click

from refrnn.commands.output import OutputFile
from refrnn.errors import NotFoundError


@click.command("errata")
@click.option("--lecture", help="Only those of this lecture.")
@click.option("--json", "json_path", type=OutputFile(), help="Write them as JSON.")
def command(lecture, json_path):
    """Misprints and false statements of the lectures: what is printed where, what is meant, and how it was shown.

    Each is shown anew: a misprinted line is run as printed and compared with the right one, a false statement is
    tested, and so is its mend. Exits with 1 if one can't be shown.
    """
    import refrnn
    from refrnn.spec.library import sources

    lectures = sources()["lectures"]
    if lecture is not None and lecture not in lectures:
        raise NotFoundError(f"there is no lecture {lecture!r}; there are {', '.join(sorted(lectures))}")
    found = []
    ids = refrnn.ids()
    with click.progressbar(ids, label="errata", file=sys.stderr) as bar:
        for name in bar:
            found += [{"spec": name, **erratum} for erratum in _errata(refrnn.load(name)) if lecture in (None, erratum["from"])]
    if json_path:
        with open(json_path, "w", encoding="utf-8") as file:
            json_module.dump(found, file, indent=2, ensure_ascii=False)
    _print(found, lectures)
    sys.exit(0 if all(erratum["ok"] for erratum in found) else 1)


def _errata(spec):
    from refrnn.verify.verify import errata_of

    if spec.misprints or any(block.misprints for block in spec.printed_gradients) or any(c.verdict == "fails" for c in spec.claims):
        return errata_of(spec)
    return []


def _print(found, lectures):
    width = shutil.get_terminal_size().columns
    for key, entry in lectures.items():
        of_lecture = [erratum for erratum in found if erratum["from"] == key]
        if not of_lecture:
            continue
        click.echo(click.style(f"{key}: {entry['title']}, {len(of_lecture)} errata", bold=True))
        for number, erratum in enumerate(of_lecture, 1):
            lead = f"{number:2}. "
            click.echo(_filled(f"{erratum['printed']}  ({erratum['spec']})", width, lead))
            for word, text in (("found", erratum["says"]), ("shown", erratum["shown"])):
                if not erratum["ok"] and word == "shown":
                    word = click.style("NOT SHOWN", fg="red")
                click.echo(_filled(f"{word}: {text}", width, "    "))
        click.echo()
    lectures = len({erratum['from'] for erratum in found})
    click.echo(f"{len(found)} errata in {lectures} lecture{'s' * (lectures != 1)}, {sum(erratum['ok'] for erratum in found)} of them shown by the program")


def _filled(text, width, lead):
    return textwrap.fill(text, width, initial_indent=lead, subsequent_indent="    ", break_on_hyphens=False)
