"""The two algebras: shapes, and numbers with their tape; random rounding stays within what it says."""

import numpy as np
import pytest

from programs import SIZES, draw, program, run, shape_of
from refrnn.equation.algebra import Noise, Numbers, Shapes
from refrnn.equation.functions import ShapeError

EPS = 1e-7


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


# ------------------------------------------------------------ random rounding


@pytest.mark.parametrize("eps", [1.2e-7, 2.2e-16])
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (100, 100)])
def test_noise_is_as_large_as_it_says_and_no_larger(eps, shape):
    noise, value = Noise(eps, 0), np.ones(shape, np.longdouble)[()]
    moved = np.array([(noise.relative(value, 3) - value) / np.longdouble(eps) for _ in range(200)])
    assert moved.shape[1:] == shape and np.abs(moved).max() <= 3.0001
    if np.finfo(np.longdouble).eps < 1e-18:
        assert np.abs(moved).max() > 2.9 and abs(moved.mean()) < 0.5 and 1.6 < moved.std() < 1.85
    assert len(np.unique(moved)) > 100


def test_noise_leaves_exact_operations_alone():
    value = np.arange(5.0)
    assert Noise(EPS, 0).relative(value, 0) is value


def test_noise_keeps_infinity_and_zero():
    values = np.array([np.inf, -np.inf, 0, np.nan], np.longdouble)
    np.testing.assert_array_equal(Noise(EPS, 0).relative(values, 3), values)


def test_noise_of_a_product_scales_with_its_terms():
    """1e6 - 1e6 + 1 has an error as of 1e6, however small the result."""
    left, right = np.array([1e6, -1e6, 1], np.longdouble), np.ones(3, np.longdouble)
    moved = [Noise(EPS, seed).product(left, right, left @ right) - 1 for seed in range(50)]
    assert 0.05 < np.abs(moved).max() < 1


def test_noise_is_the_same_for_the_same_seed():
    chosen = program(["h[-1] = h0", "h[t] = tanh(U @ h[t-1] * sum(h[t-1]))"], {"h0": "H", "U": "H, H"}, ["h"])
    arrays = draw(chosen)
    found = []
    for seed in (1, 1, 2):
        passed = chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(EPS, seed)), differentiate=arrays)
        found.append((passed.value("h"), passed.backward({"h": np.ones((7, 5))})["U"]))
    exact, _ = run(chosen, arrays)
    for place in range(2):
        np.testing.assert_array_equal(found[0][place], found[1][place])
        assert not np.array_equal(found[0][place], found[2][place])
    assert 0 < np.abs(found[0][0] - exact["h"]).max() < 1e-4
