"""Every function of the language: value against NumPy, adjoint against numerical derivatives, shape rule, NaN and infinity."""

import numpy as np
import pytest

from programs import SIZES, draw, mismatch, program, run, shape_of
from refrnn.equation.algebra import Numbers, Shapes
from refrnn.equation.functions import FUNCTIONS, ShapeError
from refrnn.equation.noise import Noise
from refrnn.errors import SpecError


def softmax(z):
    powers = np.exp(z - z.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _solved(a, b):
    """The solution of a system, corrected once by what is left of it: NumPy solves in float64."""
    first = np.linalg.solve(a.astype(float), b.astype(float)).astype(np.longdouble)
    return first + np.linalg.solve(a.astype(float), (b - a @ first).astype(float))


# The expression, the shapes of a and b, and what it is in NumPy.
MEANINGS = {
    "add": [("a + b", "H", "H", np.add), ("a + b", "H", "", np.add), ("a + b", "", "H, I", np.add), ("a + b", "1, H", "N, H", np.add)],
    "subtract": [("a - b", "H", "H", np.subtract), ("a - b", "", "H", np.subtract), ("a - b", "N, H", "1, H", np.subtract)],
    "multiply": [("a * b", "H", "H", np.multiply), ("a * b", "H", "", np.multiply), ("a * b", "N, 1", "1, H", np.multiply)],
    "divide": [("a / b", "H", "H", np.divide), ("a / b", "", "H", np.divide), ("a / b", "H", "", np.divide)],
    "negative": [("-a", "H", None, np.negative), ("+a", "H", None, np.positive)],
    "matmul": [("a @ b", "H, I", "I", np.matmul), ("a @ b", "I", "I, H", np.matmul), ("a @ b", "I", "I", np.matmul), ("a @ b", "H, I", "I, N", np.matmul)],
    "transpose": [("a.T", "H, I", None, np.transpose), ("a.T @ b", "H, I", "H", lambda a, b: a.T @ b)],
    "sigmoid": [("sigmoid(a)", shape, None, lambda a: 1 / (1 + np.exp(-a))) for shape in ("", "H", "H, I")],
    "tanh": [("tanh(a)", shape, None, np.tanh) for shape in ("", "H", "H, I")],
    "relu": [("relu(a)", shape, None, lambda a: np.maximum(a, 0)) for shape in ("", "H")],
    "elu": [("elu(a)", shape, None, lambda a: np.where(a > 0, a, np.exp(a) - 1)) for shape in ("", "H")],
    "softmax": [("softmax(a)", shape, None, softmax) for shape in ("H", "N, H")],
    "log_softmax": [("log_softmax(a)", shape, None, lambda a: np.log(softmax(a))) for shape in ("H", "N, H")],
    "exp": [("exp(a)", shape, None, np.exp) for shape in ("", "H")],
    "log": [("log(exp(a) + 1)", "H", None, lambda a: np.log(np.exp(a) + 1))],
    "softplus": [("softplus(a)", shape, None, lambda a: np.log(1 + np.exp(a))) for shape in ("", "H")],
    "sin": [("sin(a)", shape, None, np.sin) for shape in ("", "H")],
    "cos": [("cos(a)", "H, I", None, np.cos)],
    "inv": [("inv(a + 9 * identity(H)) @ b", "H, H", "H", lambda a, b: _solved(a + 9 * np.eye(5), b)), ("inv(inv(a))", "H, H", None, np.positive)],
    "sqrt": [("sqrt(exp(a))", "H", None, lambda a: np.sqrt(np.exp(a)))],
    "abs": [("abs(a)", "H", None, np.abs)],
    "min": [("min(a, b)", "H", "H", np.minimum), ("min(a, b)", "H", "", np.minimum)],
    "max": [("max(a, b)", "H", "H", np.maximum), ("max(a, b)", "", "H, I", np.maximum)],
    "norm": [
        ("norm(a)", "H", None, np.linalg.norm),
        ("norm(a)", "H, I", None, np.linalg.norm),
        ("norm(a)", "", None, np.abs),
        ("norm(a, b)", "H", "H, I", lambda a, b: np.sqrt((a**2).sum() + (b**2).sum())),
        ("norm(a, b, a)", "H", "", lambda a, b: np.sqrt(2 * (a**2).sum() + b**2)),
    ],
    "sum": [("sum(a)", shape, None, np.sum) for shape in ("", "H", "H, I")],
    "mean": [("mean(a)", shape, None, np.mean) for shape in ("", "H", "H, I")],
    "concat": [("concat(a, b)", "H", "I", lambda a, b: np.concatenate([a, b])), ("concat(a, b, a)", "H", "I", lambda a, b: np.concatenate([a, b, a])), ("concat(a)", "H", None, np.positive)],
    "diag": [("diag(a)", "H", None, np.diag), ("diag(a) @ b", "H", "H", np.multiply)],
    "outer": [("outer(a, b)", "H", "I", np.outer)],
    "one_hot": [("one_hot(2, H) * a", "", None, lambda a: a * np.eye(5)[2])],
    "argmax": [
        ("argmax(a) + 0 * sum(a)", "H", None, np.argmax),
        ("one_hot(argmax(a), H) * b", "H", "H", lambda a, b: b * (a == a.max())),
        ("argmax(1 if a > -9 else 0) + 0 * sum(a)", "H", None, lambda a: 0),
    ],
    "zeros": [("zeros(H, I) + a", "", None, lambda a: np.full((5, 4), a)), ("zeros(2*H+1) + a", "", None, lambda a: np.full(11, a))],
    "identity": [("identity(H) @ a", "H", None, np.positive), ("identity(H) * a", "", None, lambda a: a * np.eye(5))],
    "stop": [("a * stop(b)", "H", "H", np.multiply), ("a + stop(a)", "H", None, lambda a: 2 * a)],
    "power": [
        ("a**2", "H", None, np.square),
        ("a**3", "", None, lambda a: a**3),
        ("a**0", "H", None, np.ones_like),
        ("exp(a)**0.5", "H", None, lambda a: np.exp(a / 2)),
        ("exp(a)**-0.5", "H", None, lambda a: np.exp(-a / 2)),
        ("exp(a)**(-2)", "H", None, lambda a: np.exp(-2 * a)),
        ("a**H", "", None, lambda a: a**5),
        ("a**3", "H, H", None, lambda a: a @ a @ a),
        ("a**1", "H, H", None, np.positive),
        ("a**0 + a", "H, H", None, lambda a: np.eye(5) + a),
    ],
    "index": [("a[2]", "H", None, lambda a: a[2]), ("a[1]", "H, I", None, lambda a: a[1]), ("a[1:3]", "H", None, lambda a: a[1:3]), ("a[1:3, 2]", "H, I", None, lambda a: a[1:3, 2]), ("tanh(a)[H-1]", "H", None, lambda a: np.tanh(a)[4]), ("a[0:H, 1:3]", "H, I", None, lambda a: a[:, 1:3])],
    "conditional": [
        ("a if a > b else b", "H", "H", np.maximum),
        ("a if sum(a) > 0 else b", "H", "H", lambda a, b: a if a.sum() > 0 else b),
        ("a if a > 0 and b > 0 else b", "H", "H", lambda a, b: np.where((a > 0) & (b > 0), a, b)),
        ("a if a > 0 or b > 0 else b", "H", "", lambda a, b: np.where((a > 0) | (b > 0), a, b)),
        ("a if not a > b else 2 * b", "H", "", lambda a, b: np.where(a <= b, a, 2 * b)),
        ("a if b != b else 1", "H", "", lambda a, b: np.ones_like(a)),
    ],
    "sums": [("sum(a[j] * b[j] for j in range(H))", "H", "H", np.dot), ("sum(a[i, j] for i in range(H) for j in range(i, I))", "H, I", None, lambda a: np.triu(a).sum()), ("prod(a[j] for j in range(1, H))", "H", None, lambda a: a[1:].prod()), ("sum(a[j] for j in range(3, 3)) + sum(b)", "H", "H", lambda a, b: b.sum()), ("prod(a[j] for j in range(3, 1)) + a", "H", None, lambda a: 1 + a), ("sum(a[j] for j in range(0, 1)) + a", "H", None, lambda a: a + a[0])],
}  # fmt: skip
CASES = [(name, *case) for name, cases in MEANINGS.items() for case in cases]


def test_every_function_has_a_meaning_here():
    assert set(FUNCTIONS) <= set(MEANINGS)


def made(text, a, b):
    return program([f"y = {text}"], {"a": a} if b is None else {"a": a, "b": b}, ["y"])


@pytest.mark.parametrize("name, text, a, b, meaning", CASES)
def test_value_and_shape(name, text, a, b, meaning):
    chosen = made(text, a, b)
    for dtype in (np.longdouble, np.float64, np.float32):
        arrays = draw(chosen, dtype=dtype)
        found = run(chosen, arrays, dtype=dtype)[0]["y"]
        wanted = np.asarray(meaning(*arrays.values()))
        assert found.dtype == dtype and found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=64 * np.finfo(dtype).eps, atol=64 * np.finfo(dtype).eps)
    assert tuple(size.number(SIZES) for size in chosen.check(SIZES)["y"]) == found.shape


def test_an_inverse_is_there_where_the_first_number_is_zero_and_nowhere_else():
    a = np.array([[0, 2, 1], [1, 0, 0], [3, 0, 1]], np.longdouble)
    np.testing.assert_array_equal(FUNCTIONS["inv"].value(a) @ a, np.eye(3))
    np.testing.assert_array_equal(a, [[0, 2, 1], [1, 0, 0], [3, 0, 1]])
    with np.errstate(all="ignore"):
        assert not np.isfinite(FUNCTIONS["inv"].value(np.ones((3, 3)))).any()


@pytest.mark.parametrize("text, a", [("inv(a)", "H, I"), ("inv(a)", "H"), ("inv(a)", "N, H, H")])
def test_only_a_square_matrix_has_an_inverse(text, a):
    with pytest.raises(SpecError, match="inv of .* takes a square matrix"):
        made(text, a, None).check(SIZES)


def test_what_an_inverse_costs_is_what_rounding_costs():
    """In units of what stands against one another in it, which grow with the matrix's condition."""
    function, random, worst_of = FUNCTIONS["inv"], np.random.default_rng(0), [0, 0]
    for size in (1, 2, 3, 5, 8, 17, 40):
        for number in range(20):
            a = random.standard_normal((size, size)).astype(np.float32)
            a = a - a.T + np.eye(size, dtype=np.float32) if number % 2 else a + 4 * np.eye(size, dtype=np.float32)
            g = random.standard_normal((size, size)).astype(np.float32)
            wide, found = a.astype(np.longdouble), function.value(a)
            exact, right = function.value(wide), function.pull(g.astype(np.longdouble), found.astype(np.longdouble), wide)[0]
            worst_of[0] = max(worst_of[0], worst(found, exact, function.summed(exact, wide)))
            worst_of[1] = max(worst_of[1], worst(function.pull(g, found, a)[0], right, function.pull_summed(g.astype(np.longdouble), exact, wide)))
    assert 0.25 * function.roundings <= worst_of[0] <= function.roundings and 0.5 < worst_of[1] <= 2


def test_the_softplus_keeps_what_is_small_beside_one():
    z = np.array([-80, -20, 0, 90, 1e4], np.float32)
    np.testing.assert_allclose(FUNCTIONS["softplus"].value(z), [np.exp(-80.0), np.log1p(np.exp(-20.0)), np.log(2), 90, 1e4], rtol=3e-7)


def test_the_slope_of_elu_keeps_what_is_small_beside_one():
    chosen = program(["y = elu(a)"], {"a": "H"}, ["y"])
    a = np.array([-111, -50, 0, 1e-9, 3], np.longdouble)
    gradient = run(chosen, {"a": a})[1]({"y": np.ones(5, np.longdouble)})["a"]
    np.testing.assert_allclose(gradient, np.exp(np.minimum(a, 0)), rtol=1e-17)


@pytest.mark.parametrize("name, text, a, b, meaning", CASES)
@pytest.mark.parametrize("seed", [0, 1])
def test_adjoint(name, text, a, b, meaning, seed):
    chosen = made(text, a, b)
    arrays = draw(chosen, seed=seed)
    assert mismatch(chosen, arrays, analytic=False) < 1e-9
    functions = [FUNCTIONS[name]] if name in FUNCTIONS else []
    if all(function.analytic for function in functions) and name != "conditional":
        assert mismatch(chosen, arrays, analytic=True) < 100 * np.finfo(np.longdouble).eps


@pytest.mark.parametrize("text, a, b, wanted", [
    ("relu(a)", "H", None, [np.nan, np.inf, 0]),
    ("elu(a)", "H", None, [np.nan, np.inf, -1]),
    ("sigmoid(a)", "H", None, [np.nan, 1, 0]),
    ("tanh(a)", "H", None, [np.nan, 1, -1]),
    ("softplus(a)", "H", None, [np.nan, np.inf, 0]),
    ("sin(a)", "H", None, [np.nan] * 3),
    ("cos(a)", "H", None, [np.nan] * 3),
    ("abs(a)", "H", None, [np.nan, np.inf, np.inf]),
    ("min(a, 1)", "H", None, [np.nan, 1, -np.inf]),
    ("min(1, a)", "H", None, [np.nan, 1, -np.inf]),
    ("max(a, 1)", "H", None, [np.nan, np.inf, 1]),
    ("max(1, a)", "H", None, [np.nan, np.inf, 1]),
    ("softmax(a)", "H", None, [np.nan] * 3),
    ("1 / (a - a)", "H", None, [np.nan] * 3),
    ("log(0 * (a - a) + 0) + 0", "H", None, [np.nan] * 3),
    ("norm(a)", "H", None, np.nan),
    ("a if a > 0 else 2 * a", "H", None, [np.nan, np.inf, -np.inf]),
])  # fmt: skip
def test_not_a_number(text, a, b, wanted):
    for dtype in (np.float32, np.float64, np.longdouble):
        array = np.array([np.nan, np.inf, -np.inf], dtype)
        found = run(made(text, a, b), {"a": array}, {**SIZES, "H": 3}, dtype=dtype)[0]["y"]
        np.testing.assert_array_equal(found, wanted)


def test_large_arguments_do_not_overflow():
    for dtype in (np.float32, np.float64):
        array = np.array([-1e4, -90, 0, 90, 1e4], dtype)
        for text, wanted in [("sigmoid(a)", [0, 0, 0.5, 1, 1]), ("softmax(a)", [0, 0, 0, 0, 1]), ("tanh(a)", [-1, -1, 0, 1, 1])]:
            found = run(made(text, "H", None), {"a": array}, dtype=dtype)[0]["y"]
            np.testing.assert_allclose(found, wanted, atol=1e-30 if dtype == np.float64 else 1e-37)
        big = np.full(5, np.finfo(dtype).max / 4, dtype)
        assert np.isfinite(run(made("norm(a)", "H", None), {"a": big}, dtype=dtype)[0]["y"])
        assert run(made("norm(a)", "H", None), {"a": big * 0}, dtype=dtype)[0]["y"] == 0


def test_ties_go_to_the_first_argument():
    _, backward = run(program(["y = min(a, b) + max(a, b)"], {"a": "H", "b": "H"}, ["y"]), {"a": np.ones(5), "b": np.ones(5)}, dtype=np.float64)
    gradients = backward({"y": np.ones(5)})
    assert (gradients["a"] == 2).all() and (gradients["b"] == 0).all()


def test_norm_of_zero_has_no_direction():
    _, backward = run(program(["y = norm(a)"], {"a": "H"}, ["y"]), {"a": np.zeros(5)}, dtype=np.float64)
    assert (backward({"y": np.float64(1)})["a"] == 0).all()


# ------------------------------------------------------------ shape rules

REFUSED = [
    ("add", "H", "I"), ("add", "H", "H, H"), ("add", "H, I", "I, H"), ("add", "1, H", "H"), ("multiply", "H", "2*H"), ("divide", "H", "I"),
    ("subtract", "I+H", "H+I+1"), ("matmul", "H", "I"), ("matmul", "H, I", "H"), ("matmul", "", "H"), ("matmul", "H, I, I", "I"),
    ("transpose", "H"), ("transpose", ""), ("softmax", ""), ("log_softmax", ""), ("min", "H", "I"), ("max", "H", "I"),
    ("concat", "H", ""), ("concat", "H, H"), ("diag", "H, H"), ("diag", ""), ("outer", "H", "H, H"), ("one_hot", "H", "H"),
]  # fmt: skip


@pytest.mark.parametrize("name, shapes", [(name, shapes) for name, *shapes in REFUSED])
def test_shapes_refused(name, shapes):
    with pytest.raises(ShapeError) as caught:
        Shapes().apply(name, *map(shape_of, shapes))
    assert str(caught.value)


def test_sizes_are_compared_as_symbols():
    """Equal by chance is not equal: the numbers of H and N do not matter."""
    sizes = {**SIZES, "N": SIZES["H"]}
    with pytest.raises(SpecError, match="the sum of"):
        program(["y = a + b"], {"a": "H", "b": "N"}, ["y"]).check(sizes)
    assert Shapes().apply("add", shape_of("H+I"), shape_of("I+H")) == shape_of("I+H")
    assert Shapes().apply("concat", shape_of("H"), shape_of("3*H")) == shape_of("4*H")


@pytest.mark.parametrize("place", [-1, 5, 2.5, np.nan, np.inf])
def test_one_hot_of_no_place(place):
    with pytest.raises(SpecError, match="none of the places 0 to 4"):
        run(program(["y = one_hot(a, H)"], {"a": ""}, ["y"]), {"a": np.longdouble(place)})


def test_adjoints_do_not_write_into_upstream_gradients():
    chosen = program(["y = a[0:3]", "z = a + y[0]"], {"a": "H"}, ["y", "z"])
    upstream = {"y": np.ones(3), "z": np.ones(5)}
    _, backward = run(chosen, {"a": np.arange(5.0)}, dtype=np.float64)
    np.testing.assert_array_equal(backward(upstream)["a"], [7, 2, 2, 1, 1])
    assert (upstream["y"] == 1).all() and (upstream["z"] == 1).all()


def test_numbers_keep_their_dtype():
    for dtype in (np.float32, np.float64, np.longdouble):
        assert Numbers(dtype).constant(2).value.dtype == dtype


# ------------------------------------------------------------ what rounding costs


@pytest.mark.parametrize("name, text, a, b, meaning", CASES)
def test_all_that_is_computed_is_rounded(name, text, a, b, meaning):
    """Under noise values and gradients are numbers of the precision that is shaken to, whatever they went through."""
    chosen = made(text, a, b)
    arrays = {name: np.asarray(array, np.float32).astype(np.longdouble) for name, array in draw(chosen).items()}
    noisy = chosen.run(arrays, SIZES, Numbers(np.longdouble, noise=Noise(np.float32, 0)), differentiate=arrays)
    upstream = {"y": np.random.default_rng(1).standard_normal(np.shape(noisy.value("y"))).astype(np.float32).astype(np.longdouble)}
    for array in (noisy.value("y"), *noisy.backward(upstream).values()):
        np.testing.assert_array_equal(array, array.astype(np.float32))


def numbers(name):
    """Arguments of a function, and an upstream gradient: of all sizes, and such that sums of them go out."""
    random = np.random.default_rng(0)
    for scale in (0.1, 1, 5, 12) if name == "softmax" else (0.1, 1, 5):
        for number in range(20):
            z = random.standard_normal(40) * scale
            z = np.abs(z) + 0.01 if name in ("log", "sqrt") else z - z.mean() if number % 2 else z
            g = random.standard_normal(40) if number % 3 else np.ones(40)
            other = random.standard_normal(40)
            yield [np.asarray(array, np.float32) for array in (z, other)[: FUNCTIONS[name].arguments or 1]], np.asarray(g, np.float32)


ROUNDED = ["add", "subtract", "multiply", "divide", "negative", "sigmoid", "tanh", "relu", "elu", "softplus", "softmax", "log_softmax", "exp", "log", "sin", "cos", "sqrt", "abs", "min", "max", "norm", "sum", "mean"]


def errors(name):
    """The largest error of the value in float32, and of its adjoint, in units of their rounding."""
    function, forward, back = FUNCTIONS[name], 0, 0
    for arrays, g in numbers(name):
        wide = [array.astype(np.longdouble) for array in arrays]
        side = () if function.decide is None else (function.decide(*wide)[0],)
        exact, found = function.value(*wide, *side), function.value(*arrays, *side)
        scale = np.abs(exact) if function.summed is None else function.summed(exact, *wide)
        forward = max(forward, worst(found, exact, scale))
        g = g if np.ndim(exact) else g[0]
        pulled, right = function.pull(g, found, *arrays, *side), function.pull(g.astype(np.longdouble), found.astype(np.longdouble), *wide, *side)
        for one, other in zip(pulled, right):
            scale = np.abs(other) if function.pull_summed is None else function.pull_summed(g.astype(np.longdouble), exact, *wide)
            back = max(back, worst(one, other, scale))
    return forward, back


def worst(found, exact, scale):
    apart = np.abs(found - exact)
    return float(np.max(np.where(apart == 0, 0, apart / (np.finfo(np.float32).eps * np.where(apart == 0, 1, scale)))))


@pytest.mark.parametrize("name", ROUNDED)
def test_what_a_function_costs_is_what_rounding_costs(name):
    """An honest value in float32 is within its cost, and the cost is a few times what is seen. The adjoint costs two roundings.

    The slopes of sigmoid and tanh cost less than the rounding of their values costs in them.
    """
    forward, back = errors(name)
    cost = FUNCTIONS[name].roundings
    assert (forward == 0) is (cost == 0)
    assert forward <= max(cost, 0.5) and cost <= 12 * max(forward, 0.5)
    assert back <= 2 or name in ("sigmoid", "tanh")


def test_the_terms_of_a_mean_are_those_of_its_sum_divided():
    a = np.array([3.0, -4.0, 1.5, 0.25])
    for values in (a, a - a.mean()):
        of_sum = FUNCTIONS["sum"].summed(values.sum(), values)
        assert FUNCTIONS["mean"].summed(values.mean(), values) == of_sum / 4 and 3 <= of_sum < 6


@pytest.mark.parametrize("dtype, power", [(np.float32, -100), (np.float32, 100), (np.float64, -600), (np.float64, 600)])
def test_a_norm_is_right_where_squares_leave_the_range(dtype, power):
    small = np.array([3, 4], dtype) * dtype(2) ** dtype(power)
    assert FUNCTIONS["norm"].value(small) == 5 * dtype(2) ** dtype(power)


def test_a_sigmoid_is_small_where_its_exponential_would_overflow():
    assert 0 < FUNCTIONS["sigmoid"].value(np.float32(-95)) < 1e-40 and FUNCTIONS["sigmoid"].value(np.float32(95)) == 1
    moved = FUNCTIONS["sigmoid"].value(np.array([-2000 + 1e-20j, 2000 + 1e-20j]))
    assert np.isfinite(moved).all() and moved[1] == 1
