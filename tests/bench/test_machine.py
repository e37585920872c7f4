"""The machine's line, and the warning where other programs hold the cores."""

import pytest

from refrnn.bench import machine
from refrnn.errors import RefrnnError

ONE = {"processor": "x86_64", "cores": 1, "threads": 1, "python": "3.12.1", "numpy": "2.0", "numba": "0.60", "load": 0.1}


def test_line():
    assert machine.line(ONE) == "x86_64, 1 core, 1 thread, Python 3.12.1, NumPy 2.0, Numba 0.60"
    assert "4 cores, 2 threads" in machine.line({**ONE, "cores": 4, "threads": 2})


def test_busy_machine():
    assert machine.warning(ONE) is None
    assert machine.warning({**ONE, "load": None}) is None
    assert machine.warning({**ONE, "cores": 4, "load": 1.9}) is None
    assert "load 2.1 on 4 cores" in machine.warning({**ONE, "cores": 4, "load": 2.1})


def test_this_machine_is_described():
    found = machine.describe(False, 1)
    assert found["cores"] >= 1 and found["threads"] == 1 and {"numpy", "numba", "python"} <= found.keys() and "torch" not in found
    assert "1 thread, Python" in machine.line(found)


def test_threads_are_one_a_core_or_those_asked_for():
    assert machine.threads(None) == machine.cores() and machine.threads(1) == 1
    with pytest.raises(RefrnnError, match="more than the"):
        machine.threads(machine.cores() + 1)


def test_every_library_is_told_how_many_threads():
    assert set(machine.environment(3)) == set(machine.VARIABLES) and set(machine.environment(3).values()) == {"3"}
    assert "multi_thread_eigen=false" in machine.environment(1)["XLA_FLAGS"]
