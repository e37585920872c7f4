"""What the language of equations means is held against Python: an operation that means another thing is found, whatever is verified."""

import numpy as np
import pytest
from unit import unit

from refrnn.verify import language
from refrnn.verify.language import TEXT, misread
from refrnn.verify.verify import verify_spec

ONES = {
    "whole": ("(t - 4) // 2 * a", "(t - 3) // 2 * a"),
    "moved": ("(7 * t + 1) // 2 % N", "(7 * t + 2) // 2 % N"),
    "chosen": ("t < 2 or", "t < 3 or"),
    "told": ("x[t, N-1] <= a", "x[t, N-1] >= a"),
    "added": ("range(1, N)", "range(0, N-1)"),
    "taken": ("min(x[t], v)", "max(x[t], v)"),
    "bent": ("elu(x[t])", "relu(x[t])"),
    "waved": ("inv(M)", "inv(M.T)"),
    "shared": ("softmax(3 * x[t])", "softmax(2 * x[t])"),
    "turned": ("outer(x[t], v)", "outer(v, x[t])"),
    "joined": ("zeros(2)", "v"),
    "hot": ("argmax(x[t])", "argmax(v)"),
    "raised": ("** 9", "** 8"),
}


@pytest.fixture(autouse=True)
def _anew():
    misread.cache_clear()
    yield
    misread.cache_clear()


def test_every_operation_means_what_it_means_in_python():
    assert misread() == []


def test_every_output_has_an_operation_that_changes_it():
    assert f"outputs: [{', '.join(ONES)}]" in TEXT


@pytest.mark.parametrize("name", ONES)
def test_an_operation_that_means_another_thing(name, monkeypatch):
    old, new = ONES[name]
    assert TEXT.count(old) >= 1
    line = next(line for line in TEXT.splitlines() if line.startswith(f"  - {name}[t]"))
    monkeypatch.setattr(language, "TEXT", TEXT.replace(line, line.replace(old, new, 1)))
    assert misread() == [f"language: {name} is not what Python makes of it"]


def test_it_is_a_failure_of_whatever_is_verified(monkeypatch):
    monkeypatch.setattr(language, "_meant", lambda t, right=language._meant, **values: {**right(t, **values), "hot": np.zeros(4)})
    assert verify_spec(unit()).failures == ["language: hot is not what Python makes of it"]
