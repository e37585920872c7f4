"""The two algebras: shapes, and numbers with their tape."""

import numpy as np
import pytest

from programs import program, run, shape_of, values
from refrnn.equation.algebra import Numbers, Shapes
from refrnn.equation.functions import ShapeError

# ------------------------------------------------------------ shapes


def test_shapes_of_what_is_not_a_function():
    shapes = Shapes()
    assert shapes.power(shape_of("H, H"), 3) == shape_of("H, H") and shapes.power(shape_of("H"), -0.5) == shape_of("H")
    assert shapes.stack([shape_of("H")] * 3, shape_of("T")[0]) == shape_of("T, H")
    assert shapes.total("add", []) == () and shapes.total("multiply", [shape_of("H"), ()]) == shape_of("H")
    assert shapes.index(shape_of("T, H, I"), [0, shape_of("1, H")]) == shape_of("H-1, I")
    for wrong in (
        lambda: shapes.power(shape_of("H, I"), 2),
        lambda: shapes.power(shape_of("H, H"), 10**9),
        lambda: shapes.power(shape_of("H, H, H"), 2),
        lambda: shapes.stack([shape_of("H"), shape_of("I")], 2),
        lambda: shapes.index(shape_of("H"), [0, 0]),
        lambda: shapes.select(shape_of("H"), shape_of("I"), ()),
    ):
        with pytest.raises(ShapeError):
            wrong()


# ------------------------------------------------------------ the tape


def test_only_what_leads_to_a_gradient_is_kept():
    numbers = Numbers(np.float64)
    a, b = numbers.leaf(np.ones(3), True), numbers.leaf(np.ones(3), False)
    kept = len(numbers.tape)
    assert not numbers.apply("add", b, b).needs and len(numbers.tape) == kept
    assert numbers.apply("add", a, b).needs and len(numbers.tape) == kept + 1
    assert Numbers(np.float64, record=False).tape is None


def test_integers_become_numbers_of_the_precision():
    assert Numbers(np.float32).leaf(np.arange(3), False).value.dtype == np.float32


def test_adjoints_of_views_do_not_leak():
    """An adjoint that is shared between two nodes is never written into."""
    chosen = program(["a = x", "b = a", "c = b[1]", "y = b + c"], {"x": "H"}, ["a", "b", "y"])
    outputs, backward = run(chosen, {"x": np.arange(5.0)}, dtype=np.float64)
    one = np.ones(5)
    gradients = backward({"a": one, "b": one, "y": one})
    np.testing.assert_array_equal(gradients["x"], [3, 8, 3, 3, 3])
    assert (one == 1).all()


@pytest.mark.parametrize("condition, wanted", [
    ("a < 0", [1, 0, 0]), ("a <= 0", [1, 1, 0]), ("a > 0", [0, 0, 1]), ("a >= 0", [0, 1, 1]), ("a == 0", [0, 1, 0]), ("a != 0", [1, 0, 1]),
    ("not a < 0", [0, 1, 1]), ("a < 0 or a > 0", [1, 0, 1]), ("a <= 0 and a >= 0", [0, 1, 0]), ("a[0] < 0", [1, 1, 1]), ("a[1] < 0", [0, 0, 0]),
])  # fmt: skip
def test_conditions_below_at_and_above(condition, wanted):
    (y,) = values([f"y = 1 + 0 * a if {condition} else 0 * a"], ["y"], a=[-1, 0, 1])
    np.testing.assert_array_equal(y, wanted)


def test_a_number_of_an_equation_keeps_its_digits():
    assert Numbers(np.longdouble).constant(0.1).value == np.longdouble(0.1) != np.float32(0.1)
    assert Numbers(np.float32).constant(0.1).value == np.float32(0.1)
