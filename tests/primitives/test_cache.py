"""Compiled kernels on disk: found again, never stale, and where they are put."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from refrnn.kernels.primitives import cache

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from kernels.families import pointwise
from kernels.primitives.activations import TANH
print(pointwise.apply(TANH, np.array([0.5]))[0])
from kernels.primitives.cache import folder
print(folder())
"""


@pytest.fixture
def tree(tmp_path):
    """A copy of the kernels that a test may edit."""
    shutil.copytree(cache.KERNELS, tmp_path / "kernels", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(tree, **environment):
    """tanh(0.5) by the kernels of ``tree`` in a new process, and its cache folder."""
    environment = {**os.environ, "REFRNN_CACHE_DIR": str(tree / "cache"), **environment}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tree)], capture_output=True, text=True, timeout=120, env=environment, check=True
    )
    number, folder = done.stdout.split("\n")[:2]
    return float(number), Path(folder)


def entries(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_second_process_compiles_nothing(tree):
    first, folder = run(tree)
    written = entries(folder)
    second, again = run(tree)
    assert abs(first - 0.46211715726) < 1e-9 and second == first
    assert written and again == folder and entries(folder) == written


def test_edit_of_a_called_file_is_seen(tree):
    before, folder = run(tree)
    edited = tree / "kernels" / "primitives" / "activations.py"
    text = edited.read_text()
    mended = text.replace("return copy_sign(e / (two + e), x)", "return copy_sign(e / (two + e + e), x)")
    assert mended != text
    edited.write_text(mended)
    after, other = run(tree)
    assert after != before and other != folder
    edited.write_text(text)
    assert run(tree) == (before, folder)


def test_settings_that_shape_the_code_have_their_own_entries(tree):
    _, folder = run(tree)
    _, other = run(tree, NUMBA_BOUNDSCHECK="1")
    assert other != folder


def test_place_is_the_users_cache_folder(tree):
    environment = {"XDG_CACHE_HOME": str(tree / "users"), "NUMBA_CACHE_DIR": str(tree / "numbas")}
    environment["REFRNN_CACHE_DIR"] = ""
    _, folder = run(tree, **environment)
    assert folder.parent == tree / "users" / "refrnn"
    assert not (tree / "numbas").exists()


def test_place_that_cannot_be_written_is_replaced(tree):
    occupied = tree / "occupied"
    occupied.write_text("a file, so that no folder can be made here")
    temporary = tree / "temporary"
    temporary.mkdir()
    number, folder = run(tree, REFRNN_CACHE_DIR=str(occupied), TMPDIR=str(temporary))
    assert abs(number - 0.46211715726) < 1e-9
    assert folder.parent.parent == temporary and entries(folder)
    assert folder.parent.stat().st_mode & 0o077 == 0


def test_old_folders_are_pruned_but_not_recent_ones(tree):
    base = tree / "cache"
    for age in range(12):
        old = base / f"{age:020x}"
        old.mkdir(parents=True)
        seconds = os.stat(old).st_mtime - age * 3600 * 10
        os.utime(old, (seconds, seconds))
    (base / "something else").mkdir()
    _, folder = run(tree)
    left = sorted(path.name for path in base.iterdir() if path != folder)
    assert left == [f"{age:020x}" for age in range(cache.KEPT_FOLDERS - 1)] + ["something else"]
