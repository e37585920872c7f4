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
