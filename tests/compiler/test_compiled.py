"""What the compiler makes of equations is what they say: values and gradients, whole and ragged, by any number of threads."""

import ast
import math
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import refrnn
from refrnn.backends.run import compiler, run_checked
from refrnn.compiler import module as loops
from refrnn.compiler.load import made, module, source
from refrnn.errors import NotFoundError, SpecError
from refrnn.spec.library import gallery
from refrnn.spec.values import check_values
from refrnn.verify.backends import poison, poisoned
from refrnn.verify.ends import past_end

REFUSED = {
    "batched-rnn": "its batch is one of its sizes",
    "eigen-expansion": "a power of a matrix",
    "linear-recursion": "a power of a matrix",
    "orthogonal-cayley": "kernels have no inv",
    "unitary-cayley": "kernels have no inv",
}
NEAR = 1e-10  # of the largest number: both compute in float64


def test_what_is_refused():
    """By name and place, and nothing else of the library."""
    found = {name: compiler().obstacle(refrnn.load(name)) for name in refrnn.ids()}
    assert {name for name, why in found.items() if why} == REFUSED.keys()
    for name, why in REFUSED.items():
        assert found[name].startswith(f"{name}.yaml") and why in found[name] and "run it by the equation" in found[name]
        with pytest.raises(SpecError, match=re.escape(why)):
            refrnn.load(name).forward(refrnn.load(name).draw(), "compiled")


def ragged(spec, sizes, batch):
    """Lengths in no order, the longest in the middle and last, of all times."""
    found = {name: np.array([sizes[name] - (1 - place % 2) * (2 + place) % sizes[name] for place in range(batch)]) for name in spec.time}
    return found if len(found) > 1 else next(iter(found.values()), None)


def in_loops(spec):
    """The module of a spec in loops of its own, be they the engine's in the compiled kernel."""
    return made(loops.text(spec), spec.id)


def is_by_engine(spec):
    return "Recurrence(" in source(spec)


def assert_as_equations(spec, sizes, batch=4, with_lengths=True, seed=5, backend="compiled"):
    """Where lengths differ, NaN stands past the ends of what a backend is given."""
    sizes = {name: 7 for name in spec.time} | sizes
    values = spec.draw(sizes, batch=batch, seed=seed, dtype="float64")
    checked = check_values(spec, values, ragged(spec, sizes, batch) if with_lengths and spec.batched else None)
    right, run = (run_checked(spec, poisoned(spec, checked), backend) for backend in ("equation", backend))
    random = np.random.default_rng(seed)
    upstream = {name: poison(spec, name, random.standard_normal(array.shape), checked) for name, array in right.outputs.items()}
    for name, array in run.outputs.items():
        assert_near(name, array, right.outputs[name])
    for name in run.intermediates:
        assert_near(name, run[name], right[name])
    if spec.differentiated:
        expected = right.backward(upstream)
        for name, array in run.backward(upstream).items():
            assert_near(f"d_{name}", array, expected[name], scale=max(1e-3, *(np.abs(one).max(initial=0) for one in expected.values())))


def assert_near(name, array, right, scale=None):
    scale = np.abs(right).max(initial=1e-300) if scale is None else scale
    assert array.shape == right.shape and np.abs(array - right).max(initial=0) <= NEAR * scale, name


def text(equations, symbols, outputs, sizes="{T: steps, H: units}", more="time: T"):
    lines = "\n".join(f"  {symbol}" for symbol in symbols)
    return refrnn.load_text(f"id: mine\ntitle: Mine\nsizes: {sizes}\n{more}\nsymbols:\n{lines}\nequations:\n" + "\n".join(f"  - {one}" for one in equations) + f"\noutputs: [{outputs}]\n")


X, H0, U = "x: {role: input, shape: [T, H]}", "h0: {role: start, shape: [H]}", "U: {role: parameter, shape: [H, H]}"
CELLS = {
    "stopped": (["h[-1] = h0", "h[t] = tanh(U @ stop(h[t-1]) + x[t])"], [X, H0, U], "h"),
    "two delays": (["h[-1] = h0", "h[-2] = 2 * h0", "h[t] = tanh(U @ h[t-2] + h[t-1] + x[t])"], [X, H0, U], "h"),
    "backwards": (["h[T] = h0", "h[t] = tanh(U @ h[t+1] + x[t])", "y[t] = h[t] * x[t]"], [X, H0, U], "y"),
    "a first step of its own": (["h[0] = U @ x[0] + h0", "h[t] = tanh(U @ h[t-1]) * x[t] if t > 1 else h[t-1] * 2 + x[t]"], [X, H0, U, "h: {role: value, shape: [T, H]}"], "h"),
    "an operand that is computed": (["h[-1] = h0", "h[t] = tanh(U @ (h[t-1] * x[t] + 1) + U.T @ h[t-1] + x[t] @ U)"], [X, H0, U], "h"),
    "joined and cut": (["h[-1] = h0", "a[t] = concat(h[t-1], x[t])", "h[t] = tanh(a[t, 1:H+1] * concat(x[t, 1:H], a[t, 0:1]) + a[t, H:2*H])"], [X, H0], "h"),
    "a step aside": (["h[-1] = h0", "a[t] = concat(h[t-1], x[t])", "h[t] = tanh(a[t, 1:H+1] + a[t, H-1:2*H-1])"], [X, H0], "h"),
    "matrices": (["S[-1] = outer(h0, h0)", "S[t] = U @ S[t-1] @ U.T + outer(x[t], x[t])", "y[t] = S[t].T @ x[t] + softmax(S[t]) @ x[t]"], [X, H0, U], "y"),
    "sums": (["h[-1] = h0", "h[t] = tanh(sum(U @ h[k] for k in range(t)) / (t + 1) + x[t]) + norm(x[t], h0) - mean(x[t])", "y = sum(h[t] for t in range(T))"], [X, H0, U], "y, h"),
    "an end that hangs on the length": (["h[-1] = h0", "h[t] = tanh(h[t-1] + x[t])", "e = h[T-1]", "y[t] = U @ e + h[t] if t < T - 1 else e"], [X, H0, U], "y"),
    "numbers that choose": (["h[-1] = h0", "h[t] = U @ h[t-1] if sum(h[t-1]) > 0 else max(x[t], -abs(h[t-1]))**2"], [X, H0, U], "h"),
    "scores over all steps": (["e[t] = sum(x[t] * h0)", "a = softmax(e)", "c = sum(a[t] * x[t] for t in range(T))", "y = tanh(U @ c)"], [X, H0, U, "a: {role: value, shape: [T]}"], "y"),
    "names of the kernel's own": (
        ["some[-1] = keep", "some[t] = tanh(fill @ some[t-1] + n[t] + exp(B) * 0.1)"],
        ["n: {role: input, shape: [T, H]}", "keep: {role: start, shape: [H]}", "fill: {role: parameter, shape: [H, H]}", "B: {role: parameter, shape: [H]}"], "some",
    ),
    "a state that all share": (["v[-1] = p", "v[t] = tanh(U @ v[t-1])", "h[t] = v[t] * x[t] / (1 + norm(x[t]))"], [X, "p: {role: parameter, shape: [H]}", U], "v, h"),
    "rows of a table": (
        ["h[-1] = h0", "a[t] = E.T @ one_hot(w[t], N)", "h[t] = tanh(U @ h[t-1] + a[t]) / (1 + norm(a[t]))"],
        ["w: {role: input, type: integer, below: N, shape: [T]}", "E: {role: parameter, shape: [N, H]}", H0, U], "h", "{T: steps, H: units, N: words}",
    ),
    "scores over another time": (
        ["a[t] = softmax(x @ q[t])", "c[t] = x.T @ a[t]"],
        ["x: {role: input, shape: [S, H]}", "q: {role: input, shape: [T, H]}"], "a, c", "{S: steps that are read, T: steps, H: units}", "time: [S, T]",
    ),
    "products of inputs": (["y[t] = U @ x[t]", "n[t] = y[t] / (1 + norm(y[t]))"], [X, U], "y, n"),
    "what all share": (["V = tanh(U @ U)", "h[-1] = h0", "h[t] = tanh(V @ h[t-1] + x[t])"], [X, H0, U], "h, V"),
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("units", [1, 5, 19])
def test_what_the_language_can_say(name, units):
    """In lanes that are not all filled, one unit, and more than a vector."""
    spec = text(*CELLS[name])
    assert compiler().obstacle(spec) is None
    for backend in ("compiled", in_loops(spec)) if is_by_engine(spec) else ("compiled",):
        assert_as_equations(spec, {"T": 6, "H": units}, backend=backend)
        assert_as_equations(spec, {"T": 1, "H": units}, batch=1, with_lengths=False, backend=backend)


def test_a_matrix_that_is_called_as_kernels_call_their_sequences():
    """And that no symbol declares."""
    equations = ["B[-1] = outer(h0, h0)", "batch[t] = B[t-1].T @ x[t]", "B[t] = B[t-1] @ B[t-1].T / 9 + outer(batch[t], x[t])", "y[t] = B[t] @ x[t]"]
    assert_as_equations(text(equations, [X, H0], "y, B"), {"T": 6, "H": 5})


def test_parameters_that_are_called_as_what_binding_calls():
    spec = text(["h[-1] = h0", "h[t] = h[t-1] / (1 + norm(dict * x[t])) + forward @ x[t]"], [X, H0, "dict: {role: parameter, shape: [H]}", U.replace("U", "forward")], "h")
    values = spec.draw({"T": 4, "H": 5}, batch=2, dtype="float64")
    layer = spec.bind({name: values[name] for name in spec.parameters}, "compiled")
    found = layer.forward({name: values[name] for name in ("x", "h0")}, keep=False)
    assert found.outputs["h"].tobytes() == spec.forward(values, "compiled").outputs["h"].tobytes() and not is_by_engine(spec)


@pytest.mark.parametrize("scale", [1e-30, 1, 1e30])
def test_a_sum_and_a_norm_of_many_are_as_exact_as_of_few(scale):
    spec = text(["y = norm(x, v)", "z = sum(v * v)"], ["x: {role: parameter, shape: [N]}", "v: {role: parameter, shape: [N]}"], "y, z", "{N: numbers}", "time: []")
    random = np.random.default_rng(0)
    x, v = random.standard_normal(1_000_003).astype("float32") * np.float32(scale), random.standard_normal(1_000_003).astype("float32")
    found = spec.forward({"x": x, "v": v}, "compiled").outputs
    ones, others = math.fsum(np.square(x, dtype="float64")), math.fsum(np.square(v, dtype="float64"))
    assert math.isclose(found["y"], math.sqrt(ones + others), rel_tol=2**-22) and math.isclose(found["z"], others, rel_tol=2**-22)


@pytest.mark.parametrize("name", CELLS)
def test_past_its_end_a_sequence_is_zero_whatever_weights_are(name):
    """Infinite ones, by which zeros there would become NaN."""
    spec = text(*CELLS[name])
    for backend in ("compiled", in_loops(spec)) if is_by_engine(spec) else ("compiled",):
        sizes = dict.fromkeys(spec.time, 5) | {"H": 3}
        values = spec.draw(sizes, batch=4, dtype="float64")
        values |= {name: np.full_like(values[name], np.inf) for name in spec.parameters}
        checked = poisoned(spec, check_values(spec, values, ragged(spec, sizes, 4)))
        with np.errstate(all="ignore"):
            run = run_checked(spec, checked, backend)
            upstream = {name: poison(spec, name, np.ones(array.shape), checked) for name, array in run.outputs.items()}
            found = run.outputs | {one: run[one] for one in run.intermediates} | run.backward(upstream)
        for one, array in found.items():
            if spec.time_size(one):
                assert not np.any(array[past_end(spec, checked, one, array.shape)]), one


def test_scores_far_from_zero_lose_no_digits():
    spec = text(["y = log_softmax(x)"], ["x: {role: parameter, shape: [N]}"], "y", "{N: numbers}", "time: []")
    apart = np.array([0, 0.5, -0.25, 0.125])
    found = spec.forward({"x": 2.0**20 + apart}, "compiled").outputs["y"]
    assert np.allclose(found, apart - np.log(np.exp(apart).sum()), rtol=1e-14, atol=0)


@pytest.mark.parametrize("place", range(3))
def test_the_largest_is_what_is_no_number(place):
    spec = text(["y[t] = argmax(x[t])"], [X], "y")
    values = np.array([[[1.0, 3.0, 2.0]]])
    values[0, 0, place] = np.nan
    assert spec.forward({"x": values}, "compiled").outputs["y"] == place


def test_a_grid_of_two_letters():
    spec = text(
        ["h[-1, j] = a[j]", "h[t, -1] = b[t]", "h[t, j] = tanh(U @ h[t-1, j] + U.T @ h[t, j-1] + x[t])"],
        [X, U, "a: {role: input, shape: [J, H]}", "b: {role: input, shape: [T, H]}", "h: {role: value, shape: [T, J, H]}"],
        "h", sizes="{T: steps, J: columns, H: units}",
    )  # fmt: skip
    assert compiler().obstacle(spec) is None
    assert_as_equations(spec, {"T": 5, "J": 4, "H": 3})


@pytest.mark.parametrize(
    "equations, told",
    [
        (["h[-1] = h0", "h[t] = U**t @ h0 + x[t]"], "a power of a matrix"),
        (["h[-1] = h0", "h[t] = h[t - 1 - t % 2] + x[t] * 0 if t > 1 else h[t-1] + x[t]"], "no loop over one index gives d_h"),
        (["h[-1] = h0", "h[t] = h[t-1] + x[t // 2]"], "lies within x is not clear at all sizes"),
    ],
)
def test_what_cant_be_compiled_is_said_with_its_place(equations, told):
    spec = text(equations, [X, H0, U] if "U" in str(equations) else [X, H0], "h")
    with pytest.raises(SpecError, match=re.escape(told)) as caught:
        spec.forward(spec.draw(), "compiled")
    assert re.match(r"(text, line \d+|the gradient of mine), equation \d: ", str(caught.value)), str(caught.value)
    assert "compiled" not in spec.backends and spec.forward(spec.draw(), "equation").outputs["h"].size


def test_the_kernel_of_a_spec_without_one():
    """Is the compiled one; of a spec that has one it is that, and the compiled one is there beside it."""
    cell = text(*CELLS["stopped"])
    assert cell.backends == ("equation", "compiled") and cell.forward(cell.draw()).backend == "compiled"
    lstm = refrnn.load("lstm")
    assert lstm.backends == ("equation", "reference", "kernel", "compiled") and lstm.forward(lstm.draw()).backend == "kernel"
    with pytest.raises(NotFoundError, match="this spec has equation, compiled"):
        cell.forward(cell.draw(), "reference")


def test_the_source_is_readable_and_told_from_others():
    """In the spec's letters, with its equations on top; what differs has another name, so that nothing kept is taken for it."""
    spec, other = text(*CELLS["stopped"]), text(*CELLS["two delays"])
    for written in (source(spec), loops.text(spec)):
        for equation in spec.equations:
            assert f"    {equation}\n" in written
        assert "tanh(" in written and len(max(written.splitlines(), key=len)) < 400
    assert "for t in range(T):" in loops.text(spec) and "h = finer_tanh(" in source(spec)
    assert module(spec) is module(text(*CELLS["stopped"])) and module(spec).__name__ != module(other).__name__


def test_every_process_writes_the_same_source():
    """Else what was compiled and kept would not be found again."""
    program = "import refrnn; from refrnn.compiler.load import source; print(source(refrnn.load('onnx-rnn')))"
    found = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": str(seed)}).stdout
        for seed in (1, 2, 3, 4)
    }
    assert len(found) == 1


def test_no_text_of_a_spec_is_run():
    """The source is executed: whatever title, id or comment of an equation somebody wrote stays what it is, a text."""
    equations, symbols, outputs = CELLS["stopped"]
    planted = '\\""" + str(planted) + """'
    spec = text(equations, symbols, outputs)
    spec = replace(spec, id=planted, title=planted, equations=tuple(replace(one, text=f"{one.text}  # {planted}") for one in spec.equations))
    for written in (source(spec), loops.text(spec)):
        found = ast.parse(written)
        assert isinstance(found.body[0], ast.Expr) and isinstance(found.body[0].value, ast.Constant)
        assert planted in ast.get_docstring(found, clean=False) and "planted" not in {one.id for one in ast.walk(found) if isinstance(one, ast.Name)}
    assert_as_equations(spec, {"T": 3, "H": 2})


@pytest.mark.parametrize("loop", ["the engine's", "its own"])
def test_bits_by_threads_and_batches(loop):
    """The same for one thread and for two, and for a sequence alone and in any batch."""
    from refrnn.kernels.primitives import threads

    spec = refrnn.load("gru-reset-before")
    backend = in_loops(spec) if loop == "its own" else "compiled"
    values = spec.draw({"T": 9, "H": 20}, batch=5, dtype="float32")
    runs = []
    for count in (1, 2):
        with threads.using(min(count, threads.most()), little=0):
            run = spec.forward(values, backend, [9, 3, 9, 1, 5])
            runs.append({**run.outputs, **run.backward({"h": np.ones_like(run.outputs["h"])})})
    for name, array in runs[0].items():
        assert array.tobytes() == runs[1][name].tobytes(), name
    alone = spec.forward({name: array[:, 1:2] if name == "x" else array[1:2] if name == "h0" else array for name, array in values.items()}, backend, [3])
    assert alone.outputs["h"][:3, 0].tobytes() == runs[0]["h"][:3, 1].tobytes()


# Of the lectures' rows those that differ most in their loops, and of the gallery's cells a third, among them what found what was
# planted; ``python -m tests.compiler`` asks all.
ROWS = (
    "bidirectional", "character-model", "clip-halving", "conditioned-start", "deep-recurrent", "divergence", "elman", "encoder-decoder",
    "gru-minimal", "gru-reset-after", "hopfield", "jordan", "lstm", "mean-pooling", "narx-hidden", "skip-connections", "skip-gram", "stacked-bidirectional",
    "tdnn", "truncated-bptt", "vector-recursion",
)  # fmt: skip


CELLS_ASKED = [name for place, name in enumerate(gallery()) if name not in REFUSED and (place % 3 == 0 or name in ("convolutional-lstm", "delta-net"))]


@pytest.mark.parametrize("name", [*ROWS, *CELLS_ASKED])
def test_all_of_the_library(name):
    """Last, as it takes longest."""
    spec = refrnn.load(name)
    assert_as_equations(spec, {time: 7 for time in spec.time})
    if is_by_engine(spec):
        assert_as_equations(spec, {time: 7 for time in spec.time}, backend=in_loops(spec))
