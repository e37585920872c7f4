"""The lectures' statements, tested: <group>/<id>.py holds a function for each claim of a spec.

A function takes the spec and returns a :class:`Shown`; the evidence it gives is computed, never typed in.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """What a claim's function found: whether the statement holds, the computed evidence, and whether the mend holds.

    ``mend_holds`` is asked for only where the statement fails.
    """

    holds: bool
    evidence: str
    mend_holds: bool | None = None

    def __post_init__(self):
        # A comparison of arrays gives NumPy's own truth values, which are neither True nor False.
        object.__setattr__(self, "holds", bool(self.holds))
        if self.mend_holds is not None:
            object.__setattr__(self, "mend_holds", bool(self.mend_holds))
