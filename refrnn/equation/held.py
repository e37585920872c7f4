"""What one run settles by the size of its numbers, kept so that another run can take it over."""

import numpy as np


class HeldTogether:
    """What the runs on the lanes of one take, each by a :class:`Held` of its own."""

    def __init__(self, each):
        self.each = each
        self.element = None

    def take(self, value, margin=None):
        """See :meth:`Held.take`."""
        taken = []
        for lane, one in enumerate(self.each):
            one.element = self.element
            taken.append(one.take(value[..., lane], None if margin is None else margin[..., lane]))
        return np.stack(taken, axis=-1)


class Held:
    """Values in the order of evaluation: the side of each comparison and kink, or what each stop() passes on.

    A run with a fresh ``Held`` records; one whose ``Held`` is made from another's takes that one's values over and
    keeps the margins that it would have decided by. ``forced`` sets single entries: {number: [(place, value), ...]}.
    """

    def __init__(self, other=None, forced=None):
        self.values = []
        self.margins = []
        self.elements = []  # (name, key) of the symbol that was being computed
        self.element = None
        self._other = other
        self._others = None if other is None else iter(other.values)
        self._forced = forced or {}

    def anew(self):
        """As before the first value was taken: the run is begun again."""
        self.__init__(self._other, self._forced)

    def take(self, value, margin=None):
        """The value that counts: the other run's where there is one, with what is forced."""
        if self._others is not None:
            value = next(self._others)
        for place, forced in self._forced.get(len(self.values), ()):
            value = np.array(value)
            value[place] = forced
        self.values.append(value)
        self.margins.append(margin)
        self.elements.append(self.element)
        return value
