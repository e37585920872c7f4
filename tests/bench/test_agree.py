"""Who is wrong among contenders."""

import numpy as np
import pytest

import refrnn
from refrnn.bench import problem
from refrnn.bench.agree import allowed, needed, refused

RIGHT = {"h": np.array([1.0, -2.0]), "d_W": np.array([[3.0]])}


def wrong(**arrays):
    return {**RIGHT, **{name: np.array(array) for name, array in arrays.items()}}


def test_who_differs_from_most_is_wrong():
    found = refused({"A": wrong(h=[1.0, -2.1]), "B": RIGHT, "C": wrong(h=[1.0, -2.001])}, ["h"], 0.01)
    assert list(found) == ["A"] and found["A"].startswith("its h differs from that of B by 0.05 of its scale, where rounding explains 0.01")


def test_of_two_the_first_is_right():
    assert list(refused({"A": RIGHT, "B": wrong(d_W=[[4.0]])}, [], 0.01)) == ["B"]


@pytest.mark.parametrize("array", [[np.nan, -2.0], [1.0, np.inf], [1.0], [[1.0, -2.0]], [-1.0, 2.0]])
def test_what_is_no_number_and_of_another_shape_is_wrong(array):
    with np.errstate(invalid="ignore"):
        assert list(refused({"A": RIGHT, "B": wrong(h=array), "C": RIGHT}, [], 0.01)) == ["B"]
        assert list(refused({"A": wrong(h=array), "B": RIGHT, "C": RIGHT}, [], 0.01)) == ["A"]


def test_what_is_needed_has_to_be_given_and_the_rest_may_be():
    less = {"h": RIGHT["h"]}
    assert refused({"A": RIGHT, "B": less}, ["h"], 0.01) == {}
    assert refused({"A": RIGHT, "B": less}, ["h", "d_W"], 0.01) == {"B": "it does not give d_W"}
    assert list(refused({"A": {}, "B": {}}, ["h"], 0.01)) == ["A", "B"]


def test_needed_of_an_lstm():
    spec = refrnn.load("lstm")
    found = problem.make(spec, {"T": 3, "I": 2, "H": 2}, 2)
    assert needed(found, problem.FORWARD) == ["h"]
    assert set(needed(found, problem.BOTH)) == {"h", "d_x", "d_h0", "d_c0", "d_W", "d_b"}


def test_a_finer_precision_allows_less():
    spec = refrnn.load("lstm")
    coarse, fine = (allowed(problem.make(spec, {"T": 3, "I": 2, "H": 2}, 2, dtype)) for dtype in ("float32", "float64"))
    assert 0 < fine < 1e-7 < coarse < 1e-2
