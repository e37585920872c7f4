"""The comparisons of the language, each entered here alone, by its name in Python's tree."""

import operator
from typing import Callable, NamedTuple


class Comparison(NamedTuple):
    """How a comparison is ``typed`` and ``shown``, when it ``holds``, its opposite, itself from the right, and what people write for it."""

    typed: str
    shown: str
    holds: Callable
    otherwise: str
    turned: str
    instead: tuple


COMPARISONS = {
    "Lt": Comparison("<", "<", operator.lt, "GtE", "Gt", ("LtE", "Gt")),
    "LtE": Comparison("<=", "≤", operator.le, "Gt", "GtE", ("Lt", "Gt")),
    "Gt": Comparison(">", ">", operator.gt, "LtE", "Lt", ("GtE", "Lt")),
    "GtE": Comparison(">=", "≥", operator.ge, "Lt", "LtE", ("Gt", "Lt")),
    "Eq": Comparison("==", "=", operator.eq, "NotEq", "Eq", ("NotEq",)),
    "NotEq": Comparison("!=", "≠", operator.ne, "Eq", "NotEq", ("Eq",)),
}


def kind_of(node):
    """The name of the comparison that a node of Python's tree is."""
    return type(node.ops[0]).__name__
