"""Specs and runs are sent to other processes and copied: they answer there as they do here."""

import copy
import multiprocessing
import pickle
import sys

import numpy as np
import pytest

import refrnn
from refrnn.compose import stack
from texts import CELL

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


def test_a_run_by_a_module(tmp_path, monkeypatch):
    (tmp_path / "of_mine.py").write_text("from refrnn.kernels.systems.elman import forward, backward\n")
    monkeypatch.syspath_prepend(tmp_path)
    import of_mine

    spec = refrnn.load("elman")
    run = spec.forward(spec.draw(), of_mine)
    other = pickle.loads(pickle.dumps(run))
    same(other.backward(run.outputs), run.backward(run.outputs))
    assert "by of_mine:" in repr(run) and repr(other) == repr(run)
    sys.modules.pop("of_mine")


def _outputs(task):
    spec, values = task
    return spec.forward(values, "reference")


def test_another_process():
    spec = refrnn.load("elman")
    values = spec.draw()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        [run] = pool.map(_outputs, [(spec, values)])
    here = spec.forward(values, "reference")
    same(run.outputs, here.outputs)
    same(run.backward(here.outputs), here.backward(here.outputs))
