"""What a run settles by its numbers is recorded, taken over, and forced."""

import numpy as np
import pytest

from programs import SIZES, program
from refrnn.equation.algebra import Numbers
from refrnn.equation.differentiate import along_one, central_difference
from refrnn.equation.held import Held

DECIDING = {  # an equation, its value at a, and its value at -a with the sides of a held
    "relu(a)": ([1, 0, 3], [-1, 0, -3]),
    "abs(a)": ([1, 2, 3], [-1, -2, -3]),
    "min(a, 0)": ([0, -2, 0], [0, 2, 0]),
    "max(a, 0)": ([1, 0, 3], [-1, 0, -3]),
    "a if a > 0 else 5": ([1, 5, 3], [-1, 5, -3]),
    "a if a[0] > 0 and a[1] < 0 else 5 * a": ([1, -2, 3], [-1, 2, -3]),
    "argmax(a) + 0 * a": ([2, 2, 2], [2, 2, 2]),
}


def evaluated(text, a, choices):
    chosen = program([f"y = {text}"], {"a": "L"}, ["y"])
    return chosen.run({"a": np.asarray(a, np.longdouble)}, SIZES, Numbers(np.longdouble, choices=choices)).value("y")


@pytest.mark.parametrize("text, values", DECIDING.items())
def test_a_run_takes_over_the_sides_of_another(text, values):
    here, there = values
    record = Held()
    np.testing.assert_array_equal(evaluated(text, [1, -2, 3], record), here)
    np.testing.assert_array_equal(evaluated(text, [-1, 2, -3], Held(record)), there)
    assert record.elements == [("y", ())] * len(record.values)
    assert all(np.shape(margin) is not None for margin in record.margins)


def test_one_entry_is_forced_the_other_way():
    forced = Held(forced={0: [((1,), np.True_)]})
    np.testing.assert_array_equal(evaluated("relu(a)", [1, -2, 3], forced), [1, -2, 3])
    forced = Held(forced={0: [((), np.int64(0))]})
    np.testing.assert_array_equal(evaluated("argmax(a) + 0 * a", [1, -2, 3], forced), [0, 0, 0])
    forced = Held(forced={0: [((1,), np.True_)]})  # of the first decision alone
    np.testing.assert_array_equal(evaluated("relu(a) + abs(a)", [1, -2, 3], forced), [2, 0, 6])


def test_margins_say_how_near_a_decision_was():
    record = Held()
    evaluated("argmax(a) + relu(a) + (a if a > 2 else 1)", [1, -2, 3], record)
    by_size = [[-2, -5, 0], [1, -2, 3], [-1, -4, 1]]
    assert [list(margin) for margin in record.margins] == by_size


def test_a_difference_stays_on_its_side_of_a_kink():
    """Nearer to the kink than the step of the difference is long."""
    chosen = program(["y = relu(a) + abs(a) + (a * a if a < 1 else 7 * a)"], {"a": "L"}, ["y"])
    a = np.array([1e-9, -1e-9, 1 - 1e-9], np.longdouble)
    moved = along_one(central_difference, chosen, {"a": a}, SIZES, {}, {"a": np.ones(3, np.longdouble)})["y"]
    np.testing.assert_allclose(moved, [2 + 2 * a[0], -1 + 2 * a[1], 2 + 2 * a[2]], rtol=1e-10)
