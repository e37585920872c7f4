"""refrnn errata: every misprint and false statement of the lectures, with what was found and how it was shown."""

import json as json_module
import shutil
import sys

import click

from refrnn.commands.output import OutputFile, Outputs, filled
from refrnn.errors import NotFoundError
from refrnn.verify.report import is_erratum

_WORDS = {"misprint": ("misprint", "misprints"), "false": ("false statement", "false statements"), "remark": ("remark", "remarks")}


@click.command("errata")
@click.option("--lecture", help="Only those of this lecture.")
@click.option("--remarks", is_flag=True, help="Print the remarks too: statements that hold under conditions the slide leaves out.")
@click.option("--texts", type=click.Path(file_okay=False), help="Also hold every quote against the lectures' texts in this folder.")
@click.option("--json", "json_path", type=OutputFile(), metavar="FILE", help="Write them, and the remarks, as JSON; - is standard output.")
def command(lecture, remarks, texts, json_path):
    """Misprints and false statements of the lectures: what is printed where, what is meant, and how it was shown.

    Each is shown anew: a misprinted line is run as printed and compared with the right one, a false statement is
    tested, and so is its mend. Remarks are no errata and not counted. Exits with 1 if one can't be shown.
    """
    import refrnn
    from refrnn.spec.library import rows, sources

    outputs = Outputs(json_path)
    lectures = sources()["lectures"]
    if lecture is not None and lecture not in lectures:
        raise NotFoundError(f"there is no lecture {lecture!r}; there are {', '.join(sorted(lectures))}")
    wrong_quotes = _check_quotes(texts, lecture) if texts else []
    found = []
    with click.progressbar(rows(), label="errata", file=sys.stderr) as bar:
        for name in bar:
            found += [{"spec": name, **entry} for entry in _errata(refrnn.load(name), lecture) if lecture in (None, entry["from"])]
    found = _in_order(found, lectures)
    outputs.write(json_path, json_module.dumps(found, indent=2, ensure_ascii=False) + "\n")
    _print(outputs.say, found, lectures, remarks)
    for wrong in wrong_quotes:
        outputs.say(click.style(f"MISQUOTED: {wrong}", fg="red"))
    sys.exit(1 if wrong_quotes or not all(entry["ok"] for entry in found) else 2 if outputs.failed else 0)


def _errata(spec, lecture):
    """Those of a spec, of which nothing is run where it corrects nothing of the lecture."""
    from refrnn.verify.errata import errata_of

    corrected = {misprint.quote.lecture for misprint in spec.all_misprints} | {claim.lecture for claim in spec.claims if claim.verdict != "holds"}
    return errata_of(spec) if corrected and lecture in (None, *corrected) else []


def _check_quotes(folder, lecture):
    import refrnn
    from refrnn.spec.library import rows
    from refrnn.verify.quotes import check_quote, lecture_texts, quotes_of

    texts = lecture_texts(folder)
    specs = [refrnn.load(name) for name in rows()]
    quotes = [(spec.id, quote) for spec in specs for quote in quotes_of(spec) if lecture in (None, quote.lecture)]
    return [f"{name}: {wrong}" for name, quote in quotes for wrong in check_quote(quote, texts)]


def _in_order(found, lectures):
    """By lecture and slide, as somebody with the slides in hand meets them."""
    keys = list(lectures)

    def place(entry):
        slides = lectures[entry["from"]]["slides"] if entry["from"] in lectures else []
        return keys.index(entry["from"]), slides.index(entry["where"]) if entry["where"] in slides else -1

    return sorted(found, key=place)


def _print(say, found, lectures, remarks):
    for key, entry in lectures.items():
        of_lecture = [erratum for erratum in found if erratum["from"] == key]
        errata = [erratum for erratum in of_lecture if is_erratum(erratum)]
        apart = [erratum for erratum in of_lecture if not is_erratum(erratum) and (remarks or not erratum["ok"])]
        if errata:
            say(click.style(f"{key}: {entry['title']}, {_counted(errata)}", bold=True))
            if "note" in entry:
                say(filled(f"({entry['note']})", shutil.get_terminal_size().columns))
            _print_entries(say, errata)
        if apart:
            text = f"{key}: {entry['title']}, {_counted(apart)} (true under conditions that the slide leaves out)"
            say(click.style(filled(text, shutil.get_terminal_size().columns), bold=True))
            _print_entries(say, apart)
    _print_sum(say, found, remarks)


def _print_entries(say, entries):
    width = shutil.get_terminal_size().columns
    for number, entry in enumerate(entries, 1):
        taken = f" (taken: {entry['taken']})" if "taken" in entry else ""
        lead = {"misprint": "", "false": "false: ", "remark": ""}[entry["kind"]]
        say(filled(f"{lead}{entry['printed']}{taken}", width, f"{number:2}. "))
        marks = f"; {entry['marks']}" if entry["marks"] else ""
        say(filled(f"where: slide “{entry['where']}”{marks}; spec {entry['spec']}", width, "    "))
        shown = "shown" if entry["ok"] else click.style("NOT SHOWN", fg="red")
        for word, text in (("found", entry["says"]), (shown, entry["shown"])):
            say(filled(f"{word}: {text}", width, "    "))
    say()


def _print_sum(say, found, remarks):
    errata = [entry for entry in found if is_erratum(entry)]
    apart = len(found) - len(errata)
    lectures = len({entry["from"] for entry in errata})
    shown = sum(entry["ok"] for entry in errata)
    say(f"{_counted(errata) or 'no errata'} in {lectures} lecture{'s' * (lectures != 1)}, {shown} of them shown by the program")
    if apart and not remarks:
        say(f"beside them {apart} remark{'s' * (apart != 1)}, which --remarks prints")


def _counted(entries):
    """How many there are of each kind: "2 misprints, 1 false statement"."""
    counts = {kind: sum(entry["kind"] == kind for entry in entries) for kind in _WORDS}
    return ", ".join(f"{count} {_WORDS[kind][count != 1]}" for kind, count in counts.items() if count)

