"""A spec as an object: batch axes, shapes, what carries a state on, and how it looks."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

import refrnn
from refrnn.equation.parse import parse_equation
from refrnn.spec import show
from refrnn.spec.chunks import NotCarried
from refrnn.spec.library import rows
from texts import CELL, changed

IDS = rows()


@pytest.mark.parametrize("name", IDS)
def test_shapes_and_axes(name):
    spec = refrnn.load(name)
    run = spec.forward(spec.draw(batch=2), "equation")
    for key, array in {**run.outputs, **run.intermediates}.items():
        axis = spec.batch_axis(key)
        assert array.ndim == len(spec.full_shape(key)) + (axis is not None and spec.batch is None)
        assert axis is None or array.shape[axis] == 2


@pytest.mark.parametrize("name", IDS)
def test_lengths_of_time_do_not_change_what_is_defined(name):
    """T = 1 is a sequence."""
    spec = refrnn.load(name)
    values = spec.draw({size: 1 for size in spec.sizes}, batch=1, dtype="float64")
    for backend in spec.backends:
        run = spec.forward(values, backend)
        assert set(run.outputs) == set(spec.outputs) and all(np.isfinite(array).all() for array in run.outputs.values())


def test_what_depends_on_a_sequence_has_its_batch_axis():
    spec = refrnn.load_text(changed(("outputs: [h]", "  - V = U @ W\n  - z[t] = V @ x[t]\noutputs: [h, V, z]")))
    assert spec.batched == {"x", "h0", "h", "z"}
    assert [spec.batch_axis(name) for name in ("x", "h0", "W", "h", "V", "z")] == [1, 0, None, 1, None, 1]
    run = spec.forward(spec.draw(batch=2), "equation")
    assert run.outputs["V"].shape == (5, 4) and run.outputs["z"].shape == (7, 2, 5)


STARTS = [
    (["h[-1] = h0", "h[t] = tanh(W @ x[t] + U @ h[t-1])"], {"h0": ("h", True)}),
    (["h[T] = h0", "h[t] = tanh(W @ x[t] + U @ h[t+1])"], {"h0": ("h", False)}),
    (["h[-1, i] = h0[i]", "h[t, i] = tanh((W @ x[t])[i] + sum(U[i, j] * h[t-1, j] for j in range(H)))"], {"h0": ("h", True)}),
    (["h[T, i] = h0[i]", "h[t, i] = tanh((W @ x[t])[i] + sum(U[i, j] * h[t+1, j] for j in range(H)))"], {"h0": ("h", False)}),
    (["h[-1] = 2 * h0", "h[t] = tanh(W @ x[t] + U @ h[t-1])"], {}),
    (["h[-1, i] = U[i, i]", "h[t, i] = tanh((W @ x[t])[i] + h0[i] + h[t-1, i])"], {}),
    (["h[t] = h0", "y[t] = h[t] + W @ x[t] + U @ h0"], {}),
    (["h[0] = h0", "h[t+1] = tanh(W @ x[t] + U @ h[t])"], {"h0": ("h", True)}),
    (["h[-1] = h0", "h[t] = tanh(W @ x[t] + U @ (stop(h[t-1]) if t % 3 == 0 and T > 4 else h[t-1]))"], {"h0": ("h", True)}),
    (["h[-1] = h0", "h[t] = z[t]", "z[t] = tanh(W @ x[t] + U @ h[t-1])", "y[t] = sum(h[j] for j in range(t+1))"], {"h0": ("h", True)}),
    # The next chunk has the row already, another number of steps, steps of other numbers, or lacks what was before.
    (["h[0] = h0", "h[t] = tanh(W @ x[t] + U @ h[t-1])"], {}),
    (["h[-1] = h0", "h[t] = tanh(W @ x[t] + U @ h[t-1]) / T"], {}),
    (["h[-1] = h0", "h[t] = tanh(W @ x[t] + U @ h[t-1] * t)"], {}),
    (["h[-1] = h0", "h[2] = h0", "h[t] = tanh(W @ x[t] + U @ h[t-1])"], {}),
    (["h[-1] = h0", "h[t] = tanh(W @ (x[t-1] if t > 0 else x[t]) + U @ h[t-1])"], {}),
    (["h[-1] = h0", "h[t] = tanh(W @ x[T-1-t] + U @ h[t-1])"], {}),
    (["h[-1] = h0", "h[t] = tanh(W @ x[t] + U @ (h[t-2] if t > 0 else h[t-1]))"], {}),
    (["h[-1] = h0", "h[t] = z[t] + U @ h[t-1]", "z[t] = sum(W @ x[j] for j in range(t+1))"], {}),
    (["h[-1] = h0", "h[t] = v + U @ h[t-1]", "v = W @ x[T-1]"], {}),
    (["h[-1] = h0", "h[t] = tanh(z[t] + U @ h[t-1])", "z[T] = zeros(H)", "z[t] = W @ x[t] + U @ z[t+1]"], {}),
    (["h[-1] = h0", "h[t] = tanh(z[t-1] + U @ h[t-1])", "z[-1] = zeros(H)", "z[t] = W @ x[t]"], {}),
    (["h[-1] = g", "g = h0", "h[t] = tanh(W @ x[t] + U @ h[t-1])"], {}),
]  # fmt: skip


@pytest.mark.parametrize("lines, carried", STARTS)
def test_carried(lines, carried):
    lines = "\n".join(f"  - {line}" for line in lines)
    values = "".join(f"  {name}: {{role: value, shape: [T, H]}}\n" for name in "hz" if f"- {name}[" in lines)
    text = CELL[: CELL.index("equations:")] + f"{values}equations:\n{lines}\noutputs: [{'y' if 'y[t]' in lines else 'h'}]\n"
    spec = refrnn.load_text(text)
    assert spec.carried == carried


def test_what_goes_on_may_depend_on_constants():
    """With the truth fed, the first step of a chunk would lack the truth before it."""
    spec = refrnn.load("teacher-forcing")
    assert spec.carried == {} and spec.begun == {"s0": ("s", True), "o0": ("o", True)}
    for forced, starts in ((0, {"s0", "o0"}), (1, set())):
        state = spec.forward({**spec.draw(), "forced": forced}, "equation").state
        assert {start for start, last in state.items() if not isinstance(last, NotCarried)} == starts


@pytest.mark.parametrize("condition, goes_on", [
    ("K == 1", True), ("K > 0 or t > 0", True), ("K < 2 or K > 2", True), ("K >= 1 and 2 > K", True), ("K != 1", False), ("K > 1 and t > 0", False),
    ("K == 1 and t > 0", False), ("t > 0 or K == 2", False),
])  # fmt: skip
def test_conditions_that_constants_decide(condition, goes_on):
    """Only the branch without t can be taken in chunks."""
    text = changed(("  h0:", "  K: {role: constant, type: integer, shape: []}\n  h0:"), ("U @ h[t-1]", f"U @ (h[t-1] if {condition} else t * h[t-1])"))
    assert [one.start for one in refrnn.load_text(text).continuing({"K": 1})] == ["h0"] * goes_on
    assert refrnn.load_text(text).carried == {}


def test_a_continued_spec_is_the_spec_unless_a_learned_start_comes_with_a_batch():
    spec = refrnn.load("state-space")
    values = spec.draw(batch=2)
    assert spec.continued(values) is spec and refrnn.load("elman").continued(refrnn.load("elman").draw()).id == "elman"
    each = {**values, "h_start": np.repeat(values["h_start"][None], 2, axis=0)}
    other = spec.continued(each)
    assert other.symbols["h_start"].role == "start" and other is spec.continued(each)
    assert spec.symbols["h_start"].role == "parameter"


def test_a_changed_copy_finds_its_own_states():
    spec = refrnn.load("elman")
    assert spec.carried == {"h0": ("h", True)}
    start = parse_equation("h[-1] = 2 * h0", "own")
    assert replace(spec, equations=(start, *spec.equations[1:])).carried == {}


@pytest.mark.parametrize("name", IDS)
def test_how_it_looks(name):
    spec = refrnn.load(name)
    text, html, latex = str(spec), show.html(spec), show.latex(spec)
    assert spec.title in text and all(len(line) <= 100 for line in text.partition("\nsymbols")[0].split("\n"))
    assert html.count("<math") >= len(spec.equations) and latex.count(" &= ") == len(spec.equations)
    assert show.code(spec).count("def ") >= 2


def test_how_the_cell_looks():
    spec = refrnn.load_text(changed(("title: A cell", "title: A <b>cell</b> & more")))
    assert "h\u209c = tanh(W x\u209c + U h\u209c\u208b\u2081)" in str(spec)
    assert "<b>" not in show.html_page(spec) and "&lt;b&gt;" in show.html_page(spec)
    assert show.latex(spec).startswith(r"\begin{align*}") and show.code(spec) is None


def test_a_record_stays_and_what_follows_from_it_is_its_own():
    spec = refrnn.load("elman")
    with pytest.raises(FrozenInstanceError):
        spec.outputs = ("y",)
    other = replace(spec, outputs=("y",))
    assert "h" in spec.bounding_shapes and other.outputs == ("y",) and "x" in spec.__dict__["arrays"] and "arrays" not in vars(replace(spec))
