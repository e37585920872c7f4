"""Holds every quote of the specs against the lectures' texts: its words stand there, on the slide that it names.

White space and line breaks count as one space; nothing else is forgiven. Words are whole, and pieces stand in their order.
"""

import re
from pathlib import Path

from refrnn.errors import NotFoundError
from refrnn.spec.library import sources

MORE = "…"  # at the end of a slide's name: its line goes on


def lecture_texts(folder):
    """The slides of each lecture, {key: [(name, text), ...]}, from the folder of the texts that lectures.yaml names."""
    return {key: _slides(key, entry, Path(folder) / entry["text"]) for key, entry in sources()["lectures"].items()}


def _slides(key, entry, path):
    if not path.is_file():
        raise NotFoundError(f"there is no text {path.name} of the lecture {key} in {path.parent}; name the folder of the lectures' texts")
    return split(path.read_text(encoding="utf-8"), entry["slides"])


def split(text, names):
    """The text cut at every line that is one of the names: [(name, text), ...], each with its own line first."""
    slides = []
    for line in map(_spaced, text.splitlines()):
        begun = [name for name in names if _begins(line, name)]
        if begun:
            slides.append((max(begun, key=len), [line]))
        elif slides:
            slides[-1][1].append(line)
    return [(name, _spaced(" ".join(lines))) for name, lines in slides]


def _spaced(text):
    return " ".join(text.split())


def _begins(line, name):
    return line.startswith(name.removesuffix(MORE)) if name.endswith(MORE) else line == name


def quotes_of(spec):
    """Every quote of a spec."""
    return [*spec.lectures, *(misprint.quote for misprint in spec.all_misprints), *(claim.quote for claim in spec.claims if claim.quote)]


def check_quote(quote, texts):
    """What is wrong with a quote, as a list of sentences."""
    slides = [text for name, text in texts.get(quote.lecture, ()) if name == quote.where]
    if not slides:
        return [f"the text of {quote.lecture} has no slide {quote.where!r} that lectures.yaml names"]
    found, place = [], (0, 0)
    for words in quote.words:
        end = _stands(words, slides, place)
        if end:
            place = end
            continue
        behind = " behind the piece before it" if _stands(words, slides, (0, 0)) else ""
        found.append(f"the slide {quote.where!r} of {quote.lecture} does not say {words!r}{behind}")
    return found


def _stands(words, slides, place):
    """Where the words end for the first time from ``place`` on, as the slide's number and a place on it; None where they do not."""
    whole = re.compile(rf"(?<![^\W_]){re.escape(_spaced(words))}(?![^\W_])")  # no letter or digit stands next to them
    number, begin = place
    for later, text in enumerate(slides[number:]):
        match = whole.search(text, begin if later == 0 else 0)
        if match:
            return number + later, match.end()
    return None
