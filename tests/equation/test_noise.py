"""Random rounding to a precision: what it holds exactly stays, all else goes up or down, as far as is honest."""

import numpy as np
import pytest

from programs import SIZES, draw, program, run
from refrnn.equation.algebra import Numbers
from refrnn.equation.noise import Nearest, Noise

PRECISIONS = [(np.float32, np.float64), (np.float32, np.longdouble), (np.float64, np.longdouble)]
THIRD = np.longdouble(1) / 3


def shaken(dtype, wide, value, roundings, times=200):
    noise = Noise(dtype, 0, wide)
    return np.array([noise.relative(value, roundings) for _ in range(times)])


@pytest.mark.parametrize("dtype, wide", PRECISIONS)
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (100, 100)])
def test_noise_is_as_large_as_it_says_and_no_larger(dtype, wide, shape):
    """One rounding is to a neighbour; a cost of five reaches beyond four ulp and not beyond six."""
    value = np.full(shape, THIRD).astype(wide)[()]
    ulp = np.spacing(dtype(THIRD)).astype(wide)
    for roundings, least, most in ((1, 0.3, 1), (5, 3, 7)):
        moved = (shaken(dtype, wide, value, roundings) - value) / ulp
        assert moved.shape[1:] == shape and least < np.abs(moved).max() <= most
        assert abs(moved.mean()) < 0.5
    once = shaken(dtype, wide, value, 1)
    assert once.dtype == wide and len(np.unique(once)) == 2 and np.all(once.astype(dtype) == once)


@pytest.mark.parametrize("dtype, wide", PRECISIONS)
@pytest.mark.parametrize("shape", [(), (5,), (3, 4)])
def test_to_the_nearest_is_as_machines_round(dtype, wide, shape):
    """However many roundings an operation costs, and whatever cancels in it: nothing is moved but the result, to its nearest number."""
    nearest, value = Nearest(dtype, 0, wide), np.full(shape, THIRD).astype(wide)[()]
    for rounded in (nearest.relative(value, 1), nearest.relative(value, 5), nearest.against(value, 100 * value, 4)):
        assert np.asarray(rounded).dtype == wide and np.all(np.asarray(rounded).astype(dtype) == dtype(THIRD)) and np.all(rounded == dtype(THIRD))


@pytest.mark.parametrize("dtype, wide", PRECISIONS)
def test_what_is_exact_stays(dtype, wide):
    """Small integers, powers of two and whatever the precision holds, however many roundings an operation may cost."""
    exact = np.array([0, 1, -1, 2, 3, 1023, 0.5, 2.0**-30, dtype(0.1), np.inf, -np.inf], wide)
    for roundings in (0, 1, 6):
        np.testing.assert_array_equal(shaken(dtype, wide, exact, roundings, 20), np.broadcast_to(exact, (20, len(exact))))
        for value in exact:
            assert (shaken(dtype, wide, value, roundings, 20) == value).all()
    noise = Noise(dtype, 0, wide)
    np.testing.assert_array_equal(noise.against(exact, 1e6, 4), exact)
    assert np.isnan(noise.relative(np.array([np.nan], wide), 3)).all()


def test_the_widest_precision_is_shaken_too():
    value = np.array([THIRD, 3, 0.1], np.longdouble)
    moved = (shaken(np.longdouble, np.longdouble, value, 3) / value - 1) / np.finfo(np.longdouble).eps
    assert 1.5 < np.abs(moved[:, 0]).max() <= 4 and (moved[:, 1:] == 0).all()
    assert {float(shaken(np.longdouble, np.longdouble, value[0], 3, 1)[0] - THIRD) for _ in range(3)} != {0.0}


def test_exact_entries_stay_among_others():
    value = np.array([1, THIRD, 2, 0], np.longdouble)
    moved = shaken(np.float64, np.longdouble, value, 1)
    assert (moved[:, [0, 2, 3]] == [1, 2, 0]).all() and len(np.unique(moved[:, 1])) == 2


def test_noise_of_a_product_scales_with_its_terms():
    """1e6 / 3 - 1e6 / 3 + 1 has an error as of 1e6, however small the result; of exact terms it has none."""
    left, right = np.array([1e6, -1e6, 1], np.longdouble) * THIRD, np.ones(3, np.longdouble)
    moved = [Noise(np.float32, seed).product(left, right, left @ right) - THIRD for seed in range(50)]
    assert 0.02 < np.abs(moved).max() < 0.5
    whole = np.array([1e6, -1e6, 1], np.longdouble)
    assert all(Noise(np.float32, seed).product(whole, right, whole @ right) == 1 for seed in range(5))


def test_noise_of_a_sum_scales_with_its_terms():
    terms = np.array([1e6, -1e6, 1], np.longdouble) * THIRD
    moved = [Noise(np.float32, seed).summed(terms.sum(), terms) - THIRD for seed in range(50)]
    assert 0.02 < np.abs(moved).max() < 0.5


@pytest.mark.parametrize("size", [5, 3000])
def test_no_array_is_shaken_as_the_one_before(size):
    """Be it by numbers of the same block, or of the next one."""
    noise, value = Noise(np.float64, 0), np.full(size, THIRD)
    assert not np.array_equal(noise.relative(value, 50), noise.relative(value, 50))


def test_noise_is_the_same_for_the_same_seed():
    chosen = program(["h[-1] = h0", "h[t] = tanh(U @ h[t-1] * sum(h[t-1]))"], {"h0": "H", "U": "H, H"}, ["h"])
    arrays = draw(chosen, dtype=np.float32)
    found = []
    for seed in (1, 1, 2):
        algebra = Numbers(np.float64, noise=Noise(np.float32, seed, np.float64))
        passed = chosen.run({name: np.asarray(array, np.float64) for name, array in arrays.items()}, SIZES, algebra, differentiate=arrays)
        found.append((passed.value("h"), passed.backward({"h": np.ones((7, 5))})["U"]))
    exact, _ = run(chosen, {name: np.asarray(array, np.longdouble) for name, array in arrays.items()})
    for place in range(2):
        np.testing.assert_array_equal(found[0][place], found[1][place])
        assert not np.array_equal(found[0][place], found[2][place])
    assert 0 < np.abs(found[0][0] - exact["h"]).max() < 1e-4


@pytest.mark.parametrize("text, exact", [
    ("1 + 1 + sum(a[j] * 0 for j in range(H))", 2), ("sum(one_hot(2, H))", 1), ("mean(identity(H)[1] * H)", 1),
    ("norm(3 * one_hot(0, H), 4 * one_hot(1, H))", 5), ("tanh(0 * a[0]) + sigmoid(0 * a[0])", 0.5),
    ("2**3 - relu(0 * a[0] - 3) + abs(0 - 4) + max(2, 0 * a[0])", 14), ("one_hot(1, H) @ one_hot(1, H) + exp(0 * a[0])", 2),
])  # fmt: skip
def test_what_functions_give_exactly_stays(text, exact):
    chosen = program([f"y = {text}"], {"a": "H"}, ["y"])
    arrays = draw(chosen)
    for seed in range(5):
        assert chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(np.float64, seed))).value("y") == exact


CANCELLING = {  # an equation, and the array whose gradient is zero because terms cancel
    "y = softmax(a + b)": "b",
    "y = sum(softmax(a) * 1.7) * b": "a",
    "y = log_softmax(a + b)": "b",
    "y = (a + b) - mean(a + b)": "b",
    "y = a + b - sum(a + b) / H": "b",
    "y = b * outer(a, a)[0] / (b * norm(a))": "b",
}


@pytest.mark.parametrize("line, name", CANCELLING.items())
def test_terms_that_cancel_leave_an_error_of_their_size(line, name):
    chosen = program([line], {"a": "H", "b": ""}, ["y"])
    arrays = draw(chosen)
    upstream = {"y": np.asarray(np.random.default_rng(3).standard_normal(5), np.longdouble)}
    assert np.abs(run(chosen, arrays)[1](upstream)[name]).max() < 1e-17
    moved = []
    for seed in range(20):
        noisy = chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(np.float64, seed)), differentiate=arrays)
        moved.append(np.abs(noisy.backward(upstream)[name]).max())
    assert 2e-17 < max(moved) < 1e-13


# ------------------------------------------------------------ how much, and of all that is computed


def test_entries_are_shaken_each_by_itself():
    value = np.full(50, THIRD)
    moved = Noise(np.float64, 0).relative(value, 5)
    assert len(np.unique(moved)) > 5
    assert len(np.unique(Noise(np.float64, 0).against(value, 1.0, 5))) > 5


@pytest.mark.parametrize("terms", [4, 100, 4096])
@pytest.mark.parametrize("shape", ["vector", "matrix"])
def test_a_product_of_more_terms_costs_more(terms, shape):
    """As the root of their number, which is what rounding at random adds up to, and no more than a few times that."""
    random = np.random.default_rng(0)
    left, right = np.asarray(random.standard_normal((2, terms)), np.longdouble)
    length = np.sqrt(np.sum((left * right) ** 2))
    moved = []
    for seed in range(100):
        noise = Noise(np.float32, seed)
        if shape == "vector":
            moved.append(noise.product(left, right, left @ right) - left @ right)
        else:
            moved.append((noise.product(left[None], right[:, None], left[None] @ right[:, None]) - left @ right)[0, 0])
    root = np.sqrt(terms) * length * np.finfo(np.float32).eps
    assert 0.3 * root < np.abs(moved).max() < 2 * max(root, 2 * length * np.finfo(np.float32).eps)


@pytest.mark.parametrize("lines, gradient_of", [
    (["y = a", "z = a"], "a"),  # what comes from two sides
    (["y = a[0:2]", "z = a[1:3]"], "a"),  # what comes to one entry from two sides
    (["y = tanh(a) * 1", "z = tanh(a)"], "a"),
])  # fmt: skip
def test_sums_on_the_way_back_are_rounded(lines, gradient_of):
    chosen = program(lines, {"a": "L"}, ["y", "z"])
    arrays = {"a": np.ones(SIZES["L"], np.longdouble)}
    noisy = chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(np.float32, 0)), differentiate=arrays)
    upstream = {name: np.full(np.shape(noisy.value(name)), number, np.longdouble) for name, number in (("y", 1), ("z", 2.0**-30))}
    gradient = noisy.backward(upstream)[gradient_of]
    np.testing.assert_array_equal(gradient, gradient.astype(np.float32))


def test_a_repeated_number_has_an_error_of_the_size_of_its_terms():
    """The gradient of a number that was added to many: terms of 1e6 that go out leave an error as of 1e6."""
    for line, shape in (("y = a + b", ""), ("y = a + b", "1")):
        chosen = program([line], {"a": "H", "b": shape}, ["y"])
        arrays = draw(chosen)
        upstream = {"y": np.array([1e6, -1e6, 1, 2, 3], np.longdouble) * THIRD}
        moved = []
        for seed in range(50):
            noisy = chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(np.float32, seed)), differentiate=arrays)
            moved.append(float(np.ravel(noisy.backward(upstream)["b"])[0] - 2))
        assert 0.02 < np.abs(moved).max() < 1


def test_a_sum_over_what_was_repeated_is_shaken_by_its_terms():
    """Where every term is exact and their sum is not: it has an error as of 1e6 though all but a sixteenth goes out."""
    chosen = program(["y = a + b"], {"a": "L", "b": ""}, ["y"])
    arrays = {"a": np.zeros(3, np.longdouble), "b": np.longdouble(0)}
    upstream = {"y": np.array([1e6 + 1 / 16, -1e6, 2.0**-30], np.longdouble)}
    moved = []
    for seed in range(50):
        noisy = chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(np.float32, seed)), differentiate=arrays)
        moved.append(float(noisy.backward(upstream)["b"] - upstream["y"].sum()))
    assert 0.02 < np.abs(moved).max() < 1


@pytest.mark.parametrize("line", ["y = sum(a)", "y = 3 * mean(a)"])
def test_a_sum_of_exact_terms_is_shaken_by_them(line):
    chosen = program([line], {"a": "L"}, ["y"])
    a = np.array([1e6 + 1 / 16, -1e6, 2.0**-30], np.longdouble)
    moved = [chosen.run({"a": a}, SIZES, Numbers(np.longdouble, noise=Noise(np.float32, seed))).value("y") - a.sum() for seed in range(50)]
    assert 0.02 < np.abs(moved).max() < 2


@pytest.mark.parametrize("line, terms", [("y = softmax(a)", 2 / 3 / 5), ("y = log_softmax(a)", 1 / 3 + 1 / 3)])
def test_a_gradient_whose_terms_cancel_is_shaken_by_them(line, terms, monkeypatch):
    """That of equal numbers: each term of its gradient is a third, or a third of a fifth, and they go out."""
    chosen = program([line], {"a": "H"}, ["y"])
    arrays = {"a": np.zeros(5, np.longdouble)}
    noisy = chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(np.float64, 0)), differentiate=arrays)
    asked, right = [], Noise.against

    def against(self, value, magnitude, roundings, whole=None):
        asked.append(float(np.max(magnitude)))
        return right(self, value, magnitude, roundings, whole)

    monkeypatch.setattr(Noise, "against", against)
    noisy.backward({"y": np.full(5, THIRD)})
    assert asked == [pytest.approx(terms, rel=1e-9)]


@pytest.mark.parametrize("line, second", [("y = softmax(a)", 1e14), ("y = log_softmax(a)", 1e-12)])
def test_a_gradient_is_not_exact_because_its_terms_cancel(line, second):
    """One entry is all but 1: what is left of its error beside the sum of all has few digits, and float64 holds them."""
    chosen = program([line], {"a": "H"}, ["y"])
    arrays = {"a": np.array([0, -60, -60, -60, -60], np.longdouble)}
    moved = []
    for seed in range(9):
        noisy = chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(np.float64, seed)), differentiate=arrays)
        moved.append(noisy.backward({"y": np.array([1, second, 0, 0, 0], np.longdouble)})["a"][0])
    assert 1e-17 < np.ptp(np.array(moved, float)) < 1e-14


def test_a_number_of_an_equation_is_rounded():
    """0.1 is none of float32's: its neighbours stand for it; 0.5 is itself."""
    found = {Numbers(np.longdouble, noise=Noise(np.float32, seed)).constant(0.1).value for seed in range(20)}
    assert len(found) > 1 and all(number == np.float32(number) and abs(number - 0.1) < 2e-8 for number in found)
    assert Numbers(np.longdouble, noise=Noise(np.float32, 0)).constant(0.5).value == 0.5


def test_a_sum_is_not_exact_because_its_terms_cancel():
    """600.1 and what is near it cancel to a number that float64 holds, and the sums on the way are rounded."""
    terms = np.array([-87.9226534100001, 457.7092030900001, -71.7833702700001, 379.3713353700001, -695.4510798900001])
    wide, ones = terms.astype(np.longdouble), np.ones(5, np.longdouble)
    total = np.sum(wide)
    assert np.float64(total) == total and np.sum(np.abs(wide)) != np.float64(np.sum(np.abs(wide)))
    for ask in (lambda noise: noise.summed(total, wide), lambda noise: noise.product(wide, ones, total), lambda noise: noise.product(wide[None, :], ones, wide[None, :] @ ones)[0]):
        assert len({float(ask(Noise(np.float64, seed))) for seed in range(9)}) > 1


@pytest.mark.parametrize("name, count", [("sum", 1), ("mean", 4)])
def test_nor_is_one_that_an_equation_makes(name, count):
    """What is left of these four is a power of two, and the sums on the way to it are rounded; of whole numbers all is exact."""
    terms = np.array([0.45898079872131348, -0.45017749071121216, -0.4421667158603668, 0.4333633780479431], np.float32)
    chosen = program([f"y = {name}(a)"], {"a": "H"}, ["y"])

    def found(array):
        given = {"a": np.asarray(array, np.longdouble)}
        return {float(chosen.run(given, {"H": 4}, Numbers(np.longdouble, noise=Noise(np.float32, seed))).value("y")) for seed in range(9)}

    left = terms.astype(np.longdouble).sum()
    assert np.float32(left) == left and len(found(terms)) > 1
    assert found([700, -300, -403, 5]) == {2 / count}


def test_a_sum_of_whole_numbers_that_cancel_is_exact():
    wide, ones = np.array([700, -300, -400, 5], np.longdouble), np.ones(4, np.longdouble)
    for seed in range(5):
        noise = Noise(np.float64, seed)
        assert noise.summed(wide.sum(), wide) == noise.product(wide, ones, wide @ ones) == 5
