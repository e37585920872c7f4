"""What a terminal gets for the letters that its encoding lacks: h[t-1] for h with indices below the line, sigma for the letter."""

import codecs
from itertools import groupby

_SIGNS = {
    "\u2299": "*", "\u2218": "o", "\u2207": "grad ", "\u2202": "d", "\u2211": "sum", "\u220f": "prod", "\u221a": "sqrt", "\u2212": "-", "\u00b7": ".",
    "\u00d7": "x", "\u00b1": "+-", "\u2192": "->", "\u2190": "<-", "\u2032": "'", "\u2016": "||", "\u221e": "inf", "\u2208": "in", "\u2265": ">=",
    "\u2264": "<=", "\u230a": "floor(", "\u230b": ")", "\u2013": "-", "\u2026": "...", "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'",
    "\u22ee": ":", "\u22ef": "...", "\u22f1": "...", "\u0303": "~", "\u0302": "^", "\u0304": "-", "\u0307": ".",
}  # fmt: skip


def spell(stream):
    """From here on ``stream`` never fails for a letter; one that can hold all letters stays as it is."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("_", "-")
    if not encoding.startswith("utf") and hasattr(stream, "reconfigure"):
        codecs.register_error("refrnn.spelled", _spelled)
        stream.reconfigure(errors="refrnn.spelled")


def _spelled(error):
    if not isinstance(error, UnicodeEncodeError):
        raise error
    parts = [_kind(letter) for letter in error.object[error.start : error.end]]
    text = ""
    for kind, letters in groupby(parts, key=lambda part: part[0]):
        run = "".join(letter for _, letter in letters)
        has_name = any(letter.isalnum() for letter in run)
        text += {"sub": f"[{run}]", "super": f"^{run}" if has_name else run}.get(kind, run)
    return text.encode("ascii", "replace").decode("ascii"), error.end


def _kind(letter):
    """Whether a letter stands below or above the line, and how it is spelled."""
    from unicodedata import decomposition, name, normalize

    how, *points = decomposition(letter).split() or [""]
    if how in ("<sub>", "<super>"):
        plain = "".join(chr(int(point, 16)) for point in points)
        return how[1:-1], "".join(_kind(one)[1] if one > "\x7f" else one for one in plain)
    if letter in _SIGNS:
        return "", _SIGNS[letter]
    words = name(letter, "").split()
    if words[:1] == ["GREEK"] and "LETTER" in words:
        word = words[words.index("LETTER") + 1].lower().replace("lamda", "lambda")
        return "", word.capitalize() if "CAPITAL" in words else word
    return "", normalize("NFKD", letter).encode("ascii", "ignore").decode("ascii") or f"(U+{ord(letter):04X})"
