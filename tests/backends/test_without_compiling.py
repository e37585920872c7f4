"""Where Numba may not compile, kernels say so in one sentence, all else answers, and commands end with status 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from texts import CELL

ROOT = Path(__file__).resolve().parent.parent.parent
SENTENCE = "kernels exist as machine code only, and NUMBA_DISABLE_JIT forbids to compile them; unset it, or use the reference or the equation"

LIBRARY = f"""
import numpy as np, refrnn
for name in ("elman", "one-hot", "markov-factorisation"):
    spec = refrnn.load(name)
    values = spec.draw()
    for backend in ("equation", "reference"):
        spec.forward(values, backend)
    try:
        spec.forward(values)
    except refrnn.RefrnnError as error:
        assert str(error).endswith({SENTENCE!r}) and name.replace("-", "_") in str(error)
    else:
        assert False, name
"""
ALONE = """
import sys, types
package = types.ModuleType("kernels")
package.__path__ = ["kernels"]
sys.modules["kernels"] = package
import numpy as np
from kernels.systems import hopfield
import refrnn
try:
    hopfield.forward(**refrnn.load("hopfield").draw(dtype="float32"))
except RuntimeError as error:
    assert str(error) == "kernels exist as machine code only; unset NUMBA_DISABLE_JIT to run them"
else:
    assert False
"""


def python(*arguments, folder=ROOT):
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, env=environment, timeout=300)


@pytest.mark.parametrize("program", [LIBRARY, ALONE])
def test_kernels_say_so(program):
    done = python("-c", program)
    assert done.returncode == 0, done.stderr


def test_a_kernel_of_one_s_own_that_compiles_nothing_runs(tmp_path):
    (tmp_path / "cell.yaml").write_text(CELL + "kernel: mine.py\n")
    body = "    return {'h': np.zeros((*x.shape[:2], len(U)), x.dtype)}, {}\n"
    (tmp_path / "mine.py").write_text(f"import numpy as np\ndef forward(x, h0, W, U, lengths=None):\n{body}def backward(saved, d_h):\n    pass\n")
    done = python("-c", "import refrnn; spec = refrnn.load('cell.yaml'); print(spec.forward(spec.draw())['h'].sum())", folder=tmp_path)
    assert done.stdout == "0.0\n", done.stderr


@pytest.mark.parametrize("command", ["bench unfolding", "verify clip-value"])
def test_commands_could_not_check(command):
    done = python("-m", "refrnn", *command.split())
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert " ".join((done.stdout + done.stderr).split()).count(SENTENCE) == 1


def test_numba_that_can_not_be_imported():
    environment = {**os.environ, "NUMBA_NUM_THREADS": "0"}
    done = subprocess.run([sys.executable, "-m", "refrnn", "verify", "clip-value"], cwd=ROOT, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 2 and "could not check" in done.stdout
    assert "Numba can't be imported (Number of threads specified must be > 0.); mend that, or use the reference or the equation" in done.stdout


def test_what_needs_no_kernel_is_checked():
    for command in ("verify clip-value --backends equation,reference", "errata --lecture ds4440"):
        done = python("-m", "refrnn", *command.split())
        assert done.returncode == 0, done.stdout
