"""Many passes at once are these passes one by one."""

import numpy as np
import pytest

import refrnn
from refrnn.backends.equation import EquationPass
from refrnn.equation.held import Held
from refrnn.equation.noise import NEAREST
from refrnn.spec.values import check_values
from refrnn.verify import passes
from refrnn.verify.passes import Passes

TEXT = """
id: passes
title: Sequences that are added up, and go different ways
sizes: {T: time steps, H: units}
symbols:
  x: {role: input, shape: [T, H]}
  w: {role: parameter, shape: [H]}
  b: {role: parameter, shape: []}
equations:
  - y[t] = LINE
outputs: [y]
"""
LINE = "w * x[t] if sum(x[0]) > 0 else (relu(x[t]) / 3 + sqrt(x[t]) * w if x[t] > 0 else b)"
SIGNS = [[1], [-1], [-1], [-1], [1]]  # of the first step: of the two sequences of four steps one goes each way
LENGTHS = [4, 2, 4, 2, 1]


def checked(line=LINE, dtype="float32"):
    spec = refrnn.load_text(TEXT.replace("LINE", line))
    values = spec.draw({"T": 4, "H": 3}, batch=5, dtype=dtype)
    values["x"][0] = np.abs(values["x"][0]) * np.array(SIGNS, dtype)
    return spec, check_values(spec, values, LENGTHS)


def upstream(spec, values):
    return {"y": np.random.default_rng(1).standard_normal(values.arrays["x"].shape).astype(values.dtype)}


def held(values, other=None):
    return [Held(one) for one in other] if other else [Held() for _ in range(values.batch)]


def same(found, wanted):
    return found.keys() == wanted.keys() and all(found[name].shape == wanted[name].shape and np.array_equal(found[name], wanted[name], equal_nan=True) for name in wanted)


@pytest.mark.parametrize("most", [1, 3, 64])
@pytest.mark.parametrize("absorbing", [None, False, True])
def test_one_pass_is_that_of_the_equation(most, absorbing, monkeypatch):
    """Ragged, and by lanes whose condition is another one; decisions too."""
    monkeypatch.setattr(passes, "MOST_LANES", most)
    spec, values = checked()
    given, lanes, singles = upstream(spec, values), held(values), held(values)
    one, alone = Passes(spec, values, np.longdouble, [lanes]), EquationPass(spec, values, np.longdouble, choices=singles)
    assert same(one.gather(["y"])[0], alone.gather(["y"]))
    found, wanted = one.backward(given, absorbing)[0], alone.backward(given, absorbing)
    assert all(found[name].shape == array.shape and np.allclose(found[name], array, rtol=1e-17, equal_nan=True) for name, array in wanted.items())
    assert absorbing is not False or np.isnan(wanted["w"]).any()
    for left, right in zip(lanes, singles):
        assert left.elements == right.elements and all(map(np.array_equal, left.values, right.values))


def test_each_pass_has_its_own_decisions_and_numbers():
    spec, values = checked("relu(x[t]) / 3 + w + b")
    given, first = upstream(spec, values), held(values)
    Passes(spec, values, np.longdouble, [first])
    other = held(values)
    for one, left in zip(other, first):
        one.values = [np.ones_like(side) for side in left.values]
    both = Passes(spec, values, np.longdouble, [held(values, first), held(values, other)])
    exact, turned = both.gather(["y"])
    x, w, b = (values.arrays[name].astype(np.longdouble) for name in ("x", "w", "b"))
    ends = np.arange(4)[:, None, None] < np.array(LENGTHS)[:, None]
    assert np.array_equal(exact["y"], np.where(ends, np.maximum(x, 0) / 3 + w + b, 0))
    assert np.array_equal(turned["y"], np.where(ends, x / 3 + w + b, 0))
    total = (given["y"].astype(np.longdouble) * ends).sum((0, 1))
    assert all(np.allclose(gradients["w"], total, rtol=1e-17) for gradients in both.backward(given))


@pytest.mark.parametrize("dtype, wide", [("float32", np.float64), ("float64", np.longdouble)])
def test_to_the_nearest_is_as_the_equation_rounds(dtype, wide):
    spec, values = checked(dtype=dtype)
    given, exact = upstream(spec, values), held(values)
    Passes(spec, values, np.longdouble, [exact])
    one = Passes(spec, values, wide, [held(values, exact)], NEAREST)
    alone = EquationPass(spec, values, wide, noise=NEAREST, choices=held(values, exact))
    assert same(one.gather(["y"])[0], alone.gather(["y"]))
    found, wanted = one.backward(given)[0], alone.backward(given)
    assert np.array_equal(found["x"], wanted["x"])
    # Sums over sequences of several lengths are taken in another order.
    assert all(np.allclose(found[name], wanted[name], rtol=8 * np.finfo(dtype).eps) and np.array_equal(found[name], found[name].astype(dtype)) for name in "wb")


def test_passes_and_sequences_are_rounded_each_by_itself():
    """The sums over sequences too; the same numbers for the same seeds."""
    spec, values = checked("x[t] * w / 3 + 0 * b")
    values.arrays["x"][:] = np.linspace(1.1, 1.9, 3)
    given = {"y": np.full_like(values.arrays["x"], 1.1)}

    def found(*seeds):
        return Passes(spec, values, np.float64, [held(values) for _ in seeds], seeds).gather(["y"])

    one, other = found(1, 2)
    first_steps = [sample["y"][0, place] for sample in (one, other) for place in range(values.batch)]
    assert len({step.tobytes() for step in first_steps}) > 6
    assert len({step.tobytes() for step in (one["y"][0, 0], one["y"][0, 1], one["y"][0, 4])}) == 3  # of other lengths
    assert same(one, found(1, 2)[0]) and not same(one, found(3, 4)[0])
    exact = Passes(spec, values, np.longdouble, [held(values)]).backward(given)[0]["w"]
    shaken = [gradients["w"] for gradients in Passes(spec, values, np.float64, [held(values)] * 2, [1, 2]).backward(given)]
    assert all(np.array_equal(array, array.astype(np.float32)) and not np.array_equal(array, exact) for array in shaken)
