"""Holds every quote of the specs against the lectures' texts: its words stand there, on the slide that it names.

White space and line breaks count as one space; nothing else is forgiven.
"""

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
    return [
        f"the slide {quote.where!r} of {quote.lecture} does not say {words!r}"
        for words in quote.words
        if not any(_spaced(words) in text for text in slides)
    ]
