"""From a batch to its sequences and back, for the backends that work on one sequence at a time."""

from weakref import WeakKeyDictionary

import numpy as np

from refrnn.spec.draw import shape_of


MOST_FORMS = 64  # of the batches of one spec whose parts are remembered
MOST_ITEMS = 64  # of such a batch
_FORMS = WeakKeyDictionary()


class Sequences:
    """Takes checked values apart into sequences of their own lengths, and joins what comes back.

    A spec with its own batch size (the one written in rows) is taken apart only where lengths differ.
    """

    def __init__(self, spec, checked):
        self.spec = spec
        self.checked = checked
        own = spec.batch is not None
        if own and checked.lengths is None:
            self.items = [slice(None)]
        elif own:
            self.items = [slice(row, row + 1) for row in range(checked.sizes[spec.batch])]
        elif spec.batched:
            self.items = list(range(checked.batch))
        else:
            self.items = [None]
        # Of the parts, by name and sequence, and the sizes by sequence.
        self._places, self._sizes = _known(spec, checked) if len(self.items) <= MOST_ITEMS else ({}, {})

    def sizes(self, item):
        """The sizes of one sequence: its own length, and one row of the spec's own batch."""
        mark = _mark(item)
        if mark not in self._sizes:
            self._sizes[mark] = self._find_sizes(item)
        return self._sizes[mark]

    def _find_sizes(self, item):
        sizes = dict(self.checked.sizes)
        for name, lengths in (self.checked.lengths or {}).items():
            sizes[name] = int(np.asarray(lengths[item]).max())
        if self.spec.batch is not None and self.checked.lengths is not None:
            sizes[self.spec.batch] = 1
        return sizes

    def take(self, name, array, item):
        """The part of a library array that belongs to one sequence, past its end cut off."""
        return array[self._where(name, item)]

    def seed(self, name, array, item):
        """The part of an output's gradient that one sequence is to answer for.

        An output without a batch axis is one for all, and counts once: at the first sequence that has all of its steps.
        """
        part = self.take(name, array, item)
        if self.spec.batch_axis(name) is not None or _mark(item) == _mark(self.items[self._first_of_all(name)]):
            return part
        return np.zeros_like(part)

    def _first_of_all(self, name):
        lengths = (self.checked.lengths or {}).get(self.spec.time_size(name))
        return 0 if lengths is None or len(self.items) == 1 else int(np.argmax(lengths))

    def put(self, name, array, item, part):
        """Write one sequence's part into a library array."""
        array[self._where(name, item)] = part

    def empty(self, name, dtype):
        """A library array of zeros for a symbol."""
        return np.zeros(shape_of(self.spec, name, self.checked.sizes, self.checked.batch), dtype)

    def _where(self, name, item):
        mark = name, _mark(item)
        if mark not in self._places:
            self._places[mark] = self._find_place(name, item)
        return self._places[mark]

    def _find_place(self, name, item):
        sizes = self.sizes(item)
        where = [slice(0, size.number(sizes)) for size in self.spec.full_shape(name)]
        axis = self.spec.batch_axis(name)
        if axis is not None and self.spec.batch is None:
            where.insert(axis, item)
        elif axis is not None:
            where[axis] = item
        return tuple(where)


def _known(spec, checked):
    """What is known of batches of the same sizes and lengths, for all that are taken apart: {} and {} at first."""
    lengths = tuple((name, given.tobytes()) for name, given in (checked.lengths or {}).items())
    form = tuple(checked.sizes.items()), checked.batch, lengths
    known = _FORMS.setdefault(spec, {})
    if len(known) >= MOST_FORMS:
        known.clear()
    return known.setdefault(form, ({}, {}))


def _mark(item):
    """What tells an item of :class:`Sequences` from the others and can be the key of a dictionary, which a slice can't."""
    return item.start if isinstance(item, slice) else item
