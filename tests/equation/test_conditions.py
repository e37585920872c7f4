"""Conditions on indices: decided, bounded and negated as counting out all places says."""

import itertools
import random

from programs import program

from refrnn.equation.conditions import bounds_of, decided, is_zero_at, negated, not_below_zero, one_sided
from refrnn.equation.indices import ZERO, Known
from refrnn.equation.parse import parse_expression
from refrnn.equation.sizes import Size
from refrnn.equation.tree import Compare, Logical, tree_of, walk

COMPILER = program(["y[t] = a"], {"a": "H"}, ["y"]).names
RANGES = {"t": (ZERO, Size.of("T")), "i": (ZERO, Size.of("H"))}
KNOWN = Known(RANGES, {})


def condition(text):
    return tree_of(parse_expression(f"a if {text} else 0", "test"), COMPILER, frozenset("ti")).condition


def holds(one, place):
    return eval(str(one), {}, dict(place))


PLACES = [{"T": length, "H": width, "t": t, "i": i} for length, width in ((1, 1), (4, 2), (3, 5)) for t in range(length) for i in range(width)]


def some(chance, depth=2):
    if depth and chance.random() < 0.5:
        form = chance.choice(["({} and {})", "({} or {})", "(not {})"])
        return form.format(*(some(chance, depth - 1) for _ in range(form.count("{}"))))
    side = lambda: f"{chance.choice(['t', 'i', 'T', 'H', '0', 't + i', '2 * t'])} + {chance.randint(-2, 2)}"  # noqa: E731
    return f"{side()} {chance.choice(['<', '<=', '>', '>=', '==', '!='])} {side()}"


def test_at_random():
    chance, certain, bounded = random.Random(9), 0, 0
    for _ in range(600):
        one = condition(some(chance))
        told = [holds(one, place) for place in PLACES]
        found = decided(one, KNOWN)
        certain += found is not None
        assert found is None or set(told) == {found}
        assert [holds(negated(one), place) for place in PLACES] == [not truth for truth in told]
        for wanted in (True, False):
            bounds, rest = bounds_of(one, wanted, KNOWN)
            bounded += bool(bounds)
            for place, truth in zip(PLACES, told):
                assert (truth == wanted) == (all(bound.number(place) >= 0 for bound in bounds) and all(holds(left, place) for left in rest))
    assert certain > 50 and bounded > 300


def test_sides_that_are_never_taken_are_left_out():
    """And conditions keep what is not decided alone: the choice is the same at every place."""
    chance, whole, shorter = random.Random(10), 0, 0
    for _ in range(600):
        outer, inner = some(chance), some(chance)
        node = tree_of(parse_expression(f"1 if {outer} else 2 if {inner} else 3", "test"), COMPILER, frozenset("ti"))
        found = one_sided(node, KNOWN)
        assert [holds(found, place) for place in PLACES] == [holds(node, place) for place in PLACES]
        left = [part for part in walk(found) if isinstance(part, (Logical, Compare))]
        assert all(decided(part, KNOWN) is None for part in left)
        whole += found == node
        shorter += found != node and bool(left)
    assert whole > 100 and shorter > 100


def test_an_end_that_is_left_out_is_a_bound():
    assert bounds_of(condition("t != 0"), True, KNOWN) == ((Size.of("t") - Size.of(1),), ())
    assert bounds_of(condition("t == T - 1"), False, KNOWN)[0] and bounds_of(condition("t != 1"), True, KNOWN)[1]


def test_as_they_are_written():
    for first, second in itertools.product(("t", "t - 1", "T - 2 - t", "i - t"), (not_below_zero, is_zero_at)):
        size = tree_of(parse_expression(f"a[{first}]", "test"), COMPILER, frozenset("ti")).places[0]
        for place in PLACES:
            assert holds(second(size, RANGES), place) == (size.number(place) >= 0 if second is not_below_zero else size.number(place) == 0)
    assert str(not_below_zero(Size.of("t") - Size.of(1), RANGES)) == "t > 0" and str(is_zero_at(Size.of("T") - Size.of("t"), RANGES)) == "t == T"
