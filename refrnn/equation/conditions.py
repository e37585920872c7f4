"""Conditions on indices: turned into sizes that are 0 or more and back, combined, decided where that can be proved."""

from dataclasses import replace

from refrnn.equation.comparisons import COMPARISONS
from refrnn.equation.indices import ONE, ZERO, linear_in
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Choice, Compare, Index, Logical, Number, is_on_indices, rebuilt


def as_size(node):
    """The Size of an index or of a whole number."""
    return node.size if isinstance(node, Index) else Size.of(node.value)


def both(conditions):
    """The condition that holds where all of these do."""
    parts = tuple(part for one in conditions for part in (one.parts if isinstance(one, Logical) and one.kind == "And" else (one,)))
    return parts[0] if len(parts) == 1 else Logical("And", parts)


def negated(condition):
    """The condition that is true where this one is false; of numbers that may be NaN, not just the other comparison."""
    if isinstance(condition, Compare) and compares_indices(condition):
        return Compare(COMPARISONS[condition.kind].otherwise, condition.left, condition.right)
    if isinstance(condition, Logical) and condition.kind == "Not":
        return condition.parts[0]
    return Logical("Not", (condition,))


def compares_indices(condition):
    return all(isinstance(side, (Index, Number)) for side in (condition.left, condition.right))


def bounds_of(condition, holds, known):
    """A condition on indices (or, where ``holds`` is False, its opposite) as sizes that are 0 or more, and conditions for what is left of it."""
    if isinstance(condition, Logical):
        if condition.kind == "Not":
            return bounds_of(condition.parts[0], not holds, known)
        if (condition.kind == "And") == holds:
            parts = [bounds_of(part, holds, known) for part in condition.parts]
            return tuple(bound for bounds, _ in parts for bound in bounds), tuple(one for _, rest in parts for one in rest)
        return (), (condition if holds else negated(condition),)
    difference = as_size(condition.left) - as_size(condition.right)
    kind = condition.kind if holds else COMPARISONS[condition.kind].otherwise
    if kind == "NotEq":
        for above in (difference, ZERO - difference):  # at an end of its range it is a bound
            if known.never_below_zero(above):
                return (above - ONE,), ()
        return (), (Compare(kind, condition.left, condition.right),)
    return {
        "Lt": (ZERO - difference - ONE,), "LtE": (ZERO - difference,), "Gt": (difference - ONE,), "GtE": (difference,),
        "Eq": (difference, ZERO - difference),
    }[kind], ()  # fmt: skip


def decided(condition, known):
    """Whether a condition on indices holds at all places or at none; None where it hangs on the place."""
    if isinstance(condition, Logical):
        parts = [decided(part, known) for part in condition.parts]
        if condition.kind == "Not":
            return None if parts[0] is None else not parts[0]
        short = condition.kind == "Or"
        if short in parts:
            return short
        return None if None in parts else not short
    difference = as_size(condition.left) - as_size(condition.right)
    never = known.never_below_zero
    if condition.kind in ("Eq", "NotEq"):
        if difference == 0 or never(difference - ONE) or never(ZERO - difference - ONE):
            return (difference == 0) == (condition.kind == "Eq")
        return None
    if condition.kind in ("Gt", "LtE"):
        difference = difference - ONE
    true = never(difference)
    if not true and not known.always_below_zero(difference):
        return None
    return true == (condition.kind in ("Gt", "GtE"))


def one_sided(node, known):
    """An expression without the sides of choices that are taken nowhere, and without the parts of conditions that hold everywhere or nowhere."""
    if isinstance(node, Choice):
        condition = _left_of(node.condition, known)
        if isinstance(condition, bool):
            return one_sided(node.yes if condition else node.no, known)
        node = replace(node, condition=condition)
    return rebuilt(node, lambda child: one_sided(child, known))


def _left_of(condition, known):
    """The parts of a condition that are not decided; whether it holds, where there are none."""
    if isinstance(condition, Compare):
        holds = decided(condition, known) if is_on_indices(condition) else None
        return condition if holds is None else holds
    parts = [_left_of(part, known) for part in condition.parts]
    if condition.kind == "Not":
        return not parts[0] if isinstance(parts[0], bool) else replace(condition, parts=tuple(parts))
    short = condition.kind == "Or"
    left = tuple(part for part in parts if not isinstance(part, bool))
    if short in parts or not left:
        return (short in parts) == short
    return left[0] if len(left) == 1 else replace(condition, parts=left)


def is_zero_at(size, ranges):
    """That a size is 0, told by the first letter in it: t == T-1."""
    for letter in ranges:
        count, rest = linear_in(size, letter)
        if count in (1, -1):
            return Compare("Eq", Index(Size.of(letter)), Index(rest * Size.of(-count)))
    return Compare("Eq", Index(size), Number(0))


def not_below_zero(bound, ranges):
    """That a size is 0 or more, told by the first letter in it: t > 0, t < T-1."""
    for letter in ranges:
        count, rest = linear_in(bound, letter)
        if count == 1:
            return Compare("Gt", Index(Size.of(letter)), Index(ZERO - rest - ONE))
        if count == -1:
            return Compare("Lt", Index(Size.of(letter)), Index(rest + ONE))
    return Compare("GtE", Index(bound), Number(0))
