"""Numbers that a training is set up with, refused where they mean nothing."""

from numbers import Real

from refrnn.errors import ValuesError


def checked(name, number, holds, words):
    """The number as a float, if it is one for which ``holds`` is true; ``words`` say which those are."""
    if isinstance(number, bool) or not isinstance(number, Real) or not holds(number):
        raise ValuesError(f"{name} must be a number {words}, not {number!r}")
    return float(number)
