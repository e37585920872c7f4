"""What starts fast stays fast, and python cli.py is the command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import refrnn
from refrnn.spec.library import rows

ROOT = Path(__file__).resolve().parent.parent.parent


def python(*arguments):
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["--version"], ["verify", "--help"], ["bench", "--help"], ["plot", "--help"]])
def test_light_commands_import_neither_numba_nor_numpy(arguments):
    code = (
        "import sys; from refrnn.commands.main import main\n"
        f"try: main({arguments!r}, prog_name='refrnn')\nexcept SystemExit as end: assert not end.code\n"
        "heavy = {'numba', 'numpy'} & sys.modules.keys()\nassert not heavy, heavy"
    )
    result = python("-c", code)
    assert result.returncode == 0, result.stderr


def test_importing_refrnn_and_loading_a_spec_does_not_import_numba():
    result = python("-c", "import sys, refrnn; refrnn.load('lstm'); assert 'numba' not in sys.modules")
    assert result.returncode == 0, result.stderr


def test_cli_py_is_the_command():
    result = python("cli.py", "--version")
    assert result.returncode == 0 and result.stdout.strip() == f"refrnn, version {refrnn.__version__}"
    assert python("cli.py", "list").stdout.count("elman") == 1


def test_show_prints_every_spec():
    for name in rows():
        shown = str(refrnn.load(name))
        assert shown.startswith(f"{name}: ") and " = " in shown


def test_a_machine_of_one_thread_verifies_too():
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1"}
    result = subprocess.run(
        [sys.executable, "cli.py", "verify", "unfolding"], cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment
    )
    assert result.returncode == 0, result.stdout + result.stderr
