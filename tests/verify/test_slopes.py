"""Gradients of what equations may say: one that is wrong, is refused or raises is found, whatever is verified."""

from dataclasses import replace

import pytest
from unit import unit

from refrnn.backends.run import Run
from refrnn.backends.sequences import Sequences
from refrnn.equation.functions import FUNCTIONS
from refrnn.equation.lanes import Lanes, _each, _on_lanes
from refrnn.verify import slopes
from refrnn.verify.adjoint import Followed
from refrnn.verify.slopes import AT_ZERO, LETTERS, MATRICES, PIECES, STATES, VECTORS, misled
from refrnn.verify.verify import verify_spec


@pytest.fixture(autouse=True)
def _anew():
    misled.cache_clear()
    yield
    misled.cache_clear()


def changed(monkeypatch, name, **changes):
    """One function is another one, for many runs at once too."""
    function = replace(FUNCTIONS[name], **changes)
    monkeypatch.setitem(FUNCTIONS, name, function)
    monkeypatch.setitem(Lanes.functions, name, function if function.elementwise else _on_lanes(function, _each))


def test_every_gradient_is_right():
    assert misled() == []


def test_every_function_is_asked():
    texts = " ".join((*MATRICES, *VECTORS, *LETTERS, *PIECES, STATES, *AT_ZERO))
    operators = {name for name, function in FUNCTIONS.items() if function.operator}
    assert [name for name in FUNCTIONS.keys() - operators if f"{name}(" not in texts] == []


@pytest.mark.parametrize("name, changes, told", [
    ("sqrt", {"pull": lambda g, out, z: (g / out,)}, "differs from complex step"),
    ("elu", {"pull": lambda g, out, z: (g,)}, "differs from central differences"),
    ("sqrt", {"adjoint": ("g / out",)}, "from that of its adjoint equations"),
    ("exp", {"adjoint": ("g",)}, "from that of its adjoint equations"),
])  # fmt: skip
def test_a_slope_that_is_wrong(name, changes, told, monkeypatch):
    changed(monkeypatch, name, **changes)
    found = misled()
    assert found and all(text.startswith("language: ") for text in found) and told in found[0]


def test_zero_has_no_slope_that_is_no_number(monkeypatch):
    """Of the tape, which adjoint equations then differ from."""
    changed(monkeypatch, "norm", pull=lambda g, out, *arrays: tuple(g * array / out for array in arrays))
    at_zero = [f"language: the gradient of {name} at zero, where pieces meet, is not what it should be" for name in "ab"]
    assert misled()[:2] == at_zero and misled()[2].endswith("differs by inf from that of its adjoint equations (allowed 1e-15)")


@pytest.mark.parametrize("name, changes", [
    ("min", {"adjoint": ("g if a < b else 0", "0 if a < b else g")}), ("max", {"adjoint": ("g if a >= b else 0", "g if a <= b else 0")}),
    ("abs", {"adjoint": ("g if a >= 0 else -g",)}), ("relu", {"adjoint": ("g if a >= 0 else 0",)}),
])  # fmt: skip
def test_where_pieces_meet(name, changes, monkeypatch):
    changed(monkeypatch, name, **changes)
    (found,) = misled()
    assert found.startswith("language: at zero the gradient of ") and found.endswith("from that of its adjoint equations (allowed 1e-15)")


def test_a_gradient_that_is_written_out_wrong(monkeypatch):
    """As a spec that loads: what was handed in for each sequence is one for all."""
    monkeypatch.setattr("refrnn.spec.gradient._role", lambda spec, name: "parameter")
    (found,) = misled()
    assert "raises ValuesError" in found and "written-out-gradient" in found


def test_a_gradient_that_is_written_out_as_another_one(monkeypatch):
    right = Run.backward
    monkeypatch.setattr(Run, "backward", lambda self, upstream: {name: array * (1 + (name == "E")) for name, array in right(self, upstream).items()})
    assert misled() == ["language: the gradient of E, written out as a spec, gives a batch other numbers"]


def test_many_runs_at_once_that_do_not_part_where_they_decide_otherwise(monkeypatch):
    monkeypatch.setattr(Lanes, "_agreed", lambda self, condition: bool(condition.any()))
    found = misled()
    assert found and all(text.startswith("language: equation: ") and "in case usual" in text for text in found)


def test_an_output_of_all_sequences_that_counts_at_a_short_one(monkeypatch):
    monkeypatch.setattr(Sequences, "_first_of_all", lambda self, name: 0)
    assert misled() == ["language: the gradient of an output of all sequences is not that of its own steps"]


def test_a_gradient_that_is_refused(monkeypatch):
    monkeypatch.setattr(slopes, "follow", lambda spec, truths: Followed(refused="it has none"))
    assert misled() == 5 * ["language: its gradient is no equations: it has none"] + ["language: at zero its gradient is no equations: it has none"]


def test_a_gradient_that_raises(monkeypatch):
    def raises(spec, truth):
        raise KeyError("h")

    monkeypatch.setattr(slopes, "confirm", raises)
    assert misled() == 5 * ["language: a gradient of the language raises KeyError ('h')"]


def test_it_is_a_failure_of_whatever_is_verified(monkeypatch):
    changed(monkeypatch, "sqrt", adjoint=("g / out",))
    (found,) = {text for text in verify_spec(unit()).failures if "adjoint" in text and "of U " in text}
    assert found.startswith("language: the gradient of U differs by ")
