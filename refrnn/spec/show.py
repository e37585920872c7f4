"""How a spec looks: equations, symbols and sources for a terminal, in LaTeX, and as HTML with MathML."""

import textwrap
import unicodedata
from html import escape

from refrnn.equation import typeset
from refrnn.equation.sizes import show_shape
from refrnn.spec.library import sources
from refrnn.spec.paper import cited

WIDTH = 100
_VERDICTS = {"holds": "holds", "fails": "false", "misprint": "misprint", "remark": "remark"}


_UNKNOWN_RANK = 9  # more axes than subscripts: not a scalar


def _scalar(spec):
    ranks = {f"d_{name}": _UNKNOWN_RANK for name in spec.outputs}
    for block in spec.printed_gradients:
        ranks.update({equation.name: _UNKNOWN_RANK for equation in block.equations})
    ranks.update({name: len(spec.full_shape(name)) for name in (*spec.arrays, *spec.defined)})
    return typeset.scalar_by_rank(ranks)


def equations(spec, form):
    """The spec's equations as texts; ``form`` is "unicode", "latex" or "mathml"."""
    return [write(spec, equation, form) for equation in spec.equations]


def write(spec, equation, form):
    """One equation typeset."""
    return getattr(typeset, form)(equation.target, equation.value, _scalar(spec))


def _lecture_title(key):
    entry = sources().get("lectures", {}).get(key, {})
    return str(entry.get("title", key))


def _papers(spec):
    """Those that the spec is from, and those that its lectures cite."""
    return [*map(str, spec.papers), *map(_paper, spec.cites)]


def _paper(key):
    entry = sources()["papers"].get(key)
    return key if entry is None else cited(entry)


def terminal(spec, width=WIDTH):
    """The spec as text: title, equations, symbols, sources, errata; in lines of ``width`` columns."""
    parts = [(f"{spec.id}: {spec.title}", "", "    "), EMPTY]
    parts += [part(text) for text in equations(spec, "unicode")]
    parts += [EMPTY, head("symbols"), *_symbol_parts(spec)]
    parts.append(head("sizes: " + ", ".join(f"{name} {means}{_by_name(spec, name)}" for name, means in spec.sizes.items())))
    parts.append(head("outputs: " + ", ".join(typeset.unicode_name(name) for name in spec.outputs)))
    parts += printed_gradient_parts(spec) + _source_parts(spec) + _claim_parts(spec) + _misprint_parts(spec)
    if spec.notes:
        parts += [EMPTY, (spec.notes, "", "")]
    return in_lines(parts, width)


def in_lines(parts, width):
    """Parts wrapped to ``width`` columns."""
    wrapped = (textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest) for text, first, rest in parts)
    return "\n".join(line for lines in wrapped for line in lines or [""])


EMPTY = ("", "", "")


def part(text, first="    ", rest="        "):
    """A text, what its first line begins with, and what the others do."""
    return text, first, rest


def head(text):
    return text, "", "    "


def _symbol_parts(spec):
    labels = {name: _label(name) for name in spec.arrays}
    width = max(map(_columns, labels.values()))
    shape_width = max(12, *(len(show_shape(symbol.shape)) for symbol in spec.arrays.values()))
    parts = []
    for name, symbol in spec.arrays.items():
        padding = " " * (width - _columns(labels[name]))
        facts = f"{symbol.role:9}  {show_shape(symbol.shape):{shape_width}}"
        means = symbol.means + (" (may be left out)" if symbol.optional else "")
        means += f" (integers from 0, below {symbol.below})" if symbol.below is not None else ""
        text = f"{labels[name]}{padding}  {facts} {means}".rstrip()
        parts.append((text, "    ", " " * (4 + width + len(f"  {facts} "))))
    return parts


def _by_name(spec, name):
    return " (given by name)" if name in spec.named_sizes else ""


def _label(name):
    """A symbol as it is typeset, and as it is typed where that differs."""
    shown = typeset.unicode_name(name)
    return shown if shown == name else f"{shown} ({name})"


def _columns(text):
    """How wide a text is in a terminal."""
    return sum(not unicodedata.combining(character) for character in text)


def printed_gradient_parts(spec):
    parts = []
    for block in spec.printed_gradients:
        parts += [EMPTY, head(f"backward, as {block.lecture} prints it" + (" (misprints mended)" if block.misprints else ""))]
        for equation in block.equations:
            parts.append(part(write(spec, equation, "unicode")))
    return parts


def _source_parts(spec):
    parts = []
    if spec.lectures:
        parts += [EMPTY, head("lectures")]
    for quote in spec.lectures:
        marks = f" ({quote.marks()})" if quote.marks() else ""
        parts.append(part(f"{quote.place()} ({_lecture_title(quote.lecture)}): {quote.shown()}{marks}"))
    papers = _papers(spec)
    parts += [EMPTY, head("papers")] if papers else []
    parts += map(part, papers)
    return parts


def _claim_parts(spec):
    parts = [EMPTY, head("claims")] if spec.claims else []
    for claim in spec.claims:
        source = f"{claim.quote.source()}: " if claim.quote else ""
        parts.append(part(f"{_VERDICTS[claim.verdict]}: {source}{claim.statement}"))
        if claim.mended:
            parts.append(part(f"mended: {claim.mended}", "        ", "        "))
    return parts


def _misprint_parts(spec):
    parts = [EMPTY, head("printed lines")] if spec.all_misprints else []
    for misprint in spec.all_misprints:
        parts.append(part(f"{misprint.kind}: {misprint.quote.source()}: {misprint.quote.shown()}"))
        parts.append(part(f"found: {misprint.says}", "        ", "        "))
    return parts


def latex(spec):
    """The equations as a LaTeX align environment."""
    return aligned(equations(spec, "latex"))


def aligned(texts):
    rows = [text.replace(" = ", " &= ", 1) for text in texts]
    return "\\begin{align*}\n  " + " \\\\\n  ".join(rows) + "\n\\end{align*}"


ROW = "<div style='padding:0.5em 0;overflow-x:auto;overflow-y:hidden'>"  # a long equation scrolls by itself


def printed_gradient_html(spec):
    """The backward lines that lectures print, with a heading each."""
    parts = []
    for block in spec.printed_gradients:
        parts.append(f"<h4>Backward, as {escape(block.lecture)} prints it{' (misprints mended)' if block.misprints else ''}</h4>")
        parts += [f"{ROW}{write(spec, equation, 'mathml')}</div>" for equation in block.equations]
    return parts


def html(spec):
    """The spec as an HTML fragment with MathML, for notebooks and pages."""
    parts = [f"<div class='refrnn'><h3>{escape(spec.title)} <small>({escape(spec.id)})</small></h3>"]
    parts += [f"{ROW}{text}</div>" for text in equations(spec, "mathml")]
    parts += printed_gradient_html(spec)
    rows = "".join(
        f"<tr><td>{typeset.mathml_name(name)}</td><td>{symbol.role}</td><td>{escape(show_shape(symbol.shape))}</td>"
        f"<td>{escape(symbol.means)}{' (may be left out)' if symbol.optional else ''}</td></tr>"
        for name, symbol in spec.arrays.items()
    )
    parts.append(f"<table><tr><th>symbol</th><th>role</th><th>shape</th><th>meaning</th></tr>{rows}</table>")
    for quote in spec.lectures:
        marks = f" ({escape(quote.marks())})" if quote.marks() else ""
        parts.append(f"<p>{escape(quote.place())} ({escape(_lecture_title(quote.lecture))}): <q>{escape(quote.shown())}</q>{marks}</p>")
    parts += [f"<p>{escape(paper)}</p>" for paper in _papers(spec)]
    for claim in spec.claims:
        if claim.verdict != "holds":
            mended = f"<q>{escape(claim.statement)}</q> {escape(claim.mended)}"
            parts.append(f"<p>{_VERDICTS[claim.verdict].capitalize()}, {escape(claim.quote.source())}: {mended}</p>")
    for misprint in spec.all_misprints:
        quote = misprint.quote
        parts.append(f"<p>{misprint.kind.capitalize()}, {escape(quote.source())}: <code>{escape(quote.shown())}</code> {escape(misprint.says)}</p>")
    return "".join(parts) + "</div>"


def html_page(spec):
    """:func:`html` as a page of its own."""
    return page(spec.title, html(spec))


def page(title, body):
    style = "math{font-family:'Latin Modern Math','STIX Two Math',math}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{padding:.2rem .8rem;text-align:left}"
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{style}</style></head><body>{body}</body></html>"
    )


def code(spec):
    """The source of the reference, or None."""
    binding = spec.bindings.get("reference")
    return binding.path.read_text(encoding="utf-8") if binding else None
