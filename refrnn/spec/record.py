"""What is read of a spec: nothing of it changes, and what follows from it stands in ``analysis``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from refrnn.spec.quotes import Quote
from refrnn.spec.symbol import Symbol


@dataclass(frozen=True)
class Misprint:
    """A printed line that is wrong: ``reads`` is what it says in the language, ``says`` what is wrong with it.

    A slip that is made in several lines has an equation for each. Where they mean nothing, ``refused`` holds words of
    the error that they give; else each has to compute something else. A "remark" in ``kind`` says that the line is right
    in another reading.
    """

    quote: Quote
    reads: tuple
    says: str
    refused: str
    kind: str = "misprint"


@dataclass(frozen=True)
class PrintedGradient:
    """A lecture's own backward equations; ``gradients`` says which true gradient each of them is."""

    lecture: str
    equations: tuple[Any, ...]
    gradients: dict
    upstream: dict
    misprints: tuple


@dataclass(frozen=True)
class Claim:
    """A statement and its verdict; ``test`` names the function that shows it.

    A lecture's has a ``quote``, and ``taken`` is the reading of it that is tested where it has several; one of our own
    has ``says``. The verdict is "holds"; "fails": in a reading that its author would accept, it has a counterexample;
    "misprint": a slip that is no equation of the spec, such as a wrong number; or "remark": it holds under conditions
    that the slide leaves out. ``mended`` is what holds instead.
    """

    quote: Quote | None
    taken: str
    says: str
    verdict: str
    test: str
    mended: str

    @property
    def statement(self):
        """The statement as it is shown."""
        said = self.says if self.quote is None else self.quote.shown()
        return f"{said} (taken: {self.taken})" if self.taken else said

    @property
    def lecture(self):
        return "" if self.quote is None else self.quote.lecture


@dataclass(frozen=True, eq=False)
class Record:
    """What the file of a spec says, and nothing that follows from it."""

    id: str
    group: str
    title: str
    source: str
    lectures: tuple[Any, ...]
    cites: tuple[str, ...]
    verify: tuple[str, ...]
    sizes: dict[str, str]
    time: tuple[str, ...]
    batch: str | None
    symbols: dict[str, Symbol]
    equations: tuple[Any, ...]
    outputs: tuple[str, ...]
    misprints: tuple = ()
    printed_gradients: tuple = ()
    claims: tuple = ()
    equivalent: tuple = ()
    cases: tuple = ()
    notes: str = ""
    open: tuple = ()
    papers: tuple = ()
    bindings: dict = field(default_factory=dict)
