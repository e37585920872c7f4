"""The page, the table and the picture of a record: what is won, tied and lost is said plainly, and every number is the record's."""

import pytest

from refrnn.bench import page, plot, summary, table
from refrnn.commands.pictures import check, rendered

MACHINE = {
    "processor": "A chip (x86_64)", "caches": {"L1": "32K", "L2": "1M"}, "cores": 2, "threads": 2, "system": "Linux", "python": "3.12.1",
    "numpy": "2.1", "numba": "0.60", "torch": "2.13", "load": 0.0, "peak": 2e11, "bandwidth": {"512": 1e11},
}  # fmt: skip


def cell(name, steps, way, ratio, low, high, result, **more):
    """A kernel that takes a millisecond, against PyTorch and the reference."""
    spread = {"low": 0.0009, "high": 0.0011, "gflops": 50.0, "peak_share": 0.25}
    peer = {"name": "PyTorch", "kind": "peer", "seconds": ratio / 1000, "ratio": ratio, "ratio_low": low, "ratio_high": high}
    reference = {**peer, "name": "reference", "kind": "reference", "seconds": 1.5, "ratio": 1500.0, "ratio_low": 1400.0, "ratio_high": 1600.0}
    return {
        "id": name, "sizes": {"T": steps, "H": 4, "batch": 2}, "dtype": "float32", "pass": way, "ragged": False, "steps": 2 * steps, "out": {},
        "contenders": [{**spread, **reference}, {**spread, **peer}, {**spread, "name": "kernel", "kind": "kernel", "seconds": 0.001}],
        "fastest": "PyTorch", "ratio": ratio, "ratio_low": low, "ratio_high": high, "result": result,
        "roofline": {"bound": "memory", "compute_seconds": 0.1, "memory_seconds": 0.2, "roof_share": 0.6}, **more,
    }  # fmt: skip


RECORD = {
    "command": "refrnn bench --grid --peers", "machine": MACHINE, "repeats": 7, "absent": ["JAX is left out: jax not installed"],
    "cells": [
        cell("lstm", 5, "forward", 2.0, 1.9, 2.1, "won"),
        cell("lstm", 6, "forward", 0.5, 0.4, 0.6, "lost", out={"ONNX Runtime": "its process ended with status 3"}),
        cell("unfolding", 5, "forward", 1.01, 0.9, 1.1, "tied"),
    ],
}  # fmt: skip


def test_the_page_says_who_wins_where():
    text = page.page(RECORD)
    assert "    refrnn bench --grid --peers\n" in text and "on A chip (x86_64), 2 cores, caches of a core 32K L1, 1M L2;" in text
    assert "measured peak 200 GFLOP/s" in text and "NumPy 2.1, Numba 0.60, PyTorch 2.13." in text
    assert "median of 7 turns" in text and "with 2 threads" in text and "JAX is left out: jax not installed.\n" in text
    assert "## Against the fastest of the others: won 1, tied 1, lost 1 of 3" in text
    assert "|  | LSTM, forward | tanh, forward |" in text
    assert "| T 5, H 4, batch 2 | **2** (PyTorch) | 1.01 (PyTorch) |" in text and "| T 6, H 4, batch 2 | 0.5 (PyTorch) |  |" in text
    assert "| geometric mean | 1 | 1.01 |" in text
    assert "- lost: LSTM, forward, T 6, H 4, batch 2: 0.5 (0.4 to 0.6) against PyTorch\n- tied: tanh, forward, T 5" in text
    assert "- ONNX Runtime, LSTM, forward, T 6, H 4, batch 2: its process ended with status 3" in text
    assert "| LSTM, forward | T 5, H 4, batch 2 | 1 ms | 50 | 25% | memory | 1.5 s | 2 ms |" in text
    assert "Beware" not in text and "*roof* = max(operations / peak, bytes / bandwidth)" in text


def test_what_binding_wins_is_said_beside():
    first, *rest = RECORD["cells"]
    bound = {"name": "kernel, bound", "kind": "bound", "seconds": 0.0005, "low": 0.0004, "high": 0.0006}
    with_it = {**first, "bound": {"ratio": 4.0, "ratio_low": 3.0, "ratio_high": 5.0, "result": "won"}, "contenders": [*first["contenders"], bound]}
    record = {**RECORD, "cells": [with_it, *rest]}
    text = page.page(record)
    assert "With weights that are bound once (`spec.bind`): won 1, tied 0, lost 0 of 1.\n" in text and "| **2**, bound 4 (PyTorch) |" in text
    assert "| 1.5 s | 2 ms | 500 us |" in text
    lines = [line for line, _ in table.lines(record)]
    assert "500 us (400 us to 600 us) where its weights are bound once" in lines
    assert "with weights that are bound once: won 1, tied 0, lost 0 of 1" in lines


def test_the_table_says_how_errors_compare():
    first, *rest = RECORD["cells"]
    peers = [{**one, "errors": {"worst": (1.25, "d_x"), "mean": (0.5, "h")}} if "ratio" in one else one for one in first["contenders"]]
    lines = [line for line, _ in table.lines({**RECORD, "cells": [{**first, "contenders": peers}, *rest]})]
    said = "the kernel's errors are at most 1.25 times as large in the worst (d_x) and 0.5 times as large in the mean (h) as those of PyTorch"
    assert said in lines and not any("errors" in line for line, _ in table.lines(RECORD))


def test_a_busy_machine_is_said_on_the_page():
    assert "**Beware: the machine is busy (load 1.5 on 2 cores)" in page.page({**RECORD, "machine": {**MACHINE, "load": 1.5}})


def test_a_page_of_a_race_that_nobody_ended():
    lonely = {**RECORD["cells"][0], "contenders": [], "out": {"kernel": "gave no answer"}}
    for key in ("fastest", "ratio", "ratio_low", "ratio_high", "result", "roofline"):
        del lonely[key]
    text = page.page({**RECORD, "cells": [lonely], "absent": []})
    assert "Against the fastest" not in text and "kernel, LSTM, forward, T 5, H 4, batch 2: gave no answer" in text
    assert [line for line, _ in table.lines({**RECORD, "cells": [lonely]})][1] == "forward: kernel takes no part: gave no answer"


def test_geometric_means_are_of_columns():
    assert summary.geometric_means(RECORD) == pytest.approx({"LSTM, forward": 1.0, "tanh, forward": 1.01})
    assert summary.counted(RECORD) == "won 1, tied 1, lost 1 of 3"


def test_the_true_steps_of_a_ragged_cell_are_shown():
    assert summary.heading({**RECORD["cells"][0], "ragged": True, "steps": 7}) == "T 5, H 4, batch 2, 7 true steps"


@pytest.mark.parametrize("value, shown", [(2.5, "2.5 s"), (0.001, "1 ms"), (2.34567e-5, "23.5 us"), (1e-8, "0.01 us")])
def test_times_have_a_unit_that_fits(value, shown):
    assert table.seconds(value) == shown


@pytest.mark.parametrize("ending, begin", [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_a_picture_is_drawn(ending, begin):
    pytest.importorskip("matplotlib", reason="matplotlib is an optional extra")
    path = f"picture{ending}"
    check("--plot", path)
    assert rendered(plot.drawn(RECORD), path).startswith(begin)
