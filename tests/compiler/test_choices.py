"""Whole numbers that choose: a kernel for each choice, with the lines of that side alone, which is never run for another."""

import itertools
import pickle
import re

import numpy as np
import pytest

import refrnn
from refrnn.backends.run import module_of
from refrnn.compiler.choices import choosing, chosen
from refrnn.compiler.load import module, obstacle, source
from refrnn.compose import stack
from refrnn.errors import SpecError, ValuesError
from refrnn.equation.tree import Choice, is_on_indices, names_of, walk

CELL = """
id: choosy
title: A cell that chooses
sizes: {T: steps, I: inputs, H: units}
symbols:
  x: {role: input, shape: [T, I]}
  h0: {role: start, shape: [H]}
  W: {role: parameter, shape: [H, I]}
  U: {role: parameter, shape: [H, H]}
  V: {role: parameter, shape: [H, H]}
  f: {role: constant, shape: [], type: integer, low: 0, high: 3}
  g: {role: constant, shape: [], type: integer, low: 0, high: 1}
  D: {role: constant, shape: [], type: integer, low: 1, high: 3}
  n: {role: constant, shape: [], type: integer, low: 0, high: 1000}
  a: {role: value, shape: [T, H]}
  h: {role: value, shape: [T, H]}
equations:
  - h[-1] = h0
  - a[t] = W @ x[t] + (U @ h[t-1] if f < 2 else V @ h[t-1])
  - >-
    h[t] = (tanh(a[t]) if g == 0 and t >= D else sigmoid(a[t]) if n > 500 else max(a[t], 0)) if f == 0 or not f < 2 else
    a[t] / (1 + abs(a[t]))
outputs: [h]
"""
NEAR = 1e-12  # both compute in float64
PLAIN = {"f": 0, "g": 0, "D": 1, "n": 1000}
ONNX = [name for name in refrnn.ids() if name.startswith("onnx-")]


def values_of(spec, **constants):
    return spec.draw({"T": 5}, batch=3, seed=2, dtype="float64") | constants


def answers(run):
    gradients = run.backward({name: np.cos(np.arange(array.size)).reshape(array.shape) for name, array in run.outputs.items()})
    return run.outputs | {f"d_{name}": gradient for name, gradient in gradients.items()}


def assert_same(found, right):
    assert found.keys() == right.keys()
    for name, array in right.items():
        assert np.abs(found[name] - array).max() <= NEAR * max(1, np.abs(array).max()), name


def test_which_numbers_choose():
    """Those that are compared with numbers alone, and of which there are few: no delay, and none of a thousand."""
    assert choosing(refrnn.load_text(CELL)) == ("f", "g")
    assert choosing(refrnn.load("onnx-lstm")) == ("f", "g", "h", "input_forget", "reverse")
    read = CELL.replace("a[t] / (1 + abs(a[t]))", "a[t] / (f + abs(a[t]))")
    placed = CELL.replace("  - h[-1] = h0", "  - h[-1] = h0\n  - y[f] = 2 * h0\n  - y[t] = h[t]").replace("  h: {role", "  y: {role: value, shape: [T, H]}\n  h: {role").replace("[h]", "[h, y]")
    for text in (read, placed):
        assert text != CELL and choosing(refrnn.load_text(text)) == ("g",)


def test_each_choice_in_turn():
    """Outputs and gradients are those of the equations at each value, and the gradient of what only another side reads is zero."""
    spec = refrnn.load_text(CELL)
    for (f, g), D, n in itertools.product(((0, 0), (1, 0), (0, 1), (2, 1)), (1, 3), (0, 1000)):
        values = values_of(spec, f=f, g=g, D=D, n=n)
        run, right = (answers(spec.forward(values, backend, [5, 2, 1])) for backend in ("compiled", "equation"))
        assert_same(run, right)
        assert not run["d_V" if f < 2 else "d_U"].any()


def test_a_kernel_has_the_lines_of_its_side_alone():
    spec = refrnn.load_text(CELL)
    for f, g in itertools.product(range(4), (0, 1)):
        one = chosen(spec, {"f": f, "g": g})
        left = str(one.equations[-1])
        if f == 1:
            assert left == "h[t] = a[t] / (1 + abs(a[t]))"
        else:
            rest = "sigmoid(a[t]) if n > 500 else max(a[t], 0)"
            assert left == f"h[t] = {rest if g else f'tanh(a[t]) if t >= D else {rest}'}"
        written = source(one)
        assert f"choosy where f is {f} and g is {g}." in written
        assert ("tanh(" in written, "sigmoid(" in written) == (f != 1 and g == 0, f != 1)
        assert ("_packed(U" in written, "_packed(V" in written) == (f < 2, f >= 2)


@pytest.mark.parametrize("condition", ["t > 0", "t != 0", "T > 1", "D > 1", "t < T - 1", "t >= 0"])
@pytest.mark.parametrize("joined", ["f == 0 and {}", "not (f > 0 or not ({}))", "{}"])
def test_what_hangs_on_the_place_stays(condition, joined):
    """A letter is no number from 1 on, as a size is: the first step has its side, whatever else is chosen."""
    old = "a[t] = W @ x[t] + (U @ h[t-1] if f < 2 else V @ h[t-1])"
    text = CELL.replace(old, f"a[t] = W @ x[t] + (U @ h[t-1] if {joined.format(condition)} else V @ h[t-1]) + sum(h0 * k if k > 0 else h0 / 2 for k in range(T))")
    spec = refrnn.load_text(text)
    assert text != CELL and "f" in choosing(spec)
    for f in (0, 1):
        left = str(chosen(spec, {"f": f, "g": 0}).equations[1])
        assert "if k > 0 else" in left and left.count(" if ") == (2 if f == 0 or joined == "{}" else 1)
        if condition == "t > 0" and joined.startswith("f"):
            values = values_of(spec, **PLAIN | {"f": f})
            assert_same(*(answers(spec.forward(values, backend)) for backend in ("compiled", "equation")))


def test_what_nothing_reaches_any_more_is_there_for_each_sequence():
    """As the gradient of a start, which is zero where it is not learned."""
    text = CELL.replace("outputs: [h]", "  - z[t] = h[t] if f < 3 else ones\n  - s = h0 if g == 0 else ones\noutputs: [h, z, s]")
    text = text.replace("  f: {role", "  ones: {role: parameter, shape: [H]}\n  f: {role")
    spec = refrnn.load_text(text)
    for f, g in itertools.product((0, 3), (0, 1)):
        values = values_of(spec, **PLAIN | {"f": f, "g": g})
        assert_same(*(answers(spec.forward(values, backend, [5, 2, 1])) for backend in ("compiled", "equation")))
    assert module(spec, PLAIN) is not module(spec, PLAIN | {"g": 1})


def test_a_kernel_takes_no_other_choice():
    """Its own arguments refuse it; what does not choose it takes, and it is one kernel then."""
    spec = refrnn.load_text(CELL)
    found = module(spec, PLAIN)
    assert module(spec, PLAIN | {"D": 3, "n": 7}) is found and module(spec, PLAIN | {"f": 1}) is not found and module(spec) is not found
    values = values_of(spec, **PLAIN)
    found.forward(**values)
    module(spec).forward(**values | {"f": 1})
    with pytest.raises(ValueError, match="f is 1"):
        found.forward(**values | {"f": 1})


def test_the_least_values_tell_whether_it_can_be_compiled():
    """A side that can't be compiled is refused when it is chosen; by the equation it runs."""
    spec = refrnn.load_text(CELL.replace("V @ h[t-1]", "V**2 @ h[t-1]"))
    assert obstacle(spec) is None and "compiled" in spec.backends
    values = values_of(spec, **PLAIN)
    assert_same(*(answers(spec.forward(values, backend)) for backend in ("compiled", "equation")))
    with pytest.raises(SpecError, match=r"text, line \d+, equation 2: .* can't be compiled: .*a power of a matrix; run it by the equation"):
        spec.forward(values | {"f": 2}, "compiled")
    assert spec.forward(values | {"f": 2}, "equation").outputs["h"].all()
    never = refrnn.load_text(CELL.replace("(U @ h[t-1] if", "(U**2 @ h[t-1] if"))
    assert "a power of a matrix" in obstacle(never) and "compiled" not in never.backends
    with pytest.raises(SpecError, match="a power of a matrix"):
        never.bind({name: values[name] for name in never.parameters})


def test_layers_and_copies_choose_too():
    spec = refrnn.load_text(CELL)
    for f in (0, 1):
        values = values_of(spec, **PLAIN | {"f": f})
        right, run = (spec.forward(values, backend) for backend in ("equation", "compiled"))
        layer = pickle.loads(pickle.dumps(spec.bind({name: values[name] for name in values if name not in ("x", "h0")})))
        assert_same(layer.forward({"x": values["x"], "h0": values["h0"]}, keep=False).outputs, right.outputs)
        assert_same(answers(pickle.loads(pickle.dumps(run))), answers(right))


def test_networks_choose_for_each_layer():
    network = stack([refrnn.load_text(CELL), refrnn.load_text(CELL)])
    names = choosing(network)
    assert len(names) == 4
    values = network.draw({"T": 4}, batch=2, seed=3, dtype="float64") | dict(zip(names, (1, 2, 0, 1)))
    assert_same(*(answers(network.forward(values, backend)) for backend in ("compiled", "equation")))


@pytest.mark.parametrize("name", ONNX)
def test_no_choice_is_left_in_the_operators_of_onnx(name):
    """Whatever is chosen: and what is left reads as it is meant."""
    spec = refrnn.load(name)
    names = choosing(spec)
    ends = [(spec.symbols[one].low, spec.symbols[one].high) for one in names]
    for values in itertools.product(*((low, (low + high) // 2, high) for low, high in ends)):
        one = chosen(spec, dict(zip(names, values)))
        for equation in one.equations:
            node = one.program.trees[id(equation)]
            assert not names_of(node) & {*names} and not any(isinstance(part, Choice) and is_on_indices(part.condition) for part in walk(node))
            assert str(node) == equation.text.split(" = ", 1)[1] or equation in spec.equations


def test_values_out_of_the_domain_are_refused_before_any_kernel():
    spec = refrnn.load_text(CELL)
    with pytest.raises(ValuesError, match=re.escape("f is 4")):
        spec.forward(values_of(spec, **PLAIN | {"f": 4}), "compiled")
    assert module_of(spec, "compiled", PLAIN) is module(spec, PLAIN)
