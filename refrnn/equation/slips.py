"""What is wrong with a text that is no Python: the slip that people make, in the words of the language and not of Python."""

import keyword
import re

from refrnn.errors import cut

_TOKEN = re.compile(
    r"(?P<name>[A-Za-z_]\w*)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<open>[(\[{])|(?P<close>[)\]}])"
    r"|(?P<operator>&&|\|\||\*\*\*|\*\*|@@|//|==|!=|<=|>=|<<|>>|:=|->|[-+*/@%<>=,:^&|~!?$;.'\"\\`#])|(?P<space>\s+)|(?P<other>.)"
)
MOST_OPEN = 100  # brackets in one another

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_SPOKEN = {"if", "else", "for", "in", "and", "or", "not"}  # words of Python that the language has
_MENDS = {
    "&&": "write and", "&": "write and", "||": "write or", "|": "write or", "!": "write not", "?": "write a if condition else b", "@@": "write @",
    "***": "write ** for a power", "^": "write ** for a power and .T for a transpose", "'": "write .T for a transpose, and give h' another name",
    "\\": "write / for a quotient", ";": "write each equation as an entry of its own", "{": "write ( ) or [ ]", "}": "write ( ) or [ ]",
    "$": "leave it out", '"': "leave it out", "`": "leave it out", "#": "leave it out", ":=": "write =", "->": "leave it out",
}  # fmt: skip
_PREFIXES = {"+", "-", "~", "not"}


def slip(text):
    """The likeliest slip in a text that can't be read, with its mend."""
    tokens = [(found.lastgroup, found[0], found.start() + 1) for found in _TOKEN.finditer(text) if found.lastgroup != "space"]
    for look in (_foreign, _brackets, _side_by_side, _operators, _conditional, _left_side):
        found = look(tokens)
        if found:
            return found
    return "the language has no such expression; write it as the other specs do"


def python_word(name):
    """Why a word of Python names no symbol."""
    other = "lamda" if name == "lambda" else f"{name}1"
    return f"{name} is a word of Python and can't name a symbol; choose another name, such as {other}"


def _foreign(tokens):
    for kind, word, column in tokens:
        if kind == "name" and keyword.iskeyword(word) and word not in _SPOKEN:
            return python_word(word)
        if word in _MENDS:
            return f"the language has no {word} (column {column}); {_MENDS[word]}"
        if kind == "number" and re.match(r"0\d", word):
            return f"the number {cut(word)} begins with 0 (column {column}); leave that out"
    return None


def _brackets(tokens):
    opened = []
    for kind, word, column in tokens:
        if kind == "open":
            opened.append((word, column))
            if len(opened) > MOST_OPEN:
                return "it is nested too deep; split it into several equations"
        elif kind == "close":
            if not opened:
                return f"the {word} in column {column} closes nothing; delete it"
            begun, where = opened.pop()
            if _PAIRS[begun] != word:
                return f"the {begun} in column {where} meets the {word} in column {column}; close it with {_PAIRS[begun]} before that"
    if opened:
        begun, where = opened[-1]
        return f"the {begun} in column {where} is not closed; close it with {_PAIRS[begun]}"
    return None


def _side_by_side(tokens):
    """Two values with nothing between them, as in W x[t]."""
    for (kind, word, column), (kind_after, after, column_after) in zip(tokens, tokens[1:]):
        ends = kind in ("number", "close") or kind == "name" and word not in _SPOKEN
        begins = kind_after in ("number", "name") and after not in _SPOKEN or kind == "number" and kind_after == "open"
        if ends and begins:
            return f"nothing stands between {cut(word)} and {cut(after)} (column {column_after}); write @ for a product of matrices, * for one of numbers"
    return None


def _operators(tokens):
    """An operator, = or a word such as else without a value on one of its sides."""
    for place, (kind, word, column) in enumerate(tokens):
        if kind != "operator" and word not in _SPOKEN - {"for"}:
            continue
        before, after = tokens[place - 1] if place else None, tokens[place + 1] if place + 1 < len(tokens) else None
        if not _begins_value(after):
            return f"nothing stands behind the {word} in column {column}; write a value there or delete it"
        if word not in _PREFIXES and not _ends_value(before):
            return f"nothing stands before the {word} in column {column}; write a value there or delete it"
    return None


def _begins_value(token):
    return token is not None and (token[0] in ("name", "number", "open") or token[1] in _PREFIXES) and token[1] not in _SPOKEN - {"not"}


def _ends_value(token):
    return token is not None and token[0] in ("name", "number", "close") and token[1] not in _SPOKEN


def _conditional(tokens):
    words = [word for _, word, _ in tokens]
    if words.count("if") > words.count("else"):
        return "an if has no else; write a if condition else b"
    if words.count("else") > words.count("if"):
        return "an else has no if; write a if condition else b"
    return None


def _left_side(tokens):
    words = [word for _, word, _ in tokens]
    left = tokens[: words.index("=")] if "=" in words else []
    is_symbol = left[0][0] == "name" and (len(left) == 1 or (words[1], left[-1][1]) == ("[", "]")) if left else True
    return None if is_symbol else "the left side must be a symbol, such as h or h[t]"
