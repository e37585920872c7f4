"""Affine index arithmetic: what is said of all places holds at each of them, by counting them out."""

import itertools
import random

import pytest

from refrnn.equation.indices import ONE, ZERO, EquationError, Known, Solution, chosen, is_polynomial, linear_in, number_of, plain, replaced, size_of
from refrnn.equation.parse import parse_expression
from refrnn.equation.sizes import Size

def size(text):
    return size_of(parse_expression(text, "test"))


@pytest.mark.parametrize("text", ["t + 2 * T - 1", "-(t - i) * 3", "(t + 1) // 2", "t % 3 + i", "min(t, i + 1)", "max(t // 2, T - i)", "+t"])
def test_a_size_is_worth_what_its_text_is(text):
    for t, i, length in itertools.product(range(4), range(3), (1, 5)):
        indices = {"t": t, "i": i, "T": length}
        assert size(text).number(indices) == eval(text, {}, {**indices, "min": min, "max": max})


@pytest.mark.parametrize("text", ["2 * t - i", "(t + i) // 2", "min(t, 2 * i) - t", "t * i", "(t // 2) * i"])
def test_replaced(text):
    new = replaced(size(text), {"t": size("j + 1"), "i": size("T - j")})
    for j, length in itertools.product(range(4), (3, 6)):
        assert new.number({"j": j, "T": length}) == size(text).number({"t": j + 1, "i": length - j})
    assert replaced(size(text), {"k": ONE}) is size(text) or replaced(size(text), {"k": ONE}) == size(text)


@pytest.mark.parametrize("text, sentence", [("t // (i - i)", "divides by zero"), ("t % i", "divides by zero"), ("t * 1000000000000000 * 2", "is larger than")])
def test_what_is_no_number(text, sentence):
    with pytest.raises(EquationError, match=sentence):
        number_of(parse_expression(text, "test"))({"t": 3, "i": 0})


def test_replaced_in_products():
    found = replaced(size("4 * H + H * I"), {"H": size("K + M"), "I": size("K")})
    assert found == size("4 * K + 4 * M + K * K + M * K")


def test_polynomials():
    assert is_polynomial(size("t * T - 1")) and not is_polynomial(size("t // 2 + 1")) and not is_polynomial(size("min(t, 1)"))


def test_linear_in():
    assert linear_in(size("2 * t - i + 1"), "t") == (2, size("1 - i")) and linear_in(size("i"), "t") == (0, size("i"))
    assert linear_in(size("t * T"), "t") == (None, size("t * T")) and linear_in(size("t // 2"), "t")[0] is None


def test_what_is_proved_holds():
    """Random sizes over letters in ranges: never below zero means so at every place, at all sizes tried."""
    chance = random.Random(3)
    known = Known({"t": (ZERO, size("T")), "i": (ONE, size("t + 2"))}, {"K": 2})
    proved = 0
    for _ in range(400):
        tried = size(" + ".join(f"{chance.randint(-2, 2)} * {name}" for name in ("t", "i", "T", "K", "1")))
        places = [
            {"t": t, "i": i, "T": length, "K": constant}
            for length, constant in itertools.product((1, 2, 5), (2, 3)) for t in range(length) for i in range(1, t + 2)
        ]  # fmt: skip
        numbers = [tried.number(place) for place in places]
        if known.never_below_zero(tried):
            proved += 1
            assert min(numbers) >= 0
        if known.always_below_zero(tried):
            proved += 1
            assert max(numbers) < 0
    assert proved > 100


def test_what_is_not_known_is_not_proved():
    free = Known({}, {"K": None})
    assert not free.never_below_zero(size("K")) and not free.never_below_zero(size("T // 2")) and free.never_below_zero(size("T - 1"))
    assert not Known({"t": (ZERO, size("T"))}, {}).never_below_zero(size("t % 2"))


def test_narrowed():
    known = Known({"t": (ZERO, size("T")), "i": (ZERO, size("H"))}, {}).narrowed(size("t - 1")).narrowed(size("T - 2 - t"))
    assert known.ranges["t"] == (ONE, size("T - 1")) and known.ranges["i"] == (ZERO, size("H"))
    assert known.never_below_zero(size("t - 1")) and known.wide["t"] == size("T")


def test_larger_and_plain():
    known = Known({}, {})
    assert known.larger("max", size("T"), size("T + 1")) == size("T + 1") and known.larger("min", size("T + 1"), size("T")) == size("T")
    assert str(known.larger("max", size("T"), size("H"))) == "max(T, H)"
    assert plain(chosen("min", size("T + 1"), size("H"))) == size("T + 1") and plain(size("T")) == size("T")


def test_solutions_are_all_places_and_no_other():
    """A read at an affine place, solved for the letters of its equation: against all of them tried."""
    chance = random.Random(5)
    solved = several = 0
    for _ in range(300):
        free = {"i": (ZERO, size("T")), "j": (ZERO, size(chance.choice(["H", "i + 1", "T - i"])))}
        pieces = [f"{chance.choice((-1, 0, 1, 1, 2))} * i + {chance.choice((-1, 0, 1))} * j + {chance.randint(-1, 2)}" for _ in range(chance.randint(1, 2))]
        bounds = [size(f"{chance.choice((-1, 1))} * {chance.choice('ij')} + {chance.randint(-1, 2)} + T") for _ in range(chance.randint(0, 2))]
        keys = ["t", "k"][: len(pieces)]
        known = Known({"t": (ZERO, size("T")), "k": (ZERO, size("H"))}, {})
        solution = Solution(free, [size(piece) - Size.of(key) for piece, key in zip(pieces, keys)], bounds, known)
        for place in ({"T": length, "H": width, "t": t, "k": k} for length, width in ((3, 2), (4, 5)) for t in range(length) for k in range(width)):
            right = {
                (i, j)
                for i in range(place["T"]) for j in range(free["j"][1].number({**place, "i": i}))
                if all(size(piece).number({"i": i, "j": j}) == place[key] for piece, key in zip(pieces, keys))
                and all(bound.number({**place, "i": i, "j": j}) >= 0 for bound in bounds)
            }  # fmt: skip
            assert _found(solution, place) == right
            several += len(right) > 1
        solved += solution.possible
    assert solved > 150 and several > 100


def _found(solution, place):
    """The pairs (i, j) that a solution gives at a place."""
    if not solution.possible:
        return set()
    found = set()
    for letters in _places(solution, place, list(solution.ranges)):
        indices = {**place, **letters}
        indices |= {letter: worth.number(indices) for letter, worth in solution.worth.items()}
        if all(guard.number(indices) >= 0 for guard in solution.guards) and all(zero.number(indices) == 0 for zero in solution.zero):
            found.add((indices["i"], indices["j"]))
    return found


def _places(solution, place, letters):
    if not letters:
        return [{}]
    found = []
    for before in _places(solution, place, letters[:-1]):
        lower, upper = (end.number({**place, **before}) for end in solution.ranges[letters[-1]])
        found += [{**before, letters[-1]: number} for number in range(lower, upper)]
    return found
