"""Loops over the same steps are one, passes that keep nothing need few of them, and none reads what memory held before."""

import re

import numpy as np
import pytest
from tests.compiler.test_compiled import CELLS, H0, U, X, assert_as_equations, in_loops, ragged, text

import refrnn
from refrnn.backends.layer import goes_by_steps
from refrnn.compiler import module as loops
from refrnn.compiler.statements import Statement
from refrnn.compiler.storage import Storage, is_given_whole
from refrnn.equation.indices import ONE as STEP, ZERO
from refrnn.equation.sizes import Size
from refrnn.kernels.engine.pool import LITTLE, POOL
from refrnn.kernels.primitives import threads

ONE = "for t in range(T):"


def forward_of(spec):
    """The text of the kernel of the way forward."""
    return re.search(r"def _forward\(.*?\n\n\n", loops.text(spec), re.DOTALL)[0]


def cell(equations, symbols, outputs="y"):
    return text(["h[-1] = h0", *equations], [X, H0, U, *symbols], outputs)


def test_loops_over_all_steps_are_one():
    """But for a product that may be one of all steps."""
    spec = cell(["a[t] = U @ x[t]", "b[t] = tanh(a[t])", "h[t] = tanh(U @ h[t-1] + b[t])", "y[t] = exp(h[t]) * h[t-1]"], [], "y, a")
    assert forward_of(spec).count(ONE) == 2
    assert forward_of(refrnn.load("mlstm")).count(ONE) == 1
    assert_as_equations(spec, {"H": 5})


def test_what_is_yet_to_come_is_waited_for():
    spec = cell(["h[t] = tanh(U @ h[t-1] + x[t])", "y[t] = h[t+1] * 2 if t < T - 1 else h[t]"], [])
    assert forward_of(spec).count(ONE) == 2
    assert_as_equations(spec, {"H": 5})


def test_what_runs_the_other_way_stays_apart():
    spec = cell(["h[t] = tanh(U @ h[t-1] + x[t])", "k[T] = h0", "k[t] = tanh(U @ k[t+1] + h[t])", "y[t] = k[t] - x[t]"], [])
    assert forward_of(spec).count(ONE) == 1 and forward_of(spec).count("for t in range(T - 1, -1, -1):") == 1
    assert_as_equations(spec, {"H": 5})


def test_what_runs_over_other_steps_stays_apart():
    equations, z = ["a[t] = exp(x[t])", "b[s] = exp(z[s])", "y[t] = a[t] * sum(b[s] for s in range(S))"], "z: {role: input, shape: [S, H]}"
    spec = text(equations, [X, z], "y", "{T: steps, S: others, H: units}", "time: [T, S]")
    assert forward_of(spec).count(ONE) == 2 and forward_of(spec).count("for s in range(S):") == 1
    assert_as_equations(spec, {"T": 5, "S": 7, "H": 5})


def few_of(spec):
    """By symbol how many steps of it a pass takes that keeps nothing, less one."""
    return {name: int(few) for name, few in re.findall(r"(\w+), \w+ = _memory\.steps\(.*?, (\d+), _dtype", loops.text(spec).replace("\n", " "))}


def test_as_many_steps_as_are_read_again():
    two = ["h[-2] = 2 * h0", "g[t] = x[t] + h[t-2]", "h[t] = tanh(U @ h[t-1] + g[t])", "y[t] = h[t] * g[t-1] if t > 0 else g[t]"]
    assert few_of(cell(two, [])) == {"g": 1, "h": 3}
    assert few_of(cell(two, [], "y, h")) == {"g": 1}  # an output is all of its steps
    assert few_of(cell([*two, "e = h[T-1]"], [], "y, e")) == {"g": 1}  # and so is what something else reads
    assert few_of(refrnn.load("mlstm")) == dict.fromkeys("qkvifo", 0)


@pytest.fixture(params=[1, 2])
def spoiled(request):
    """A function that fills work memory with numbers that would be seen, by so many threads."""

    def spoil():
        POOL.free()
        arrays = [POOL.take((size,), np.float64) for size in 3 * [LITTLE << power for power in range(6)]]
        for array in arrays:
            array[...] = np.nan
        POOL.give(arrays)

    with threads.using(request.param, little=0):
        yield spoil


def bound(spec, values):
    """The compiled loops with their weights, and what else they take."""
    kept = {name for name, symbol in spec.arrays.items() if symbol.is_kept}
    return in_loops(spec).bind(**{name: values[name] for name in kept}), {name: value for name, value in values.items() if name not in kept}


@pytest.mark.parametrize("name", ["mlstm", "layer-norm-lstm", "attention-decoder", "gated-delta-net", "selective-scan", "two delays", "backwards", "matrices", "a first step of its own"])
def test_bound_passes_have_the_bits_of_others(name, spoiled):
    """Whole, ragged and step by step, whatever memory held."""
    spec = text(*CELLS[name]) if name in CELLS else refrnn.load(name)
    sizes = {size: 13 if size in spec.time else 7 for size in spec.sizes}
    values, module = spec.draw(sizes, batch=37, dtype="float32"), in_loops(spec)
    layer, given = bound(spec, values)
    for lengths in (None, ragged(spec, sizes, 37)):
        right = spec.forward(values, module, lengths)
        for _ in range(2):
            spoiled()
            outputs, state = layer.forward(given, lengths)
            assert all(outputs[name].tobytes() == array.tobytes() for name, array in right.outputs.items())
            assert all(state[name].tobytes() == np.ascontiguousarray(right.state[name]).tobytes() for name in state)
        if lengths is None and goes_by_steps(spec, {}):
            state = {name: given[name] for name in layer.starts}
            for t in range(13):
                outputs, state = layer.step({name: given[name][t] for name in layer.inputs} | state)
                assert all(outputs[name].tobytes() == array[t].tobytes() for name, array in right.outputs.items())
        if spec.differentiated:
            upstream = {name: np.ones_like(array) for name, array in right.outputs.items()}
            expected = right.backward(upstream)
            spoiled()
            found = right.backward(upstream)
            assert all(found[name].tobytes() == array.tobytes() and np.isfinite(array).all() for name, array in expected.items())


def test_bound_loops_refuse_what_does_not_fit():
    """As often as they are asked: nobody else looks at the arrays of one who uses kernels alone."""
    spec = text(*CELLS["two delays"])
    values = spec.draw({size: 5 for size in spec.sizes}, batch=3, dtype="float32")
    layer, given = bound(spec, values)
    (name,) = layer.inputs
    for change, error in ((lambda array: array.astype(np.float64), TypeError), (lambda array: array[..., :-1].copy(), ValueError), (lambda array: array[:, :-1].copy(), ValueError)):
        for _ in range(2):
            layer.forward(given)
            with pytest.raises(error, match="^the compiled kernel of "):
                layer.forward(given | {name: change(given[name])})


def test_what_is_not_all_given_is_zero():
    """Memory may hold anything only where a pass gives all of a symbol, whatever its sizes are."""
    whole = {name: set(re.findall(r"(\w+)(?:, \w+)? = _memory\.\w+\(.*, whole=True\)", loops.text(refrnn.load(name)))) for name in ("mlstm", "fast-weights")}
    assert {"q", "k", "v", "i", "f", "o", "delta_C"} <= whole["mlstm"] and "k" not in whole["fast-weights"]
    t, T, two = Size.of("t"), Size.of("T"), STEP + STEP

    def given(place, low=ZERO, high=T, bounds=()):
        letters = {name: (low, high) for name in ("t", "s") if any(name in one.names() for one in place)}
        return Statement("h", place, letters, None, bounds, (), None)

    line, square = Storage("h", (T, Size.of("B"), Size.of("H")), (ZERO,), 1), Storage("h", (T, Size.of("B"), T), (ZERO, ZERO), 1)
    assert is_given_whole([given((t,))], line) and is_given_whole([given((t,), STEP), given((ZERO,))], line)
    assert is_given_whole([given((t, Size.of("s")))], square) and not is_given_whole([given((t, t))], square)
    assert not is_given_whole([given((t,), STEP)], line) and not is_given_whole([given((t,), two), given((ZERO,))], line)
    assert not is_given_whole([given((t,), bounds=(t - STEP,))], line) and not is_given_whole([given((t,)), given((two,))], line)
