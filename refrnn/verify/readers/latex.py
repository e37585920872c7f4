"""Reads LaTeX, as an align environment shows an equation."""

import re

from refrnn.verify.readers.tokens import Unreadable, above, name_token, parts_of, split

_COMMAND = re.compile(r"\\([A-Za-z]+|.)\s*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SIGNS = {
    "odot": "⊙", "cdot": "·", "times": "×", "le": "≤", "ge": "≥", "ne": "≠", "nabla": "∇", "top": "⊤", "prime": "′", "bmod": "mod",
    "lfloor": "⌊", "rfloor": "⌋", "|": "‖", "vert": "|",
}  # fmt: skip
_LETTERS = {"lambda": "lamda", "varepsilon": "epsilon", "varphi": "phi", "infty": "inf"}
_FUNCTIONS = ("tanh", "exp", "log", "sin", "cos", "min", "max")
_ACCENTS = ("hat", "tilde", "bar", "dot")
_BIG = ("sum", "prod")
_GREEK = re.compile(r"([Aa]lpha|[Bb]eta|[Gg]amma|[Dd]elta|zeta|eta|[Tt]heta|iota|kappa|Lambda|mu|nu|[Xx]i|[Pp]i|rho|[Ss]igma|tau|[Uu]psilon|Phi|chi|[Pp]si|[Oo]mega)$")


def tokens(text):
    """The tokens of a formula."""
    found, place = [], 0
    while place < len(text):
        new, place = _next(text, place)
        found += new
    return found


def _next(text, place):
    character = text[place]
    if character == "\\":
        return _command(text, place)
    if character in "_^":
        inner, end = _group(text, place + 1)
        return ([("sub", parts_of(tokens(inner)))] if character == "_" else above(tokens(inner))), end
    match = _NUMBER.match(text, place)
    if match:
        return [("number", match[0])], match.end()
    if character.isspace():
        return [], place + 1
    if character.isalpha():
        return [name_token(character)], place + 1
    if character in "+-=<>/()[],;:|":
        return [("op", "−" if character == "-" else character)], place + 1
    raise Unreadable(repr(character))


def _command(text, place):
    match = _COMMAND.match(text, place)
    word, end = match[1], match.end()
    if word == ",":
        return [("gap",)], end
    if word in ("left", "right", "!"):
        return [], end
    if word in _SIGNS:
        return [("op", _SIGNS[word])], end
    if word in _FUNCTIONS:
        return [name_token(word, upright=True)], end
    if word in _LETTERS or _GREEK.match(word):
        return [("name", _LETTERS.get(word, word), None, True)], end
    if word == "begin":
        return _environment(text, end)
    inner, end = _group(text, end) if word not in _BIG else ("", end)
    if word in _BIG:
        return _big(word, text, end)
    if word in _ACCENTS:
        ((_, base, _, upright),) = tokens(inner)
        return [("name", base, word, upright)], end
    if word in ("mathrm", "operatorname"):
        return [name_token(_plain(inner), upright=True)], end
    if word == "mathbf":
        below, end = _group(text, end + 1)
        return [("sized", {"0": "zeros", "I": "identity"}[inner], split(tokens(below), "×"))], end
    if word == "text":
        return [("op", inner.strip())], end
    if word == "sqrt":
        return [("root", tokens(inner))], end
    if word == "frac":
        below, end = _group(text, end)
        return [("frac", tokens(inner), tokens(below))], end
    raise Unreadable(f"\\{word}")


def _plain(text):
    """A word as it is typed."""
    return text.replace("\\text{-}", "-").replace("\\,", " ").replace("\\", "")


def _group(text, place):
    """What stands in braces from ``place`` on, or the one character there, and the place after it."""
    if text[place : place + 1] != "{":
        return text[place : place + 1], place + 1
    depth = 0
    for end in range(place, len(text)):
        if text[end] in "{}" and text[end - 1] != "\\":
            depth += 1 if text[end] == "{" else -1
        if depth == 0:
            return text[place + 1 : end], end + 1
    raise Unreadable("a brace that nothing closes")


def _big(word, text, place):
    if text[place : place + 1] != "_":
        raise Unreadable("a sum without its bounds")
    below, place = _group(text, place + 1)
    upper, place = _group(text, place + 1)
    letter, lower = split(tokens(below), "=")
    return [("big", word, letter, lower, tokens(upper))], place


def _environment(text, place):
    name, place = _group(text, place)
    depth, end = 1, place
    while depth:
        end = min((found for found in (text.find("\\begin{cases}", end), text.find("\\end{cases}", end)) if found >= 0), default=-1)
        if name != "cases" or end < 0:
            raise Unreadable(f"the environment {name}")
        depth += 1 if text.startswith("\\begin", end) else -1
        end += len("\\end{cases}") if text.startswith("\\end", end) else len("\\begin{cases}")
    *rows, last = _rows(text[place : end - len("\\end{cases}")])
    branches = []
    for value, condition in rows:
        start, *rest = tokens(condition)
        if start != ("op", "if"):
            raise Unreadable("a branch without its condition")
        branches.append((tokens(value), rest))
    if tokens(last[1]) != [("op", "otherwise")]:
        raise Unreadable("cases without an end")
    return [("cases", branches, tokens(last[0]))], end


def _rows(text):
    """The rows of cases, each as its value and its condition; those of cases within are left together."""
    rows, depth, start, place = [], 0, 0, 0
    while place < len(text):
        depth += text.startswith("\\begin{", place) - text.startswith("\\end{", place)
        if depth == 0 and text.startswith("\\\\", place):
            rows.append(text[start:place])
            place, start = place + 2, place + 2
        place += 1
    return [_columns(row) for row in (*rows, text[start:])]


def _columns(row):
    depth = 0
    for place, character in enumerate(row):
        depth += row.startswith("\\begin{", place) - row.startswith("\\end{", place)
        if character == "&" and depth == 0:
            return row[:place], row[place + 1 :]
    raise Unreadable("a branch of one column")
