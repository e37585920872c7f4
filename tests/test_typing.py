"""The public face is annotated, says so to type checkers, and passes one where it is installed."""

import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import refrnn
from refrnn import compose
from refrnn.backends.run import Run
from refrnn.spec.spec import Spec

PUBLIC = [refrnn.load, refrnn.load_text, refrnn.ids, *(getattr(compose, name) for name in compose.__all__)]
PUBLIC += [Spec.draw, Spec.forward, Spec.parameters, Spec.arrays, Spec.backends, Spec.carried, Spec.delayed]
PUBLIC += [Run.backward, Run.state, Run.intermediates, Run.__getitem__]

GOOD = """
import numpy as np
import refrnn
from refrnn.compose import bidirectional, feed_forward, stack

spec = refrnn.load("lstm")
values = spec.draw(sizes={"T": 7, "H": 5}, batch=3, seed=0, dtype="float32")
run = spec.forward(values, backend="kernel", lengths=[7, 2, 5])
run = spec.forward(values | run.state, lengths=np.array([1, 2, 3]))
d_h = run.outputs["h"] - run["c"]
gradients = run.backward({"h": d_h})
for name in spec.parameters:
    values[name] -= 0.1 * gradients[name]
network = stack([bidirectional("lstm"), feed_forward("softmax"), refrnn.load_text("text")])
shapes: list[tuple[int, ...]] = [run.intermediates[name].shape for name in refrnn.ids() if name in spec.backends]
"""
WRONG = {
    "refrnn.load(5)": "arg-type",
    "spec.draw(batch='three')": "arg-type",
    "spec.forward(values, lengths='abc', backend=3)": "arg-type",
    "run.backward(3)": "arg-type",
    "run.output": "attr-defined",
    "stack(3)": "arg-type",
}


def function_of(public):
    return getattr(public, "fget", None) or getattr(public, "func", None) or public


@pytest.mark.parametrize("public", PUBLIC, ids=lambda public: function_of(public).__qualname__)
def test_all_is_annotated(public):
    signature = inspect.signature(function_of(public))
    assert signature.return_annotation is not signature.empty
    for name, parameter in signature.parameters.items():
        assert name == "self" or parameter.annotation is not parameter.empty, name


def test_type_checkers_are_told():
    assert (Path(refrnn.__file__).parent / "py.typed").is_file()
    root = Path(__file__).resolve().parent.parent
    assert "refrnn = py.typed" in (root / "setup.cfg").read_text()


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="no type checker is installed")
def test_a_type_checker_finds_what_is_wrong_and_nothing_else(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(GOOD + "".join(f"{line}\n" for line in WRONG))
    first = GOOD.count("\n") + 1
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", "--cache-dir", str(tmp_path / "cache"), str(path)],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "MYPYPATH": str(Path(refrnn.__file__).parent.parent)},
    )  # fmt: skip
    found = {(int(line.split(":")[1]), line.rsplit("[", 1)[-1].rstrip("]")) for line in done.stdout.splitlines() if ": error:" in line}
    assert found == {(first + place, code) for place, code in enumerate(WRONG.values())}, done.stdout
