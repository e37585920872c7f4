r"""What a lecture says, and where: exact words of its text, the slide they stand on, and how they are shown.

A quote in a spec has these keys, in entries of ``lectures``, ``misprints`` and ``claims`` alike:

* ``from``: the lecture's key in ``lectures.yaml``;
* ``where``: the slide, by one of the names that ``lectures.yaml`` lists for the lecture under ``slides``;
* ``quote``: the exact words of the lecture's text, one piece or a list of pieces in their order;
* ``restored``: how they are read, where the text has lost letters, brackets or the place of an index;
* ``picture``: what the slide shows in a picture only; ``quote`` may then be left out.

``slides`` names each slide by words that a line of the text consists of: its title, or, where the titles are lost, its
first words, with … behind them if the line goes on. A quote stands between its slide's line and that of the next slide.
:mod:`refrnn.verify.quotes` holds all of it against the lectures' texts.
"""

import re
from dataclasses import dataclass

_SIGNS = {
    r"\nabla": "∇", r"\partial": "∂", r"\sigma": "σ", r"\varphi": "φ", r"\Theta": "Θ", r"\theta": "θ", r"\tau": "τ",
    r"\odot": "⊙", r"\cdot": "·", r"\times": "×", r"\sim": "~", r"\in": "∈", r"\geq": "≥", r"\leftarrow": "←",
    r"\rightarrow": "→", r"\dots": "…", r"\sum": "Σ", r"\tanh": "tanh", r"\mathbb{R}": "ℝ", r"\mathbb{V}": "𝕍", r"\left": "", r"\right": "",
}  # fmt: skip
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303"}
_PLAIN = (
    (re.compile(r"\\begin\{pmatrix\} *(.*?) *\\end\{pmatrix\}"), lambda found: f"({found[1]})"),
    (re.compile(r"\\begin\{\w+\}(?:\{\w+\})?|\\end\{\w+\}|\$+|&(?=[+=])|\*\*"), lambda found: ""),
    (re.compile(r" *\\\\ *"), lambda found: "; "),
    (re.compile(r"\\text\{(.*?)\}"), lambda found: found[1]),
    (re.compile(r"\\partial +"), lambda found: "∂"),
    (re.compile(r"\\(quad|[ {}])"), lambda found: " " if found[1] == "quad" else found[1]),
    (re.compile(r"\\(hat|tilde)\{(\w)(\w*)\}"), lambda found: found[2] + _ACCENTS[found[1]] + found[3]),
    (re.compile(r"\\frac\{(.*?)\}\{(.*?)\}"), lambda found: f"{found[1]}/{found[2]}"),
    (re.compile(r"\\(?:mathbb\{\w\}|[a-zA-Z]+)"), lambda found: _SIGNS.get(found[0], found[0])),
    (re.compile(r"_\{([^\W_]+)\}(?!\w)"), lambda found: f"_{found[1]}"),
    (re.compile(r"\^\{(\(\w+\)|-?\w+)\}(?!\w)"), lambda found: f"^{found[1]}"),
)


def plain(words):
    """Words of a text as a terminal shows them: LaTeX as signs, without a bullet, white space as single spaces."""
    words = " ".join(words.split()).removeprefix("– ")
    if "\\" in words:
        words = words.replace("&", " ")
    for pattern, shown in _PLAIN:
        words = pattern.sub(shown, words)
    return " ".join(words.split())


@dataclass(frozen=True)
class Quote:
    """Words of a lecture and the slide they stand on; see the head of this module for what each field is."""

    lecture: str
    where: str
    words: tuple = ()
    restored: str = ""
    picture: str = ""

    def shown(self):
        """What is printed, as it is read."""
        return self.restored or " … ".join(map(plain, self.words)) or self.picture

    def marks(self):
        """What a reader has to know of it: that it was restored from damaged words, or seen in a picture only."""
        marks = []
        if self.restored and self.words:
            marks.append("restored from: " + " … ".join(map(plain, self.words)))
        if self.picture:
            marks.append(f"a picture: {self.picture}" if self.words else "a picture")
        return "; ".join(marks)

    def place(self):
        """The lecture and the slide."""
        return f"{self.lecture}, slide “{self.where}”"

    def source(self):
        """The lecture and the slide, and that what is shown is restored."""
        return self.place() + (", restored" if self.restored and self.words else "")

    def as_json(self):
        found = {"from": self.lecture, "where": self.where, "quote": list(self.words)}
        return found | {key: value for key, value in (("restored", self.restored), ("picture", self.picture)) if value}
