"""References and kernels beside a spec: found by the name it gives, compared with its symbols, and not run to do so."""

import sys

import numpy as np
import pytest

import refrnn
from refrnn.errors import SpecError
from texts import CELL

REFERENCE = '''
import numpy as np


def forward(x, h0, W, U):
    h = np.empty((len(x), len(h0)), dtype=x.dtype)
    state = h0
    for t in range(len(x)):
        state = h[t] = np.tanh(W @ x[t] + U @ state)
    return {"h": h}, {"x": x, "h0": h0, "W": W, "U": U, "h": h}


def backward(saved, d_h):
    x, h0, W, U, h = (saved[name] for name in ("x", "h0", "W", "U", "h"))
    d = {"x": np.zeros_like(x), "W": np.zeros_like(W), "U": np.zeros_like(U)}
    carry = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        delta = (d_h[t] + carry) * (1 - h[t] ** 2)
        d["x"][t] = W.T @ delta
        d["W"] += np.outer(delta, x[t])
        d["U"] += np.outer(delta, h[t - 1] if t else h0)
        carry = U.T @ delta
    return {**d, "h0": carry}
'''


def written(folder, code, name="mine.py", line="reference: mine.py"):
    (folder / "cell.yaml").write_text(CELL + line + "\n", encoding="utf-8")
    (folder / name).write_text(code, encoding="utf-8")
    return folder / "cell.yaml"


def refused(path, *words):
    with pytest.raises(SpecError) as caught:
        refrnn.load(path)
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_reference_of_ones_own(tmp_path):
    spec = refrnn.load(written(tmp_path, REFERENCE))
    assert spec.backends == ("equation", "reference", "compiled")
    values, lengths = spec.draw({"T": 6}, batch=3, dtype="float64"), [6, 1, 4]
    found = {}
    for backend in spec.backends:
        run = spec.forward(values, backend, lengths)
        found[backend] = {**run.outputs, **run.backward({"h": np.cos(run.outputs["h"])})}
    for name, array in found["equation"].items():
        np.testing.assert_allclose(found["reference"][name], array, rtol=1e-12, atol=1e-14)


def test_a_module_of_ones_own_as_backend():
    """A module handed to forward is run as a kernel is: the whole batch at once."""
    from refrnn.kernels.systems import hopfield

    spec = refrnn.load("hopfield")
    values = spec.draw(dtype="float64")
    np.testing.assert_array_equal(spec.forward(values, hopfield).outputs["X"], spec.forward(values, "kernel").outputs["X"])


def test_two_references_of_one_name_do_not_meet(tmp_path):
    folders = [tmp_path / name for name in "ab"]
    for folder, sign in zip(folders, "+-"):
        folder.mkdir()
        written(folder, REFERENCE.replace("+ U", f"{sign} U"))
    runs = []
    for folder in folders:
        spec = refrnn.load(folder / "cell.yaml")
        runs.append(spec.forward(spec.draw(dtype="float64"), "reference").outputs["h"])
    assert not np.allclose(*runs)


@pytest.mark.parametrize("old, new, words", [
    ("h0, W, U):", "h0, W):", ["forward of the reference mine.py lacks U", "its arguments must be U, W, h0, x"]),
    ("h0, W, U):", "h0, W, U, V):", ["has unknown V"]),
    ("h0, W, U):", "h0, W, **rest):", ["lacks U"]),
    ("h0, W, U):", "h0, W, U_hh):", ["lacks U and has unknown U_hh"]),
    ("backward(saved, d_h)", "backward(saved)", ["backward of the reference mine.py lacks d_h"]),
    ("backward(saved, d_h)", "backward(d_h)", ["lacks saved"]),
    ("backward(saved, d_h)", "backwards(saved, d_h)", ["has no function backward; add it"]),
    ("def backward", "async def backward", ["has no function backward; add it"]),
    ("def backward(saved, d_h):", "backward = 5\ndef other():", ["has no function backward; add it"]),
    ("def backward(saved, d_h):", "def _back(saved, d_h):\n    return {}\n\n\nbackward = _back\n\n\ndef other():", []),
    ("def backward(saved, d_h):", "def _back(saved):\n    return {}\n\n\nbackward = _back\n\n\ndef other():", ["backward of the reference mine.py lacks d_h"]),
    ("def backward(saved, d_h):", "backward = dict\n\n\ndef other():", ["has no function backward; add it, as a def of the file"]),
    ("import numpy as np", "from numpy import abs as forward", []),
    ("import numpy as np", "from numpy import forward", ["must define forward itself"]),
    ("def backward", "def backward(", ["can't be read", "mend it there"]),
    ("import numpy as np", "x = " + "(" * 300 + "1" + ")" * 300, ["can't be read"]),
    ("import numpy as np", "x = '\x00'", ["can't be read"]),
])  # fmt: skip
def test_modules_that_do_not_fit(tmp_path, old, new, words):
    assert REFERENCE.count(old) >= 1
    code = "import sys\nsys.was_run_by_loading = True\n" + REFERENCE.replace(old, new, 1)
    path = written(tmp_path, code)
    if words:
        refused(path, "cell: ", *words)
    else:
        refrnn.load(path)
    assert not hasattr(sys, "was_run_by_loading")


def test_loading_runs_no_code(tmp_path):
    spec = refrnn.load(written(tmp_path, "raise RuntimeError('run')\n" + REFERENCE))
    with pytest.raises(RuntimeError, match="run"):
        spec.forward(spec.draw(), "reference")
    with pytest.raises(RuntimeError, match="run"):  # and it is not kept half made
        spec.forward(spec.draw(), "reference")


def test_a_kernel_takes_lengths(tmp_path):
    line = "kernel: mine.py"
    refused(written(tmp_path, REFERENCE, line=line), "forward of the kernel mine.py lacks lengths")
    spec = refrnn.load(written(tmp_path, REFERENCE.replace("h0, W, U):", "h0, W, U, lengths=None):"), line=line))
    assert spec.backends == ("equation", "kernel", "compiled")


@pytest.mark.parametrize("named", ["missing.py", "mine.txt", "../mine.py", "./mine.py", "/etc/passwd", "sub", "''", ".py", "x" * 5000 + ".py", "sub/mine.py"])
def test_files_that_are_not_beside_the_spec(tmp_path, named):
    folder = tmp_path / "specs"
    (folder / "sub").mkdir(parents=True)
    for place in (tmp_path / "mine.py", folder / "mine.txt", folder / "sub" / "mine.py"):
        place.write_text(REFERENCE, encoding="utf-8")
    refused(written(folder, REFERENCE, name="other.py", line=f"reference: {named}"), "cell.yaml, line 14: there is no Python file", "beside the spec")


def test_an_edited_module_is_new_for_a_spec_that_is_loaded_again(tmp_path):
    """Also within one second and at the same length, as a test or a notebook edits."""
    path = written(tmp_path, REFERENCE)
    before = refrnn.load(path)
    values = before.draw(dtype="float64")
    first = before.forward(values, "reference").outputs["h"]
    edited = REFERENCE.replace("np.tanh(", "np.sinh(")
    assert edited != REFERENCE
    written(tmp_path, edited)
    after = refrnn.load(path)
    assert not np.array_equal(after.forward(values, "reference").outputs["h"], first)
    # What was loaded before keeps the module that it was checked with.
    np.testing.assert_array_equal(before.forward(values, "reference").outputs["h"], first)
    written(tmp_path, REFERENCE)
    np.testing.assert_array_equal(refrnn.load(path).forward(values, "reference").outputs["h"], first)


def test_a_module_in_another_encoding(tmp_path):
    path = written(tmp_path, REFERENCE)
    (tmp_path / "mine.py").write_bytes(b"# -*- coding: latin-1 -*-\n# Ger\xe4t\n" + REFERENCE.encode())
    spec = refrnn.load(path)
    assert spec.forward(spec.draw(), "reference").outputs["h"].any()
