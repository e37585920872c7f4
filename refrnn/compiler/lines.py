"""How the text of a compiled kernel is laid out: it imports what it calls, and no line is longer than a person reads."""

import ast
import re
import textwrap

WIDEST = 120
_OPEN, _CLOSE = "([{", ")]}"


def laid_out(lines):
    """The lines, long ones broken where a bracket has commas; of names that are imported those that something reads."""
    lines = [line for text in lines for line in text.split("\n")]
    first = next(number for number, line in enumerate(lines) if line.startswith(("import ", "from ")))
    read = {node.id for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.Name)}
    found = []
    for line in lines[first:]:
        found += _imported(line, read) if line.startswith("from ") else _broken(line)
    return lines[:first] + found


def _imported(line, read):
    """``from module import a, b as c`` of what is read."""
    module, names = line.split(" import ")
    names = [name for name in names.split(", ") if name.split()[-1] in read]
    whole = f"{module} import {', '.join(names)}"
    return [] if not names else [whole] if len(whole) <= WIDEST else _broken(f"{module} import ({', '.join(names)})")


def _broken(line, is_inside=False):
    """A line as lines of which none is too long, if it has somewhere to be broken: at terms, too, if it ``is_inside`` of brackets."""
    if len(line) <= WIDEST or line.lstrip().startswith("#"):
        return [line]
    terms = _terms(line) if is_inside else [line]
    if len(terms) > 1:
        return [piece for term in terms for piece in _broken(term, is_inside)]
    begin, end = _outermost(line)
    if begin is None:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    parts = _parts(line[begin + 1 : end])
    found = [f"{line[: begin + 1]}"]
    for part in parts:
        more = f"{found[-1]} {part}," if len(found) > 1 else ""
        if more and len(more) <= WIDEST and "\n" not in part:
            found[-1] = more
        else:
            found.append(f"{indent}{part},")
    whole = [piece for text in found[1:] for piece in (_string(text, indent) or _broken(text, is_inside=True))]
    # What would be a tuple with a comma behind it is none without.
    if len(parts) == 1 and not line[begin + 1 : end].rstrip().endswith(","):
        whole[-1] = whole[-1].removesuffix(",")
    return [found[0], *whole, f"{indent[4:]}{line[end:]}"]


def _string(text, indent):
    """An argument that is a long string, as several strings; None where it is anything else."""
    body = text.strip()
    if len(text) <= WIDEST or not re.fullmatch(r'"[^"]*",', body):
        return None
    pieces = textwrap.wrap(body[1:-2], WIDEST - len(indent) - 4, drop_whitespace=False, break_long_words=False)
    return [f'{indent}"{piece}"' for piece in pieces[:-1]] + [f'{indent}"{pieces[-1]}",']


def _terms(line):
    """The line as lines of as many of its terms as fit, each behind its sign."""
    depth, begin, found = 0, 0, []
    for place, letter in _outside_strings(line):
        depth += (letter in _OPEN) - (letter in _CLOSE)
        if depth == 0 and line[place : place + 3] in (" + ", " - ") and line[:place].strip():
            found.append(line[begin:place])
            begin = place
    indent, whole = " " * (len(line) - len(line.lstrip())), []
    for term in [*found, line[begin:]]:
        if whole and len(whole[-1] + term) <= WIDEST:
            whole[-1] += term
        else:
            whole.append(f"{indent}{term.lstrip()}")
    return whole


def _outermost(line):
    """Where the last of the brackets that lie in no other one begins and ends: (None, None) where there is none that holds anything."""
    depth, begin, found = 0, None, (None, None)
    for place, letter in _outside_strings(line):
        if letter in _OPEN:
            depth += 1
            begin = place if depth == 1 else begin
        elif letter in _CLOSE:
            depth -= 1
            if depth == 0 and place - begin > 1 and (found[0] is None or place - begin >= found[1] - found[0]):
                found = begin, place
    return found


def _parts(text):
    """What stands between commas that lie in no bracket."""
    depth, begin, found = 0, 0, []
    for place, letter in _outside_strings(text):
        depth += (letter in _OPEN) - (letter in _CLOSE)
        if letter == "," and depth == 0:
            found.append(text[begin:place].strip())
            begin = place + 1
    return [*found, *filter(None, [text[begin:].strip()])]


def _outside_strings(text):
    """Places and letters of a text that are in no string."""
    quote = ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            yield place, letter
