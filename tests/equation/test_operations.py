"""Work is counted from shapes, before it is done: products, sums, powers, branches, and what the way back keeps."""

import sys
import threading
from collections import OrderedDict

import numpy as np
import pytest

from programs import SIZES, draw, mismatch, program, run
from refrnn.equation import evaluate
from refrnn.equation.operations import CALL, MOST, Tally
from refrnn.errors import SpecError

ARRAYS = {"x": "T, I", "W": "H, I", "U": "H, H", "a": "H"}


def amounts(line, sizes=SIZES, **bound):
    """The operations, without the calls, the calls, and the numbers kept, of one element of an equation."""
    chosen = program([line], ARRAYS, ["y"])
    assert chosen.element_shapes
    operations, kept = Tally(chosen, sizes)._amounts(chosen.equations[0], {**sizes, **bound})
    return operations % CALL, operations // CALL, kept


@pytest.mark.parametrize("line, bound, operations, calls, kept", [
    ("y = a", {}, 0, 0, 0),
    ("y = a + a", {}, 3 * 5, 1, 5),
    ("y = W @ x[2]", {}, 2 * 5 * 4, 1, 5),
    ("y = U @ U @ a", {}, 2 * 125 + 2 * 25, 2, 25 + 5),
    ("y = outer(a, a)", {}, 5 + 5 + 25, 1, 25),
    ("y = sum(zeros(H, H))", {}, 25 + 25 + 1, 2, 25 + 1),
    ("y = U**4", {}, 3 * 2 * 125, 3, 3 * 25),
    ("y = U**9", {}, 8 * 2 * 125, 8, 8 * 25),
    ("y = U**1103", {}, 22 * 2 * 125, 22, 22 * 25),
    ("y[t] = U**t", {"t": 3}, 2 * 2 * 125, 1, 25),
    ("y = a**9", {}, 5, 1, 5),
    ("y[t] = sum(W @ x[j] for j in range(t))", {"t": 3}, 3 * (40 + 5), 3 + 3, 3 * 5 + 5),
    ("y[t] = sum(a + a for j in range(t) for k in range(j))", {"t": 4}, 6 * (15 + 5), 6 + 6, 6 * 5 + 5),
    ("y[t] = U @ a if t == 3 else a", {"t": 3}, 50, 1, 5),
    ("y[t] = U @ a if t == 3 else a", {"t": 4}, 0, 0, 0),
    ("y = U @ a if sum(a) > 0 else a", {}, 50 + 6, 2, 5 + 1),
])  # fmt: skip
def test_counted(line, bound, operations, calls, kept):
    assert amounts(line, **bound) == (operations, calls, kept)


def test_long_sums_are_counted_without_running_them():
    """Where the letter of a long sum matters, its ends and its middle stand for all places: never less than half too much."""
    _, calls, _ = amounts("y = sum(a + a for j in range(1000) for k in range(j))", sizes={**SIZES, "H": 1})
    assert 2 * 499_500 <= calls <= 2_000_000
    _, calls, _ = amounts("y = sum(a + a for i in range(100000) for j in range(100000) for k in range(100000))", sizes={**SIZES, "H": 1})
    assert calls > 10**15


@pytest.mark.parametrize("line, sizes", [
    ("y = U @ U", {"H": 5000}), ("y = U**90000", {"H": 3000}), ("y[t] = sum(x[j] for j in range(t))", {"T": 100_000}),
    ("y = sum(outer(a, a))", {"H": 10**6}), ("y = sum(identity(H)**2)", {"H": 10**4}), ("y[t] = tanh(x[t])", {"T": 2 * 10**6}),
])  # fmt: skip
def test_refused_before_anything_is_computed(line, sizes):
    """The arrays that are handed in are not even looked at."""
    chosen = program([line], ARRAYS, ["y"])
    with pytest.raises(SpecError, match=r"^equation 1: .* asks for too much at these sizes, more than [\d,]+ (operations|numbers to keep); choose smaller sizes$"):
        chosen.run({}, {**SIZES, **sizes})


@pytest.mark.parametrize("line, exact", [
    ("y[t] = W @ x[t] + a", True), ("y[t] = sum(x[j] for j in range(t))", False), ("y[t] = U @ U @ a if t == 2 else a", False),
    ("y[t] = sum(W @ x[j] for j in range(t * (T - t)))", False),
])  # fmt: skip
def test_prices_are_no_less_than_what_is_counted(line, exact):
    """As many elements as there are, each as dear as the dearest one: here of nine steps, the middle one of which is not the third."""
    sizes = {**SIZES, "T": 9}
    chosen = program([line], {**ARRAYS, "x": "T, I"}, ["y"])
    ((count, *dearest),) = chosen.priced(sizes)
    tally = Tally(chosen, sizes)
    each = [tally.of_element(chosen.equations[0], {**sizes, "t": t}) for t in range(9)]
    assert count == 9 and all(9 * most >= sum(amounts) for most, amounts in zip(dearest, zip(*each)))
    assert all(most >= max(amounts) for most, amounts in zip(dearest, zip(*each)))
    assert exact == (tuple(dearest) == each[0])


def test_the_dearest_equation_is_named():
    chosen = program(["z = a + a", "y = U @ U + outer(z, z)"], ARRAYS, ["y"])
    with pytest.raises(SpecError, match="^equation 2: "):
        chosen.run({}, {**SIZES, "H": 10**5})


@pytest.mark.parametrize("line", ["y = sum(identity(8000)**90000)", "y = sum(zeros(100000000))", "y = sum(1 for j in range(1000000000))"])
def test_refused_at_loading(line):
    with pytest.raises(SpecError, match="asks for too much even at small sizes"):
        program([line], ARRAYS, ["y"]).check(SIZES)


def test_schedules_are_kept_by_their_length(monkeypatch):
    monkeypatch.setattr(evaluate, "_ELEMENTS_KEPT", 200)
    chosen = program(["y[t] = W @ x[t] + a"], ARRAYS, ["y"])
    arrays = draw(chosen)
    for steps in (90, 91, 92):
        chosen.schedule({**SIZES, "T": steps}, ("y",))
    assert [len(schedule) for schedule in chosen._schedules.values()] == [91, 92]
    chosen.schedule({**SIZES, "T": 300}, ("y",))
    assert [len(schedule) for schedule in chosen._schedules.values()] == [300]
    assert run(chosen, arrays)[0]["y"].shape == (7, 5)


@pytest.mark.parametrize("exponent", (7, 1000, 1001, 4097, 99_999))
def test_large_powers_are_made_by_squaring(exponent):
    """As exact as the power of each eigenvalue, and the same whatever was asked for before."""
    chosen = program([f"y = U**{exponent} @ a", f"z = U**3 @ U**{exponent - 3} @ a"], {"U": "H, H", "a": "H"}, ["y", "z"])
    basis = np.linalg.qr(np.random.default_rng(2).standard_normal((5, 5)))[0].astype(np.longdouble)
    values = np.array([1, 0.99999, -0.9999, 0.5, -1], np.longdouble)
    arrays = {"U": basis @ np.diag(values) @ np.linalg.inv(basis.astype(float)), "a": np.ones(5, np.longdouble)}
    outputs, _ = run(chosen, arrays)
    expected = basis @ np.diag(values**exponent) @ np.linalg.inv(basis.astype(float)) @ arrays["a"]
    np.testing.assert_allclose(outputs["y"].astype(float), expected.astype(float), atol=1e-9)
    np.testing.assert_allclose(outputs["y"].astype(float), outputs["z"].astype(float), rtol=1e-12, atol=1e-12)
    if exponent < 2000:
        assert mismatch(chosen, arrays) < 1e-12


def test_a_power_beyond_the_bound():
    assert MOST > 0
    with pytest.raises(SpecError, match="a matrix to a power that is not a whole number from 0 to 100,000"):
        run(program(["y[t] = U**(t - 3)"], ARRAYS, ["y"]), draw(program(["y = U"], ARRAYS, ["y"])))


def test_what_one_thread_is_about_to_take_no_other_one_drops(monkeypatch):
    """This thread finds a schedule, and takes it when another one had the time to drop it."""
    monkeypatch.setattr(evaluate, "_ELEMENTS_KEPT", 1)
    chosen = program(["y[t] = x[t]"], {"x": "T, I"}, ["y"])
    found, first = threading.Event(), threading.current_thread()
    drops = threading.Thread(target=lambda: (found.wait(), chosen.schedule({**SIZES, "T": 9}, ("y",))))

    class Slow(OrderedDict):
        def __contains__(self, mark):
            is_there = super().__contains__(mark)
            if threading.current_thread() is first:
                found.set()
                drops.join(0.3)
            return is_there

    chosen.schedule(SIZES, ("y",))
    chosen._schedules = Slow(chosen._schedules)
    drops.start()
    assert len(chosen.schedule(SIZES, ("y",))) == SIZES["T"]
    drops.join()
    assert [len(schedule) for schedule in chosen._schedules.values()] == [9]


def test_threads_share_schedules(monkeypatch):
    """Each drops what another one is about to take: every schedule is the one that was asked for, and none is missing."""
    monkeypatch.setattr(evaluate, "_ELEMENTS_KEPT", 1)
    chosen = program(["h[-1] = h0", "h[t] = h[t-1] + x[t]"], {"h0": "H", "x": "T, H"}, ["h"])
    lengths = {steps: len(chosen.schedule({"T": steps, "H": 1}, ("h",))) for steps in range(1, 8)}
    wrong = []

    def ask(first):
        try:
            for number in range(4000):
                steps = 1 + (first + number // 2) % 7
                wrong.extend([steps] * (len(chosen.schedule({"T": steps, "H": 1}, ("h",))) != lengths[steps]))
        except Exception as error:
            wrong.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == [] and len(chosen._schedules) == 1
