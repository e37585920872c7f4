"""Where the numbers of a symbol stand in a compiled kernel: over which places it runs, and how an element is found."""

from dataclasses import dataclass

from refrnn.equation.indices import ONE, ZERO, chosen
from refrnn.equation.sizes import Size


@dataclass(frozen=True)
class Storage:
    """An array of a kernel: ``extents`` along all its axes, ``batch`` where sequences stand (None: one for all).

    ``low`` are the first places along the leading axes: a symbol with a start begins before place 0, and its array with it.
    """

    name: str
    extents: tuple
    low: tuple
    batch: int | None
    is_float: bool = True  # else of whole numbers

    def place(self, places, sequence):
        """The Size of each axis where an element stands, the sequence among them."""
        shifted = [place - low for place, low in zip(places, self.low)] + list(places[len(self.low):])
        if self.batch is not None:
            shifted.insert(self.batch, sequence)
        return shifted

    def offset(self, places, sequence):
        """How many numbers stand before an element, as text."""
        shifted = self.place(places, sequence)
        text = None
        for place, extent in zip(shifted, self.extents):
            text = _product_of(text, extent, place)
        return text or "0"

    def distance(self, axis):
        """How far neighbours along an axis of the symbol are apart, as text."""
        axis += self.batch is not None and axis >= self.batch
        behind = [written(extent) for extent in self.extents[axis + 1:] if extent != ONE]
        return " * ".join(behind) or "1"


def _product_of(before, extent, place):
    """(before) * extent + place, as text, without zeros and ones."""
    if before is None or before == "0":
        return str(place)
    text = before if extent == ONE else f"{bracketed(before)} * {written(extent)}"
    return text if place == ZERO else f"{text} + {place}".replace("+ -", "- ")


def bracketed(text):
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def written(size):
    """A size as a factor."""
    return bracketed(str(size))


def symbol_storage(clauses, name, batch_axis, batch_size, known):
    """The storage of a defined symbol: over all places that any of its clauses gives."""
    spans = clauses.spans(name)
    low, high = list(clauses.first(name)), [first + span for first, span in zip(clauses.first(name), spans)]
    for clause in clauses.all:
        if clause.name != name:
            continue
        for axis, place in enumerate(clause.places):
            begin, end = ends(place, clause.ranges)
            low[axis], high[axis] = smaller(low[axis], begin, known), larger(high[axis], end, known)
    element = clauses.program.element_shapes[name]
    extents = [above - below for below, above in zip(low, high)] + list(element)
    if batch_axis is not None:
        extents.insert(batch_axis, batch_size)
    return Storage(name, tuple(extents), tuple(low), batch_axis)


def ends(place, ranges):
    """The first place that a left side gives, and the one behind the last."""
    letter = next((letter for letter in place.names() if letter in ranges), None)
    if letter is None:
        return place, place + ONE
    offset = place - Size.of(letter)
    return offset + ranges[letter][0], offset + ranges[letter][1]


def smaller(a, b, known):
    return a if known.never_below_zero(b - a) else b if known.never_below_zero(a - b) else chosen("min", a, b)


def larger(a, b, known):
    return a if known.never_below_zero(a - b) else b if known.never_below_zero(b - a) else chosen("max", a, b)
