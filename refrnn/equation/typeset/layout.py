"""The layout algebra: what an equation looks like, before it is Unicode, LaTeX or MathML."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Atom:
    """One symbol. ``style``: letter (italic), word (upright), function, number or bold."""

    text: str
    style: str = "letter"


@dataclass(frozen=True)
class Sign:
    """An operator. ``role``: infix, relation, connective (a word between operands), prefix, slash, separator."""

    text: str
    role: str = "infix"


@dataclass(frozen=True)
class Gap:
    """The small space that stands for a product."""


@dataclass(frozen=True)
class Row:
    """Parts side by side."""

    parts: tuple


@dataclass(frozen=True)
class Accent:
    """A letter under a mark: hat, tilde, bar or dot."""

    base: object
    mark: str


@dataclass(frozen=True)
class Script:
    """A base with what hangs on it.

    ``words`` belong to the name (W_hh) and ``index`` to the value (h[t]): both are subscripts.
    ``layer`` and ``prime`` belong to the name (h1, f_prime) and ``power`` to the value: these are superscripts.
    """

    base: object
    words: tuple = ()
    index: tuple = ()
    layer: str = ""
    prime: bool = False
    power: object = None


@dataclass(frozen=True)
class Fraction:
    """Numerator over denominator."""

    numerator: object
    denominator: object


@dataclass(frozen=True)
class Root:
    """A square root."""

    body: object


@dataclass(frozen=True)
class Fence:
    """A body between brackets that grow with it."""

    opening: str
    body: object
    closing: str


@dataclass(frozen=True)
class Apply:
    """A function with its arguments in a fence."""

    function: object
    arguments: Fence


@dataclass(frozen=True)
class Big:
    """A sum or product sign with its bounds, and the term under it."""

    sign: str
    variable: object
    lower: object
    upper: object
    body: object


@dataclass(frozen=True)
class Cases:
    """Values by condition: ``branches`` are (value, condition), ``otherwise`` is the last value."""

    branches: tuple
    otherwise: object


TRANSPOSE = Sign("⊤", "prefix")


def parenthesised(layout):
    """``layout`` in round brackets."""
    return Fence("(", layout, ")")


def separated(layouts, sign):
    """``layouts`` in a row with ``sign`` between them."""
    parts = [part for layout in layouts for part in (Sign(sign, "separator"), layout)]
    return Row(tuple(parts[1:]))


def first_leaf(layout):
    """The leftmost atom, or the leftmost thing that is a shape of its own."""
    while True:
        if isinstance(layout, Row):
            layout = layout.parts[0]
        elif isinstance(layout, (Script, Accent)):
            layout = layout.base
        elif isinstance(layout, Apply):
            layout = layout.function
        else:
            return layout


def is_tall(layout):
    """Whether brackets around ``layout`` must grow."""
    if isinstance(layout, (Fraction, Big, Cases)):
        return True
    if isinstance(layout, Row):
        return any(is_tall(part) for part in layout.parts)
    if isinstance(layout, (Fence, Root)):
        return is_tall(layout.body)
    if isinstance(layout, Apply):
        return is_tall(layout.arguments)
    return isinstance(layout, (Script, Accent)) and is_tall(layout.base)
