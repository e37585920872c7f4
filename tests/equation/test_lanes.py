"""Runs on lanes are those runs one by one: values, gradients, decisions, and what rounding costs."""

import numpy as np
import pytest

from programs import SIZES, draw, program
from refrnn.equation.algebra import Numbers
from refrnn.equation.held import Held, HeldTogether
from refrnn.equation.lanes import Apart, LaneNearest, LaneNoise, Lanes
from refrnn.equation.noise import Nearest, Noise

ARRAYS = {"a": "H", "b": "H", "n": "I", "U": "H, H", "V": "H, I", "W": "I, H", "s": "", "p": "", "x": "T, H"}
LINES = {
    "sums": "y = sum(a) * a + mean(U) + sum(U * U) * b - mean(a * b) / (1 + s)",
    "sums of numbers": "y = sum(s) + mean(s) + a",
    "products": "y = (a @ U) * (U @ b) * (a @ b) + V @ n + n @ W + (U @ U @ a)",
    "repeated": "y = s * a + (U[0:1, 0:1] * U) @ b + (U * U[0:1, 0:H]) @ a + (U * U[0:H, 0:1]) @ b",
    "outer": "y = outer(a, n) @ n + (outer(n, b)[0, 0:H] @ U @ outer(a, a)[0:H, 0]) * b",
    "turned": "y = U.T @ a + V.T[0] + W.T @ n",
    "softmax": "y = softmax(a) * log_softmax(b) + softmax(U)[1] + log_softmax(U * s)[2]",
    "norm": "y = a / norm(a, U) + norm(b) * b",
    "built": "y = concat(a[0:H-1], b[0:1]) + diag(a) @ b + zeros(H) + identity(H) @ a + U**3 @ a + U**0 @ b",
    "activations": "y = sigmoid(a) + tanh(b) + relu(a) + elu(b) + exp(a) + log(abs(a)) + sqrt(abs(b)) + a**2",
    "pieces": "y = min(a, b) + max(a, s) + (a if a > b else b) + (s if a > 0 else U @ b)",
    "stopped": "y = stop(a) * b + stop(sum(b)) * a",
    "reductions": "y = sum(x[t] * U[t] for t in range(H)) + prod(x[t] for t in range(L))",
    "a recurrence": ["h[-1] = a", "h[t] = tanh(U @ h[t-1] + x[t])", "y = sum(h[t] for t in range(T))"],
    "looked up": "y = U @ one_hot(argmax(a), H) + one_hot(argmax(b), H) @ U - (-one_hot(argmax(b), H)) @ U + (a @ one_hot(argmax(b), H)) * a",
}  # fmt: skip
LANES = 4


def made(text):
    return program([text] if isinstance(text, str) else text, ARRAYS, ["y"], declared={"h": "T, H"})


def together(chosen, each, dtype=np.longdouble, **options):
    arrays = {name: np.stack([one[name] for one in each], axis=-1) for name in each[0]}
    return chosen.run(arrays, SIZES, Lanes(dtype, len(each), **options), differentiate=arrays)


def near(found, wanted):
    return np.shape(found) == np.shape(wanted) and np.abs(found - wanted).max() <= 4e-18 * np.abs(wanted).max()


@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_lanes_are_single_runs(text, alike):
    """Values, gradients and all that was decided; also where all lanes look up the same place."""
    chosen = made(text)
    each = [draw(chosen, seed=3 * (not alike) * lane) for lane in range(LANES)]
    upstream = np.random.default_rng(1).standard_normal((SIZES["H"], LANES)).astype(np.longdouble)
    held = [Held() for _ in each]
    run = together(chosen, each, choices=HeldTogether(held))
    gradients = run.backward({"y": upstream})
    for lane, arrays in enumerate(each):
        alone = Held()
        single = chosen.run(arrays, SIZES, Numbers(np.longdouble, choices=alone), differentiate=arrays)
        assert near(run.value("y")[:, lane], single.value("y"))
        for name, wanted in single.backward({"y": upstream[:, lane]}).items():
            assert near(gradients[name][..., lane], wanted), name
        assert held[lane].elements == alone.elements
        assert all(map(np.array_equal, held[lane].values, alone.values)) and all(map(near, held[lane].margins, alone.margins))


def test_absorbing_goes_lane_by_lane():
    """Where one lane's branch that is not taken is no number, the others' gradients stay, be they infinite."""
    for line in ("y = sqrt(a) if a > 0 else b", "y = U @ sqrt(a) if b > 9 else a", "y = softmax(U @ log(a)) if b > 9 else a"):
        chosen = made(line)
        each = [draw(chosen, seed=lane) for lane in range(3)]
        each[0]["a"] = np.abs(each[0]["a"])
        each[1]["a"] = -np.abs(each[1]["a"])
        each[2]["b"] = np.full(5, np.inf)
        for absorbing in (None, False, True):
            found = together(chosen, each).backward({"y": np.ones((5, 3), np.longdouble)}, absorbing)
            for lane, arrays in enumerate(each):
                alone = chosen.run(arrays, SIZES, Numbers(np.longdouble), differentiate=arrays).backward({"y": np.ones(5)}, absorbing)
                assert all(np.allclose(found[name][..., lane], wanted, rtol=1e-17, equal_nan=True) for name, wanted in alone.items())


def test_nothing_upstream_on_one_lane_is_silent_there_alone():
    chosen = made("y = softmax(log(a)) * b")
    arrays = draw(chosen) | {"a": np.zeros(5, np.longdouble)}
    upstream = np.ones((5, 2), np.longdouble) * [0, 1]
    gradient = together(chosen, [arrays, arrays]).backward({"y": upstream}, absorbing=True)["a"]
    assert (gradient[:, 0] == 0).all() and np.isnan(gradient[:, 1]).all()


def test_runs_that_go_different_ways_are_told_apart():
    chosen = made("y = U @ a if s > 0 else b")
    each = [draw(chosen) | {"s": np.longdouble(sign)} for sign in (1, 1, -1)]
    assert together(chosen, each[:2]).value("y").shape == (5, 2)
    with pytest.raises(Apart):
        together(chosen, each)


def test_what_was_held_is_taken_over_and_forced_lane_by_lane():
    chosen = made("y = relu(a)")
    each = [draw(chosen, seed=lane) for lane in range(2)]
    each[1]["a"] = -np.abs(each[1]["a"])
    first = [Held(), Held(forced={0: [((1,), np.True_)]})]
    found = together(chosen, each, choices=HeldTogether(first)).value("y")
    assert found[1, 1] == each[1]["a"][1] < 0
    turned = [{**one, "a": -one["a"]} for one in each]
    again = together(chosen, turned, choices=HeldTogether([Held(one) for one in first])).value("y")
    assert np.array_equal(again, -found)
    first[0].anew()
    assert first[0].values == [] and first[0].elements == [] and first[0].take(7) == 7


@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_to_the_nearest_is_the_same_on_lanes(text):
    """But for the order of sums in float64, which seldom counts in float32."""
    chosen = made(text)
    each = [draw(chosen, seed=lane, dtype=np.float32) for lane in range(LANES)]
    each = [{name: np.asarray(array, np.float64) for name, array in one.items()} for one in each]
    run = together(chosen, each, np.float64, noise=LaneNearest(np.float32, 0, np.float64))
    gradients = run.backward({"y": np.ones((5, LANES))})
    for lane, arrays in enumerate(each):
        single = chosen.run(arrays, SIZES, Numbers(np.float64, noise=Nearest(np.float32, 0, np.float64)), differentiate=arrays)
        np.testing.assert_allclose(run.value("y")[:, lane], single.value("y"), rtol=1e-5, atol=1e-5)
        assert np.mean(run.value("y")[:, lane] == single.value("y")) > 0.7
        for name, wanted in single.backward({"y": np.ones(5)}).items():
            np.testing.assert_allclose(gradients[name][..., lane], wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


SHAKEN = (
    *LINES,
    "y = a * (sum(U) - sum(U * (1 + s)))", "y = a * (mean(U) - mean(U * (1 + s)))", "y = (a @ b - a @ (b + s)) * b", "y = U @ b - U @ (b + s)", "y = (a * s) @ U",
)  # fmt: skip


@pytest.mark.parametrize("text", SHAKEN)
def test_rounding_costs_the_same_on_lanes(text):
    """By many samples of each, of the value and of each gradient, where all lanes have the same numbers."""
    chosen = made(LINES.get(text, text))
    arrays = {name: np.asarray(array, np.float64) for name, array in draw(chosen, dtype=np.float32).items()}
    arrays["s"] = np.float64(np.float32(1e-3))
    many, ones = 60, np.ones(5)
    run = together(chosen, [arrays] * many, np.float64, noise=LaneNoise(np.float32, 1, np.float64))
    lanes = {"y": run.value("y"), **run.backward({"y": np.ones((5, many))})}
    singles = {name: [] for name in lanes}
    for seed in range(many):
        single = chosen.run(arrays, SIZES, Numbers(np.float64, noise=Noise(np.float32, seed, np.float64)), differentiate=arrays)
        for name, array in {"y": single.value("y"), **single.backward({"y": ones})}.items():
            singles[name].append(array)
    for name, array in lanes.items():
        one, other = np.std(array, axis=-1), np.std(np.stack(singles[name], axis=-1), axis=-1)
        assert np.all((one == 0) == (other == 0)) and np.all(one <= 2 * other) and np.all(other <= 2 * one), name
        assert not np.any(one) or len({lane.tobytes() for lane in np.moveaxis(array, -1, 0)}) > 1
