"""Specs and runs are sent to other processes and copied: they answer there as they do here."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import refrnn
from refrnn.compose import stack
from refrnn.errors import ValuesError
from texts import CELL

ROOT = Path(__file__).resolve().parent.parent.parent
MAKE = {
    "elman": lambda: refrnn.load("elman"),
    "skip-connections": lambda: refrnn.load("skip-connections"),
    "own": lambda: refrnn.load_text(CELL),
    "network": lambda: stack(["lstm", "gru-reset-after"]),
}
COPIES = {"pickle": lambda one: pickle.loads(pickle.dumps(one)), "deepcopy": copy.deepcopy, "copy": copy.copy}


def same(left, right):
    assert left.keys() == right.keys()
    for name, array in left.items():
        np.testing.assert_array_equal(array, right[name])
        assert array.dtype == right[name].dtype


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", MAKE)
def test_a_copy_answers_as_the_spec_does(name, how):
    spec = MAKE[name]()
    for prepared in (False, True):  # also after it was used, when much is kept that can't be pickled
        other = COPIES[how](spec)
        assert str(other) == str(spec) and other.backends == spec.backends and other.carried == spec.carried
        values = spec.draw(dtype="float64")
        for backend in spec.backends:
            run, found = spec.forward(values, backend), other.forward(values, backend)
            same(found.outputs, run.outputs)
            same(found.backward(run.outputs), run.backward(run.outputs))
            same(found.state, run.state)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", MAKE)
def test_a_copy_of_a_run(name, how):
    spec = MAKE[name]()
    values = spec.draw(dtype="float32")
    for backend in spec.backends:
        run = spec.forward(values, backend, [7, 2, 4])
        other = COPIES[how](run)
        same(other.outputs, run.outputs)
        same(other.intermediates, run.intermediates)
        same(other.state, run.state)
        same(other.backward(run.outputs), run.backward(run.outputs))
        assert repr(other) == repr(run)


@pytest.mark.parametrize("backend", ["equation", "reference", "kernel"])
def test_a_copy_of_a_run_whose_values_changed_gives_no_wrong_gradients(backend):
    spec = refrnn.load("elman")
    values = spec.draw()
    run = spec.forward(values, backend)
    before = copy.deepcopy(run)
    values["W_hh"][...] *= 2
    same(before.backward(run.outputs), run.backward(run.outputs))
    with pytest.raises(ValuesError, match="holds other values than the run had"):
        copy.deepcopy(run).backward(run.outputs)


def test_a_run_by_a_module(tmp_path, monkeypatch):
    (tmp_path / "of_mine.py").write_text("from refrnn.kernels.systems.hopfield import forward, backward\n")
    monkeypatch.syspath_prepend(tmp_path)
    import of_mine

    spec = refrnn.load("hopfield")
    run = spec.forward(spec.draw(), of_mine)
    other = pickle.loads(pickle.dumps(run))
    same(other.backward(run.outputs), run.backward(run.outputs))
    assert "by of_mine:" in repr(run) and repr(other) == repr(run)
    sys.modules.pop("of_mine")


THERE = """
import pickle, sys
spec, values = pickle.load(sys.stdin.buffer)
pickle.dump(spec.forward(values, "reference"), sys.stdout.buffer)
"""


def test_another_process():
    spec = refrnn.load("elman")
    values = spec.draw()
    done = subprocess.run([sys.executable, "-c", THERE], input=pickle.dumps((spec, values)), capture_output=True, cwd=ROOT, timeout=300)
    run, here = pickle.loads(done.stdout), spec.forward(values, "reference")
    same(run.outputs, here.outputs)
    same(run.backward(here.outputs), here.backward(here.outputs))
