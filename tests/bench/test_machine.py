"""The machine's line, and the warning where other programs hold the cores."""

from refrnn.bench import machine

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
    found = machine.describe(peers=False)
    assert found["cores"] >= 1 and found["threads"] >= 1 and "torch" not in found
