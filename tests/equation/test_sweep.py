"""The way back: sweeps of one tape share nothing, and a branch that is not taken has no say in a gradient."""

import threading

import numpy as np
import pytest

from programs import draw, program, run
from refrnn.equation.algebra import Numbers

X = np.array([4.0, -1.0, 0.0, 9.0, -0.25])
NOT_TAKEN = {  # an equation, and its gradient by x for an upstream of ones, a = 1
    "y = sqrt(x) if x > 0 else 0": [0.25, 0, 0, 1 / 6, 0],
    "y = 0 if x <= 0 else log(x)": [0.25, 0, 0, 1 / 9, 0],
    "y = a[0] * sqrt(x) if x > 0 else x": [0.25, 1, 1, 1 / 6, 1],
    "y = outer(sqrt(x), a)[0:H, 0] if x > 0 else 0": [0.25, 0, 0, 1 / 6, 0],
    "y = x**-0.5 if x > 0 else x": [-1 / 16, 1, 1, -1 / 54, 1],
    "y = (log(x) + mean(a)) * norm(a) / norm(a) if x > 0 else a": [0.25, 0, 0, 1 / 9, 0],
}


def of(line, x=X):
    chosen = program([line], {"x": "H", "a": "H"}, ["y"])
    outputs, backward = run(chosen, {"x": x, "a": np.ones(5)}, dtype=np.float64)
    return outputs["y"], backward({"y": np.ones(5)})


@pytest.mark.parametrize("line, wanted", NOT_TAKEN.items())
def test_a_branch_not_taken_has_no_say(line, wanted):
    y, gradients = of(line)
    assert np.isfinite(y).all() and np.isfinite(gradients["a"]).all()
    np.testing.assert_allclose(gradients["x"], wanted, rtol=1e-14)


def test_a_branch_not_taken_has_no_say_in_a_matrix():
    """d_U of U @ sqrt(x), where x is negative and the result is not used, is zero, not NaN."""
    lines = ["r = U @ sqrt(x)", "y = r if sum(x) > 100 else (x if x > 0 else r)"]
    chosen = program(lines, {"x": "H", "U": "H, H"}, ["y"])
    _, backward = run(chosen, {"x": np.abs(X), "U": np.ones((5, 5))}, dtype=np.float64)
    assert np.isfinite(backward({"y": np.ones(5)})["U"]).all()
    chosen = program(["y = (U @ sqrt(x) if x[1] > 0 else x) if x > -9 else U @ sqrt(x)"], {"x": "H", "U": "H, H"}, ["y"])
    _, backward = run(chosen, {"x": X, "U": np.ones((5, 5))}, dtype=np.float64)
    gradients = backward({"y": np.ones(5)})
    assert (gradients["U"] == 0).all() and (gradients["x"] == 1).all()


def test_a_power_of_zero_has_no_slope():
    """Not at zero either, where its rule would be zero times infinity."""
    y, gradients = of("y = x**0 + 0 * a")
    assert (y == 1).all() and (gradients["x"] == 0).all()


def test_what_is_read_whole_passes_on_to_each_of_its_steps():
    chosen = program(["s[t] = 2 * x[t]", "P = c * s", "y = sum(P)"], {"x": "T", "c": "T"}, ["y"], declared={"s": "T"})
    c = np.arange(1.0, 8.0)
    _, backward = run(chosen, {"x": np.ones(7), "c": c}, dtype=np.float64)
    np.testing.assert_array_equal(backward({"y": np.float64(1)})["x"], 2 * c)


def test_a_slope_that_is_taken_and_not_finite_shows():
    """sqrt at zero is as steep as it is; NaN that was handed in goes where arithmetic takes it."""
    assert of("y = sqrt(x) if x >= 0 else 0")[1]["x"][2] == np.inf
    x = X.copy()
    x[0] = np.nan
    assert np.isnan(of("y = x * x", x)[1]["x"][0])


def test_sweeps_of_one_tape_share_nothing():
    """Two threads ask one run for gradients, many times: each gets its own, as if alone."""
    chosen = program(["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t] * h[t-1][0])"], {"h0": "H", "U": "H, H", "x": "T, H"}, ["h"])
    arrays = draw(chosen, dtype=np.float64)
    passed = chosen.run(arrays, {"T": 7, "H": 5}, Numbers(np.float64), differentiate=arrays)
    upstream = [{"h": np.cos(np.arange(35.0) + seed).reshape(7, 5)} for seed in range(2)]
    alone = [passed.backward(one) for one in upstream]
    wrong = []

    def ask(which):
        for _ in range(60):
            found = passed.backward(upstream[which])
            wrong.extend(name for name in found if not np.array_equal(found[name], alone[which][name]))

    threads = [threading.Thread(target=ask, args=(which % 2,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_two_sweeps_at_once_hold_their_own_adjoints():
    chosen = program(["y = a * a"], {"a": "H"}, ["y"])
    passed = chosen.run({"a": np.ones(5)}, {"H": 5}, Numbers(np.float64), differentiate={"a"})
    first = passed.sweep({"y": np.ones(5)})
    second = passed.sweep({"y": np.full(5, 3.0)})
    assert (first.of(passed.leaves["a"]) == 2).all() and (second.of(passed.leaves["a"]) == 6).all()


def test_zeros_absorb_only_where_they_are_asked_to():
    """Zero times NaN is NaN where NaN was handed in, and nothing says otherwise."""
    chosen = program(["y = x * x"], {"x": "H"}, ["y"])
    passed = chosen.run({"x": np.array([np.nan, 1.0, 2.0, 3.0, 4.0])}, {"H": 5}, Numbers(np.float64), differentiate={"x"})
    for absorbing, first in ((None, np.nan), (False, np.nan), (True, 0.0)):
        found = passed.backward({"y": np.array([0.0, 1, 1, 1, 1])}, absorbing)["x"]
        np.testing.assert_array_equal(found, [first, 2, 4, 6, 8])
