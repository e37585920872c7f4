"""Errors against float64, and ours beside others'."""

import numpy as np
import pytest

from refrnn.bench.accuracy import beside, errors

EPS = float(np.finfo(np.float32).eps)


def test_errors_are_in_units_of_rounding_of_the_largest_magnitude():
    exact = {"h": np.array([4.0, -8.0, 0.0, 2.0]), "d_x": np.zeros(3), "unknown": np.ones(2)}
    found = {"h": (exact["h"] + 8 * EPS * np.array([1, -2, 0, 1])).astype(np.float32), "d_x": np.zeros(3, np.float32), "more": np.ones(2, np.float32)}
    assert errors(found, exact) == {"h": (2.0, 1.0)}


def test_where_ours_are_largest_beside_theirs():
    ours, theirs = {"h": (2.0, 1.0), "d_x": (6.0, 0.5), "d_W": (1.0, 1.0)}, {"h": (1.0, 0.25), "d_x": (2.0, 1.0), "d_W": (0.0, 0.0), "other": (1.0, 1.0)}
    assert beside(ours, theirs) == {"worst": (3.0, "d_x"), "mean": (4.0, "h")} and beside({}, theirs) == {}


@pytest.mark.parametrize("shape", [(), (0,)])
def test_a_number_has_an_error_and_nothing_has_none(shape):
    found = errors({"a": np.full(shape, 1.5, np.float32)}, {"a": np.full(shape, 1.0)})
    assert found == ({} if shape else {"a": (0.5 / EPS, 0.5 / EPS)})
