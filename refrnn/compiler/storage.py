"""Where the numbers of a symbol stand in a compiled kernel: over which places it runs, and how an element is found."""

from dataclasses import dataclass

from refrnn.equation.indices import ONE, ZERO, chosen, linear_in
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
    kept: str | None = None  # of a symbol that may have room for a few steps alone: what its first place is taken ``&``

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
        for axis, (place, extent) in enumerate(zip(shifted, self.extents)):
            text = _product_of(text, extent, f"{bracketed(str(place))} & {self.kept}" if self.kept and axis == 0 else place)
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


def is_given_whole(statements, storage):
    """Whether the statements of a symbol give all that is stored of it, wherever they run: they follow one another along its first axis."""
    extents = [extent for axis, extent in enumerate(storage.extents) if axis != storage.batch][: len(storage.low)]
    whole = [(low, low + extent) for low, extent in zip(storage.low, extents)]
    found = []
    for one in statements:
        letters = [letter for place in one.places for letter in place.names() if letter in one.letters]
        if one.bounds or one.conditions or len(letters) != len(set(letters)) or any(linear_in(place, letter)[0] != 1 for place in one.places for letter in letters if letter in place.names()):
            return False
        found.append([ends(place, one.letters) for place in one.places])
    if not whole or any(one[1:] != whole[1:] for one in found):
        return not whole and len(found) == 1
    parts, (reached, end) = dict(one[0] for one in found), whole[0]
    for _ in found:
        reached = parts.pop(reached, reached)
    return reached == end and not parts
