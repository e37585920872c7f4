"""Reads one line of Unicode, as a terminal shows an equation."""

import re
import unicodedata

from refrnn.verify.readers.tokens import WORDS, Unreadable, above, name_token, spelled

_FUNCTION = re.compile(r"(log softmax|one-hot)(?=\()")
_SIZED = re.compile(r"0_(?:\(([^()]*)\)|(\w+))|I_\(([^()]*)\)")
_WORD = re.compile(rf"\s*\b({'|'.join(WORDS)})\b(?![_(\[])\s*|\s*\b(not|if|and|or|else) (?=\()")
_BASE = re.compile(r"(∇?)([A-Za-z][A-Za-z0-9]*|[α-ωΑ-Ω]|∞)")
_WORDS = re.compile(r"(?:_[A-Za-z0-9α-ωΑ-Ω∞]*)+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_BOUNDS = re.compile(r"\[([^=\]]+)=(.*?)\.\.(.*?)\] ")
_SIGN = re.compile(r"\s*([+−⊙·×=<>≤≥≠,;])\s*|([/:()\[\]⌊⌋‖|])")
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}
_BIG = {"∑": "sum", "∏": "prod"}


def tokens(text):
    """The tokens of a line."""
    found, place = [], 0
    while place < len(text):
        new, place = _next(text, place, found)
        found += new
    return found


def _next(text, place, before):
    if text[place] in _BIG:
        return _big(text, place)
    if text.startswith("√(", place):
        end = _closing(text, place + 1)
        return [("root", tokens(text[place + 2 : end]))], end + 1
    match = _FUNCTION.match(text, place)
    if match:
        return [name_token(match[1], upright=True)], match.end()
    match = _SIZED.match(text, place)
    if match:
        sizes = (match[1] or match[2] or match[3]).split("×")
        return [("sized", "identity" if match[3] else "zeros", [tokens(size) for size in sizes])], match.end()
    match = _WORD.match(text, place)
    if match:
        return [("op", match[1] or match[2])], match.end()
    match = _BASE.match(text, place)
    if match:
        accent = _ACCENTS.get(text[match.end() : match.end() + 1])
        return [("op", "∇")] * bool(match[1]) + [name_token(match[2], accent=accent)], match.end() + bool(accent)
    match = _NUMBER.match(text, place)
    if match:
        return [("number", match[0])], match.end()
    if _kind(text[place]) or text[place] in "_^′" or text[place] == "[" and _may_have_index(text, place, before):
        return _script(text, place)
    match = _SIGN.match(text, place)
    if match:
        return [("op", match[1] or match[2])], match.end()
    if text[place] == " ":
        return [("gap",)], place + 1
    raise Unreadable(f"{text[place]!r}")


def _kind(character):
    """sub, super or, of characters on the line, nothing."""
    return unicodedata.decomposition(character).partition(" ")[0].strip("<>") if unicodedata.decomposition(character)[:4] in ("<sub", "<sup") else ""


def _may_have_index(text, place, before):
    return place > 0 and text[place - 1] not in " (" and bool(before) and before[-1][0] in ("name", "op", "layer", "prime", "sub") and before[-1] not in [("op", sign) for sign in "+−⊙·×/=<>≤≥≠,;:(["]


def _script(text, place):
    if text[place] == "′":
        return [("prime",)], place + 1
    words = _WORDS.match(text, place)
    if words:
        return [("sub", [(spelled(word), None) for word in words[0].split("_")[1:]])], words.end()
    if text[place] == "[":
        end = _closing(text, place, "[]")
        return [("sub", [(None, tokens(part)) for part in _comma_parts(text[place + 1 : end])])], end + 1
    if text[place] == "^":
        end = _closing(text, place + 1) + 1 if text[place + 1] == "(" else _end_of_atom(text, place + 1)
        inner = text[place + 2 : end - 1] if text[place + 1] == "(" else text[place + 1 : end]
        return [("sup", tokens(inner))], end
    kind, end = _kind(text[place]), place
    if not kind:
        raise Unreadable(f"{text[place]!r} before nothing")
    while end < len(text) and (_kind(text[end]) == kind or kind == "sub" and text[end] == "," and _kind(text[end + 1 : end + 2] or " ") == "sub"):
        end += 1
    plain = unicodedata.normalize("NFKC", text[place:end])
    if kind == "sub":
        parts = plain.split(",") if "," in plain or not plain.isalpha() else list(plain)
        return [("sub", [(None, tokens(part)) for part in parts])], end
    return above([("op", "⊤")] if plain == "T" else tokens(plain[:-1]) + [("op", "⊤")] if plain.endswith("T") else tokens(plain)), end


def _comma_parts(text):
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _closing(text, place, pair="()"):
    depth = 0
    for end in range(place, len(text)):
        depth += (text[end] == pair[0]) - (text[end] == pair[1])
        if depth == 0:
            return end
    raise Unreadable("a bracket that nothing closes")


def _end_of_atom(text, place):
    match = re.compile(r"[\w.∞]+(?:\[[^\]]*\])?").match(text, place)
    if not match:
        raise Unreadable("a power of nothing")
    return match.end()


def _big(text, place):
    name, match = _BIG[text[place]], _BOUNDS.match(text, place + 1)
    if match:
        return [("big", name, *map(tokens, match.groups()))], match.end()
    low = place + 1
    while _kind(text[low]) == "sub":
        low += 1
    high = low
    while _kind(text[high]) == "super":
        high += 1
    letter, equals, lower = unicodedata.normalize("NFKC", text[place + 1 : low]).partition("=")
    if not equals or text[high] != " ":
        raise Unreadable("a sum without its bounds")
    return [("big", name, tokens(letter), tokens(lower), tokens(unicodedata.normalize("NFKC", text[low:high])))], high + 1
