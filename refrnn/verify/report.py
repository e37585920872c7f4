"""What verification found, for people and for machines: one record a spec, as JSON, JUnit and a page."""

import json
from dataclasses import dataclass, field
from html import escape
from xml.etree import ElementTree

KINDS = ("forward", "gradient", "clip")
NO_MUTANTS = {"tried": 0, "killed": 0, "equivalent": 0, "by_case": {}, "refused": [], "proved": [], "listed": [], "alive": []}
STATUSES = ("holds", "fails", "could not check")


def is_erratum(entry):
    """Whether an entry of ``errata`` counts as one: a misprint or a false statement, and no remark."""
    return entry["kind"] != "remark"


@dataclass
class SpecReport:
    """Everything verification found about one spec."""

    id: str
    title: str = ""
    backends: tuple = ()
    cases: int = 0
    worst: dict = field(default_factory=dict)  # kind -> {"ulp", "bound", "where"}
    not_offered: dict = field(default_factory=dict)  # by backend: the symbols that nothing compares, because it saves none of them
    gentler: list = field(default_factory=list)  # {"case", "stretch", "still", "sizes" or "numbers"}: what cases could not be judged with, made less or left out
    left_out: list = field(default_factory=list)  # {"case", "quantities"}: what has no certain digit where values are extreme
    sensitivity: dict | None = None  # {"bluntest": text, "symbols": of {"symbol", "of", "dtype", "relative", "ulp", "case", "text"}}
    undecided: list = field(default_factory=list)  # {"case", "symbols"}: rounding leaves open what they decide
    derivative: dict | None = None  # {"method", "error", "where"}
    adjoint: dict | None = None  # {"equations": how many, "error", "where", "refused": why there are none}
    printed: list = field(default_factory=list)
    mutants: dict | None = None  # counts "tried", "killed", "equivalent"; "by_case"; lists "refused", "proved", "listed", "alive"
    claims: list = field(default_factory=list)
    errata: list = field(default_factory=list)
    failures: list = field(default_factory=list)  # sentences: what does not hold
    unchecked: list = field(default_factory=list)  # sentences: what could not be judged, and why
    seconds: float = 0.0

    @property
    def ok(self):
        return self.status == "holds"

    @property
    def status(self):
        """One of STATUSES: a failure tells more than what could not be checked."""
        return "fails" if self.failures else "could not check" if self.unchecked else "holds"

    def note_worst(self, worst, backend, case):
        """Keep the error that comes nearest to its bound, for each kind."""
        kept = self.worst.get(worst.kind)
        if kept is None or worst.ulp / worst.bound > kept["ulp"] / kept["bound"]:
            place = f" at [{', '.join(map(str, worst.place))}]" if worst.place else ""
            where = f"{worst.quantity}{place}, {backend}, case {case}"
            self.worst[worst.kind] = {"ulp": worst.ulp, "bound": worst.bound, "where": where}

    def as_dict(self):
        """The record of ``--json``."""
        nothing = {"ulp": None, "bound": None, "where": None}
        return {
            "id": self.id,
            "ok": self.ok,
            "status": self.status,
            "backends": list(self.backends),
            "cases": self.cases,
            "worst": {kind: self.worst.get(kind, nothing) for kind in KINDS},
            "not_offered": self.not_offered,
            "gentler": self.gentler,
            "undecided": self.undecided,
            "left_out": self.left_out,
            "sensitivity": self.sensitivity,
            "derivative": self.derivative,
            "adjoint": self.adjoint,
            "printed_gradients": self.printed,
            "mutants": self.mutants or NO_MUTANTS,
            "claims": self.claims,
            "errata": self.errata,
            "failures": self.failures,
            "unchecked": self.unchecked,
            "seconds": round(self.seconds, 3),
        }


def json_text(reports):
    """All records; infinities become the text "inf", which JSON can't hold as numbers."""
    data = {"ok": all(report.ok for report in reports), "specs": [report.as_dict() for report in reports]}
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(data):
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    if isinstance(data, float) and (data != data or data in (float("inf"), float("-inf"))):
        return str(data)
    return data


def junit_text(reports):
    """The records as JUnit XML, one test case a spec; what could not be checked is an error."""
    suite = ElementTree.Element(
        "testsuite",
        name="refrnn verify",
        tests=str(len(reports)),
        failures=str(sum(report.status == "fails" for report in reports)),
        errors=str(sum(report.status == "could not check" for report in reports)),
        time=f"{sum(report.seconds for report in reports):.3f}",
    )
    for report in reports:
        case = ElementTree.SubElement(suite, "testcase", classname="refrnn", name=report.id, time=f"{report.seconds:.3f}")
        if not report.ok:
            said = [*report.failures, *report.unchecked]
            found = ElementTree.SubElement(case, "failure" if report.failures else "error", message=_as_xml(said[0]))
            found.text = _as_xml("\n".join(said))
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _as_xml(text):
    """Without the characters that XML 1.0 can't hold."""
    return "".join(letter if letter >= " " or letter in "\n\t" else "?" for letter in text)


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1d1d1f }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem } th, td { text-align: left; padding: 0.3rem 0.6rem;
border-bottom: 1px solid #ddd; vertical-align: top } .ok { color: #18794e } .bad { color: #b42318 } .open { color: #93590a } math { font-size: 1.05rem }
section { margin-top: 2.5rem } h2 { border-bottom: 2px solid #eee } .small { color: #555; font-size: 0.9rem }
"""


def html_text(reports, show):
    """A page: the table, then each spec with its equations (``show(id)`` gives their HTML)."""
    rows = "".join(
        f"<tr><td><a href='#{report.id}'>{report.id}</a></td><td class={_CLASSES[report.status]}>{report.status}</td>"
        f"<td>{report.cases}</td>" + "".join(f"<td>{_cell(report.worst.get(kind))}</td>" for kind in KINDS)
        + f"<td>{mutants_in_words(report)}</td></tr>"
        for report in reports
    )
    heads = "".join(f"<th>{head}</th>" for head in ("spec", "", "cases", "forward", "gradient", "clip", "mutants"))
    sections = "".join(_section(report, show) for report in reports)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'><title>refrnn verify</title><style>{_STYLE}</style></head>"
        f"<body><h1>refrnn verify</h1><p>{_verdicts(reports)}</p>"
        f"<p class=small>The worst error of all backends, in ulp of the result's scale, of the bound that was measured on its case.</p>"
        f"<table><tr>{heads}</tr>{rows}</table>{sections}</body></html>\n"
    )


def _verdicts(reports):
    """How many specs hold, fail and could not be checked; those that do not hold by name."""
    parts = []
    for status in STATUSES:
        found = [report.id for report in reports if report.status == status]
        names = "" if status == "holds" else ": " + ", ".join(f"<a href='#{name}'>{escape(name)}</a>" for name in found)
        if found:
            parts.append(f"<b class={_CLASSES[status]}>{status}</b> {len(found)} of {len(reports)}{names}")
    return "; ".join(parts)


_CLASSES = {"holds": "ok", "fails": "bad", "could not check": "open"}


def _cell(worst):
    return "" if worst is None else f"{worst['ulp']:.2g} of {worst['bound']:.2g}"


def mutants_in_words(report):
    """What became of the mutants: killed by a case, refused as equations, equivalent, alive."""
    found = report.mutants
    if found is None:
        return ""
    how = ", ".join(f"{len(found[word])} {word}" for word in ("proved", "listed") if found[word])
    equivalent = f"{found['equivalent']} equivalent" + (f" ({how})" if how else "")
    return f"{found['killed']} killed, {len(found['refused'])} refused, {equivalent}, {len(found['alive'])} alive"


def _section(report, show):
    word = f"<span class={_CLASSES[report.status]}>{report.status}</span>"
    parts = [f"<section id='{report.id}'><h2>{escape(report.id)} {word}</h2>", show(report.id)]
    for failure in report.failures:
        parts.append(f"<p class=bad>{escape(failure)}</p>")
    for sentence in report.unchecked:
        parts.append(f"<p class=open>could not check: {escape(sentence)}</p>")
    for kind, worst in report.worst.items():
        parts.append(f"<p class=small>worst {kind}: {worst['ulp']:.2g} ulp, bound {worst['bound']:.2g}: {escape(worst['where'])}</p>")
    for claim in report.claims:
        parts.append(f"<p><b>Claim</b> ({claim['verdict']}): {escape(claim['says'])}<br><span class=small>{escape(claim['shown'])}</span></p>")
    for erratum in report.errata:
        place = f"{erratum['from']}, slide “{erratum['where']}”"
        found = f"<code>{escape(erratum['printed'])}</code> {escape(erratum['says'])}"
        shown = f"<br><span class=small>{escape(erratum['shown'])}</span>"
        parts.append(f"<p><b>{erratum['kind'].capitalize()}</b>, {escape(place)}: {found}{shown}</p>")
    return "".join(parts) + "</section>"
