"""The truth is in extended precision, or verify says that it can't be."""

import numpy as np
import pytest

import refrnn
from refrnn.errors import RefrnnError
from refrnn.verify import precision, truth
from refrnn.verify.cases import Case


def test_this_machine_can_tell():
    precision.require_extended()


@pytest.mark.parametrize("number, lacks", [(np.float64, "no more digits"), (np.float32, "no more digits")])
def test_where_long_double_is_float64(number, lacks):
    with pytest.raises(RefrnnError, match=lacks) as caught:
        precision.require_extended(number)
    assert "x86-64" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["exp", "log", "tanh"])
def test_where_functions_are_less_precise(name, monkeypatch):
    """Some systems compute their long functions in double."""
    function = getattr(np, name)
    monkeypatch.setattr(precision.np, name, lambda x: np.longdouble(function(np.float64(x))))
    with pytest.raises(RefrnnError, match=f"computes {name} in a lower precision"):
        precision.require_extended()


def test_where_the_range_is_that_of_float64(monkeypatch):
    """As where a number is the sum of two of float64."""
    monkeypatch.setattr(precision.np, "isfinite", lambda x: abs(x) < np.finfo(np.float64).max)
    with pytest.raises(RefrnnError, match="no wider range"):
        precision.require_extended()


def test_no_truth_without_it(monkeypatch):
    monkeypatch.setattr(truth, "require_extended", lambda: precision.require_extended(np.float64))
    with pytest.raises(RefrnnError, match="extended precision"):
        truth.Truth(refrnn.load("elman"), Case("plain"))
