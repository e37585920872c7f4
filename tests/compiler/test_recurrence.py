"""Recurrences that are stages of the engine: which ones they are, that they are what the equations say, and what they have of the engine."""


import numpy as np
import pytest

import refrnn
from refrnn.backends.run import compiler
from refrnn.compiler import recurrence
from refrnn.compiler.stages import Unfit
from refrnn.equation.clauses import Clauses
from tests.compiler import cells
from tests.compiler.test_compiled import H0, U, X, assert_as_equations, is_by_engine, text

# What would be slower in loops of its own, and must not get there unseen.
BY_ENGINE = {
    "bidirectional", "binary-adder", "deep-recurrent", "elman", "gru-minimal", "gru-reset-after", "gru-reset-before", "jordan", "leaky-units", "lstm",
    "lstm-peephole", "lstm-peephole-diagonal", "lstm-separate-matrices", "memory-network", "parity", "pattern-memory", "reservoir", "state-space", "unfolding",
    "coupled-gates-lstm", "indrnn", "janet", "liquid-time-constant", "min-gru", "min-lstm", "minimal-gated-unit", "nested-lstm", "oscillators",
    "phased-lstm", "projected-lstm", "qrnn", "recurrent-dropout-lstm", "rwkv", "slstm", "sru", "vector-recursion", "zoneout-lstm",
}  # fmt: skip


def test_what_the_engine_runs():
    assert {name for name in refrnn.ids() if compiler().obstacle(refrnn.load(name)) is None and is_by_engine(refrnn.load(name))} == BY_ENGINE


@pytest.mark.parametrize("seed", range(14))
def test_cells_made_at_random(seed):
    """``python -m tests.compiler.cells`` asks more of them."""
    spec = cells.cell(seed)
    assert_as_equations(spec, {"T": 5}, batch=3, seed=seed)


V, W = "v: {role: parameter, shape: [H]}", "W: {role: parameter, shape: [H, H]}"
FITTING = {
    "a gate of two products with the state": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + W @ h[t-1] + x[t])"], [X, H0, U, W], "h"),
    "a sum that nothing needs later": (["h[-1] = h0", "a[t] = U @ h[t-1] + W @ x[t]", "h[t] = tanh(a[t])"], [X, H0, U, W], "h"),
    "a copy of a copy": (["h[-1] = h0", "a[t] = h[t-1]", "b[t] = a[t]", "h[t] = tanh(U @ b[t] + x[t])"], [X, H0, U], "h"),
    "a matrix turned round": (["h[-1] = h0", "h[t] = tanh(U.T @ h[t-1] + x[t] @ W)"], [X, H0, U, W], "h"),
    "a row that a stage behind its own reads one step later": (
        ["h[-1] = h0", "h[t] = tanh(U @ x[t] + h[t-1])", "y[t] = h[t-1] * tanh(W @ h[t])"], [X, H0, U, W], "y, h",
    ),
    "a stage of nothing but rows": (["h[-1] = h0", "h[t] = tanh(U @ x[t] + h[t-1])", "s[t] = tanh(W @ h[t])", "y[t] = s[t] * x[t]"], [X, H0, U, W], "y"),
    "an input that steps and products read": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + W @ x[t]) * x[t] + x[t]"], [X, H0, U, W], "h"),
    "a product within a product": (["h[-1] = h0", "h[t] = U @ tanh(W @ h[t-1]) + x[t]"], [X, H0, U, W], "h"),
    "from the last step": (["h[T] = h0", "h[t] = tanh(U @ h[t+1] + v * x[t])"], [X, H0, U, V], "h"),
    "a start of zeros, and one that is learned": (
        ["h[-1] = zeros(H)", "c[-1] = v", "c[t] = tanh(U @ h[t-1] + x[t])", "h[t] = tanh(W @ c[t]) + c[t-1]"], [X, U, W, V], "h, c",
    ),
    "a vector that is a bias and a factor": (["h[-1] = h0", "h[t] = v * tanh(U @ h[t-1] + v + x[t])"], [X, H0, U, V], "h"),
    "a start that is given once, and not learned": (["h[-1] = v", "h[t] = tanh(U @ h[t-1] + x[t])"], [X, U, "v: {role: constant, shape: [H]}"], "h"),
    "both directions side by side, not as wide": (
        ["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t])", "b[T] = zeros(2*H)", "b[t] = tanh(M @ x[t] + b[t+1])", "y[t] = concat(b[t], h[t])"],
        [X, H0, U, "M: {role: parameter, shape: [2*H, H]}"], "y",
    ),
    "names of what steps call": (
        ["some[-1] = h0", "select[t] = sigmoid(U @ some[t-1] + fill)", "some[t] = select[t] * max(W @ x[t], 0.5) + (1 - select[t]) * some[t-1]"],
        [X, H0, U, W, "fill: {role: parameter, shape: [H]}"], "some, select",
    ),
    "names of the module's own": (
        ["d[-1] = h0", "parts[t] = U @ d[t-1] + found * x[t]", "d[t] = tanh(parts[t])"],
        [X, H0, U, "found: {role: parameter, shape: [H]}"], "d, parts",
    ),
}  # fmt: skip
UNFIT = {
    "a matrix that two gates share": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t]) * sigmoid(U @ x[t])"], [X, H0, U], "just once"),
    "a state before the last": (["h[-1] = h0", "h[-2] = h0", "h[t] = tanh(U @ h[t-2] + x[t])"], [X, H0, U], "other steps"),
    "part of a state": (["h[-1] = h0", "h[t] = tanh(U @ concat(h[t-1, 1:H], h[t-1, 0:1]) + x[t])"], [X, H0, U], "not of this step"),
    "a norm": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t]) / (1 + norm(x[t]))"], [X, H0, U], "no function of one unit"),
    "a step that another one decides": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t]) if t % 2 == 0 else h[t-1]"], [X, H0, U], "at some steps"),
    "both directions in one": (
        ["h[-1] = h0", "b[T] = h0", "b[t] = tanh(U @ b[t+1] + x[t])", "h[t] = tanh(W @ h[t-1] + b[t])"], [X, H0, U, W, "b: {role: value, shape: [T, H]}"], "both ways",
    ),
    "a product that is stopped": (["h[-1] = h0", "h[t] = tanh(stop(U @ x[t]) + h[t-1])"], [X, H0, U], "nothing flows"),
    "a step that another index says": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t])", "y[t] = h[T-1-t]"], [X, H0, U], "not of this step"),
    "part of a parameter": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t]) * v[0:H]"], [X, H0, U, "v: {role: parameter, shape: [2*H]}"], "just once, and whole"),
    "a row whose only way back is stopped": (
        ["h[-1] = h0", "p[t] = tanh(W @ x[t])", "h[t] = tanh(U @ stop(p[t]) + h[t-1] + x[t])"], [X, H0, U, W], "nothing flows back to p",
    ),
    "a vector that is stopped": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + stop(v) * x[t])"], [X, H0, U, V], "nothing flows back to v"),
    "a name of the module": (["h[-1] = h0", "h[t] = tanh(RECURRENCE @ h[t-1] + x[t])"], [X, H0, "RECURRENCE: {role: parameter, shape: [H, H]}"], "calls RECURRENCE"),
    "a name that another one would get": (
        ["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + select + select_ * x[t])"],
        [X, H0, U, "select: {role: parameter, shape: [H]}", "select_: {role: parameter, shape: [H]}"], "calls select_",
    ),
    "the name of an earlier step": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t] * h_before_2)"], [X, H0, U, "h_before_2: {role: parameter, shape: [H]}"], "earlier steps"),
    "a size called B": (["h[-1] = h0", "h[t] = tanh(U @ h[t-1] + x[t] / B)"], [X, H0, U, "B: {role: parameter, shape: []}"], "calls B"),
}  # fmt: skip


@pytest.mark.parametrize("name", FITTING)
def test_what_fits(name):
    spec = text(*FITTING[name])
    assert is_by_engine(spec)
    assert_as_equations(spec, {"T": 6, "H": 19})
    assert_as_equations(spec, {"T": 1, "H": 3}, batch=1, with_lengths=False)
    assert_as_equations(spec, {"T": 3, "H": 4}, batch=40)  # enough for products of inputs within the loop


@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_fit(name):
    """Is said, and has loops of its own."""
    equations, symbols, why = UNFIT[name]
    spec = text(equations, symbols, "y, h" if "y[t]" in str(equations) else "h")
    with pytest.raises(Unfit, match=why):
        recurrence.text(spec, Clauses(spec.program, {}))
    assert not is_by_engine(spec)
    assert_as_equations(spec, {"T": 5, "H": 4})


def test_what_the_engine_gives():
    """A layer bound to its parameters, steps of a stream, and checkpoints, with the same bits as whole passes."""
    spec = text(*FITTING["a gate of two products with the state"])
    values = spec.draw({"T": 9, "H": 20}, batch=2, dtype="float32")
    run = spec.forward(values)
    assert run.backend == "compiled"
    layer = spec.bind({name: values[name] for name in spec.parameters})
    kept = layer.forward({name: values[name] for name in ("x", "h0")}, keep=False)
    state = {"h0": values["h0"]}
    for x_t in values["x"]:
        outputs, state = layer.step(x_t, state)
    assert type(layer._kernel).__name__ == "Bound"
    assert kept.outputs["h"].tobytes() == run.outputs["h"].tobytes() and outputs["h"].tobytes() == run.outputs["h"][-1].tobytes()
    segments = spec.forward(values, checkpoint=3)
    upstream = {"h": np.ones_like(run.outputs["h"])}
    one, other = run.backward(upstream), segments.backward(upstream)
    assert all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_what_was_given_is_the_callers():
    """Gradients are those of the pass that was run, whatever is written into its arrays meanwhile."""
    spec = text(*FITTING["an input that steps and products read"])
    values = spec.draw({"T": 4, "H": 5}, batch=2, dtype="float64")
    upstream = {"h": np.ones((4, 2, 5))}
    right = spec.forward(values).backward(upstream)
    run = spec.forward(values)
    for array in (*values.values(), *run.outputs.values()):
        array[...] = np.nan
    for name, array in run.backward(upstream).items():
        assert array.tobytes() == right[name].tobytes(), name


def test_constants_that_choose():
    """Each value has its stages; the bits of one do not depend on the other. So it is in the module for all values, which is shown and written."""
    spec = refrnn.load("elman")
    of_all = compiler().module(spec)
    for simple in (0, 1):
        values = spec.draw({"T": 6, "I": 3, "H": 17, "O": 2}, batch=3, dtype="float64") | {"simple": simple}
        runs = [spec.forward(values, backend) for backend in ("equation", "compiled", of_all)]
        right, *gradients = [run.backward({name: np.ones_like(array) for name, array in run.outputs.items()}) for run in runs]
        for found in gradients:
            for name, array in right.items():
                assert np.abs(array - found[name]).max() <= 1e-12, (simple, name)
            assert (np.abs(found["h0"]).max() == 0) == bool(simple)
