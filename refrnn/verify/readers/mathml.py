"""Reads presentation MathML, as a page shows an equation."""

from xml.etree import ElementTree

from refrnn.verify.readers.tokens import WORDS, Unreadable, above, name_token, parts_of, split

_PLAIN = {"𝟎": "zeros", "𝐈": "identity"}
_ACCENTS = {"^": "hat", "~": "tilde", "¯": "bar", "˙": "dot"}
_BIG = {"∑": "sum", "∏": "prod"}
_APPLIED = "\u2061"  # says that what follows is what a function takes


def tokens(text):
    """The tokens of a math element."""
    return _all(ElementTree.fromstring(text))


def _all(element):
    """The tokens of what is in an element."""
    found, children = [], list(element)
    for place, child in enumerate(children):
        if _kind(child) == "mo" and child.text == "{" and children[place + 1 : place + 2] and _kind(children[place + 1]) == "mtable":
            continue
        found += _one(child)
    return found


def _kind(element):
    return element.tag.rpartition("}")[2]


def _one(element):
    kind, text = _kind(element), element.text or ""
    if kind in ("mrow", "mtd", "math"):
        return _all(element)
    if kind == "mi":
        return [name_token(text, upright=len(text) > 1 or element.get("mathvariant") == "normal")]
    if kind == "mn":
        return [("number", text)]
    if kind == "mo":
        return [] if text == _APPLIED else [("op", text)]
    if kind == "mtext":
        return [("op", text.strip())] if text.strip() in (*WORDS, "otherwise") else _refuse(text)
    if kind == "mspace":
        return [("gap",)] if element.get("width") == "0.17em" else []
    if kind in ("msub", "msup", "msubsup"):
        return _scripts(kind, *element)
    if kind == "mfrac":
        return [("frac", *map(_one, element))]
    if kind == "msqrt":
        return [("root", _all(element))]
    if kind == "mover":
        ((_, base, _, upright),) = _one(element[0])
        return [("name", base, _ACCENTS[element[1].text], upright)]
    if kind == "munderover":
        letter, lower = split(_one(element[1]), "=")
        return [("big", _BIG[element[0].text], letter, lower, _one(element[2]))]
    if kind == "mtable":
        return _cases(element)
    return _refuse(kind)


def _scripts(kind, base, *scripts):
    if base.text in _PLAIN:
        return [("sized", _PLAIN[base.text], split(_one(scripts[0]), "×"))]
    below = [("sub", parts_of(_one(scripts[0])))] if kind != "msup" else []
    return _one(base) + below + (above(_one(scripts[-1])) if kind != "msub" else [])


def _cases(table):
    *rows, last = ([_one(cell) for cell in row] for row in table)
    if any(condition[:1] != [("op", "if")] for _, condition in rows) or last[1] != [("op", "otherwise")]:
        _refuse("cases without conditions")
    return [("cases", [(value, condition[1:]) for value, condition in rows], last[0])]


def _refuse(what):
    raise Unreadable(what)
