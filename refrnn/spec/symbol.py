"""One declared symbol of a spec: its role, shape and domain."""

import math
from dataclasses import dataclass

ROLES = {
    "input": "given at each step or once; has a batch axis and a gradient",
    "start": "where a recurrence begins; has a batch axis and a gradient",
    "target": "what is wanted or chosen; has a batch axis and no gradient",
    "parameter": "learned; no batch axis, has a gradient",
    "constant": "chosen; no batch axis and no gradient",
    "value": "defined by an equation",
}
BATCHED_ROLES = ("input", "start", "target")
DIFFERENTIATED_ROLES = ("input", "start", "parameter")
FEW = 4
DRAWS = ("normal", "distribution", "one-hot", "mask")


@dataclass(frozen=True)
class Symbol:
    """A symbol; ``shape`` is a tuple of :class:`refrnn.equation.sizes.Size`, without the batch axis."""

    name: str
    role: str
    shape: tuple
    means: str = ""
    optional: bool = False
    type: str = "real"
    low: float | None = None
    high: float | None = None
    below: object = None  # a Size: integers are drawn from 0 and must be less
    draw: str = "normal"
    finite: bool = False

    @property
    def is_integer_constant(self):
        """Whether index arithmetic may use it."""
        return self.role == "constant" and self.type == "integer" and not self.shape

    def integers(self, sizes=None):
        """The least and the greatest integer of the domain, a few where an end is open; ``sizes`` where it needs them."""
        if self.below is not None:
            return 0, self.below.number(sizes) - 1
        low = None if self.low is None else math.ceil(self.low)
        high = None if self.high is None else math.floor(self.high)
        if low is None:
            low = 1 if high is None or high >= 1 else high - FEW
        return low, low + FEW if high is None else high

    @property
    def is_bounded(self):
        """Whether entries are looked at: they may be out of the domain."""
        return self.below is not None or self.low is not None or self.high is not None or self.finite

    @property
    def is_kept(self):
        """Whether it stays from pass to pass, so that a spec may be bound to it: a parameter or a constant."""
        return self.role in ("parameter", "constant")

    @property
    def is_differentiated(self):
        return self.role in DIFFERENTIATED_ROLES and self.type == "real"
