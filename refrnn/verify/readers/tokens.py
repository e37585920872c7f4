"""What the readers of all forms make of a page: a flat list of tokens, in which scripts, fractions and big signs hold lists of their own.

A token is a tuple: ("number", text), ("name", base, accent, upright), ("op", sign), ("gap",), ("layer", digits), ("prime",),
("sub", parts), ("sup", tokens), ("frac", tokens, tokens), ("root", tokens), ("sized", function, list of tokens),
("big", function, tokens of its letter, of its lower end, of its upper end), ("cases", pairs of tokens, tokens).
A part of a subscript is a pair: the word of a name that it may be, or None, and the tokens of the index that it may be, or None.
"""

import unicodedata

WORDS = ("mod", "and", "or", "not", "if", "else")


class Unreadable(Exception):
    """What stands there is no equation."""


def name_token(text, upright=False, accent=None):
    """A name, a Greek letter spelled in English."""
    return "name", spelled(text), accent, upright or text == "∞" or _is_greek(text)


def spelled(text):
    """Text with Greek letters, and infinity, spelled as they are typed."""
    return "".join(_spelled(letter) for letter in text)


def _is_greek(text):
    return len(text) == 1 and unicodedata.name(text, "").startswith("GREEK")


def _spelled(letter):
    if letter == "∞":
        return "inf"
    if not _is_greek(letter):
        return letter
    word = unicodedata.name(letter).split()[-1].lower()
    # As Unicode does, for lambda is a word of Python's own; the capital is none.
    return word if letter.islower() else {"lamda": "Lambda"}.get(word, word.capitalize())


def split(tokens, sign):
    """The lists of tokens between the signs that are in no brackets."""
    parts, depth = [[]], 0
    for token in tokens:
        depth += (token == ("op", "(")) - (token == ("op", ")"))
        if token == ("op", sign) and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def parts_of(tokens):
    """The parts of a subscript in which words and indices stand alike, between commas."""
    return [(_word_of(part), part) for part in split(tokens, ",")]


def _word_of(tokens):
    is_word = all(token[0] == "name" and token[3] and token[2] is None for token in tokens)
    return "".join(token[1] for token in tokens) if is_word else None


def above(tokens):
    """The tokens of a superscript: a layer, a prime, and what is a power."""
    found = []
    if [token[0] for token in tokens[:3]] == ["op", "number", "op"] and tokens[0][1] == "(" and tokens[2][1] == ")":
        found, tokens = [("layer", tokens[1][1])], tokens[3:]
    if tokens[:1] == [("op", "′")]:
        found, tokens = [*found, ("prime",)], tokens[1:]
    return found + ([("sup", tokens)] if tokens else [])
