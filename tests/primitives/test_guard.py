"""No kernel touches memory beside its arrays, or memory that was freed: each array lies between pages that end the process."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import refrnn
from refrnn.spec.library import rows
from refrnn.verify.cases import cases

ROOT = Path(__file__).resolve().parent.parent.parent

CHILD = """
import os, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from tests.guard import Guard
from refrnn.kernels.primitives.tasks import Tasks

@Tasks("x: floats (N); place: number")
def read(index, N, x, place):
    x[0] = x[place]

@Tasks("x: floats (N); place: number")
def write(index, N, x, place):
    x[place] = 1

def on(x, kernel, place):
    kernel.run(1, x.dtype, x=x, place=place, work=0)

warm = np.zeros(5, np.float32)
on(warm, read, 4), on(warm, write, 4)
with Guard(at_end={at_end}):
    x = np.zeros(5, np.float32)
    on(x, read, 4), on(x, write, 4), on(x, read, 0), on(x, write, 0)
    x += np.concatenate([x[:2], x[2:]])  # NumPy's own are content
    print("inside", flush=True)
    {beyond}
os._exit(0)
"""


def ended(at_end, beyond):
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(at_end=at_end, beyond=beyond), str(ROOT)], capture_output=True, text=True, timeout=300, cwd=ROOT
    )
    assert done.stdout.strip() == "inside", done.stderr
    return done.returncode


FREED = "place = x.ctypes.data; del x; import ctypes; ctypes.string_at(place, 4)"


@pytest.mark.parametrize(
    "at_end, beyond",
    [(True, "on(x, read, 5)"), (True, "on(x, write, 5)"), (False, "on(x, read, -1)"), (False, "on(x, write, -1)"), (True, FREED)],
)
def test_one_number_beside_an_array_ends_the_process(at_end, beyond):
    assert ended(at_end, beyond) == -signal.SIGSEGV


@pytest.mark.parametrize("at_end", [True, False])
def test_what_lies_inside_is_let_be(at_end):
    assert ended(at_end, "") == 0


@pytest.mark.parametrize("side, names", [("end", ("ragged-float32", "width-20-float64", "one-small-17-float32")), ("start", ("ragged-float32",))])
def test_no_kernel_leaves_its_arrays(side, names):
    done = subprocess.run(
        [sys.executable, "-m", "tests.guard", side, *names], capture_output=True, text=True, timeout=600, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    passes = sum(case.name in names for spec in map(refrnn.load, rows()) for case in cases(spec))
    assert int(done.stdout.split()[0]) == passes > 0
