"""A spec as an object: batch axes, shapes, what carries a state on, and how it looks."""

import numpy as np
import pytest

import refrnn
from refrnn.spec import show
from texts import CELL, changed

IDS = refrnn.ids()


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
    (["h[-1] = g", "g = h0", "h[t] = tanh(W @ x[t] + U @ h[t-1])"], {}),
]  # fmt: skip


@pytest.mark.parametrize("lines, carried", STARTS)
def test_carried(lines, carried):
    lines = "\n".join(f"  - {line}" for line in lines)
    text = CELL[: CELL.index("equations:")] + f"  h: {{role: value, shape: [T, H]}}\nequations:\n{lines}\noutputs: [{'y' if 'y[t]' in lines else 'h'}]\n"
    spec = refrnn.load_text(text)
    assert spec.carried == carried


def test_a_continued_spec_is_the_spec_unless_a_learned_start_comes_with_a_batch():
    spec = refrnn.load("state-space")
    values = spec.draw(batch=2)
    assert spec.continued(values) is spec and refrnn.load("elman").continued(refrnn.load("elman").draw()).id == "elman"
    each = {**values, "h_start": np.repeat(values["h_start"][None], 2, axis=0)}
    other = spec.continued(each)
    assert other.symbols["h_start"].role == "start" and other is spec.continued(each)
    assert spec.symbols["h_start"].role == "parameter"


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
