"""refrnn bench: what it prints and writes, and what it refuses; never how fast anything is."""

import json
import os
import re
import subprocess
import sys

import numpy  # noqa: F401  loaded, as in every process but that of the command itself
import pytest
from click.testing import CliRunner

from refrnn.commands.main import main

TINY = ["--steps", "3", "--batch", "2", "--hidden", "4", "--input", "5", "--repeats", "2"]


def bench(*arguments):
    return CliRunner().invoke(main, ["bench", *arguments])


def test_prints_ratios_with_their_spread():
    done = bench("unfolding", *TINY)
    assert done.exit_code == 0, done.output
    assert re.search(r"\d cores?, \d+ threads?, Python .*, NumPy .*, Numba .*; float32, 2 turns", done.stdout)
    pattern = r"kernel is [\d.e+]+ times as fast as the reference \([\d.e+-]+ to [\d.e+-]+\)"
    assert len(re.findall(pattern, done.stdout)) == 2
    assert "T 3, I 5, H 4, batch 2" in done.stdout


def test_progress_is_on_standard_error_only():
    done = bench("unfolding", *TINY)
    assert "bench" in done.stderr and "\r" not in done.stdout


def test_json(tmp_path):
    path = tmp_path / "bench.json"
    done = bench("gru-reset-before", "unfolding", *TINY, "--dtype", "float64", "--json", str(path))
    assert done.exit_code == 0, done.output
    data = json.loads(path.read_text())
    assert {"cores", "threads", "python", "numpy", "numba"} <= data["machine"].keys()
    keys = {"id", "sizes", "dtype", "pass", "contender", "ratio", "low", "high"}
    assert all(keys <= row.keys() for row in data["rows"])
    assert [(row["id"], row["pass"], row["contender"]) for row in data["rows"]] == [
        ("gru-reset-before", "forward", "reference"),
        ("gru-reset-before", "forward", "batched NumPy"),
        ("gru-reset-before", "forward + backward", "reference"),
        ("gru-reset-before", "forward + backward", "batched NumPy"),
        ("unfolding", "forward", "reference"),
        ("unfolding", "forward + backward", "reference"),
    ]
    assert {row["dtype"] for row in data["rows"]} == {"float64"}


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["lsmt"], "did you mean lstm"),
        (["clip-norm", "--hidden", "3"], "clip-norm: --hidden means nothing here"),
        (["unfolding", "--peers"], "no peer answers unfolding"),
        (["unfolding", "--threads", "100000"], "more than"),
        (["unfolding", "--threads", "1"], "command of its own"),
        (["unfolding", "--json", "nowhere/at/all.json"], "is not there; make it first"),
        (["unfolding", "--steps", "0"], "--steps"),
        (["unfolding", "--dtype", "float16"], "--dtype"),
        (["unfolding", "--repeats", "0"], "--repeats"),
        (["unfolding", "--steps", "2147483647"], "choose smaller sizes"),
    ],
)
def test_refusals_are_one_clear_line(arguments, words):
    done = bench(*arguments)
    assert done.exit_code == 2
    error = done.stderr.strip().splitlines()[-1]
    assert error.startswith("Error: ") and words in error
    assert not done.stdout


def test_threads_are_honoured_by_all():
    program = (
        "import os; from refrnn.commands.main import main\n"
        f"main({['bench', 'unfolding', *TINY, '--threads', '1']!r}, standalone_mode=False)\n"
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '1'\n"
        "import numba; assert numba.config.NUMBA_NUM_THREADS == 1\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert ", 1 thread," in done.stdout
