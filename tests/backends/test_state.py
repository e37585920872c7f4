"""Run.state: chunk after chunk with ``values | run.state`` is the whole run, or is refused with a sentence that says why."""

import copy

import numpy as np
import pytest

import refrnn
from refrnn.compose import bidirectional, conditioned, encoder_decoder, stack
from refrnn.errors import ValuesError
from refrnn.spec.chunks import NotCarried
from refrnn.spec.library import rows
from texts import CELL, changed

STEPS = 9
BACKENDS = ("equation", "reference", "kernel")

# No output needs the last state, or none but a part of it.
UNREAD = {
    "the state before": (("  - h[t] =", "  - y[t] = U @ h[t-1]\n  - h[t] ="), ("outputs: [h]", "outputs: [y]")),
    "a memory beside": (
        ("  h0: {role: start, shape: [H]}", "  h0: {role: start, shape: [H]}\n  c0: {role: start, shape: [H]}"),
        ("  - h[t] = tanh(W @ x[t] + U @ h[t-1])", "  - c[-1] = c0\n  - c[t] = c[t-1] * 0.9 + h[t]\n  - h[t] = tanh(W @ x[t] + U @ h[t-1] + c[t-1])"),
    ),
    "a delay of two": (
        ("  h0: {role: start, shape: [H]}", "  h0: {role: start, shape: [D, H]}\n  D1: {role: parameter, shape: [D]}"),
        ("H: units}", "H: units, D: delays}"),
        ("  - h[-1] = h0", "  - h[d-D] = h0[d]\n  - y[t] = U @ h[t-D] + sum(D1)"),
        ("outputs: [h]", "outputs: [y]"),
    ),
    "a learned start": (
        ("{role: start, shape: [H]}", "{role: parameter, shape: [H]}"),
        ("  - h[t] =", "  - y[t] = U @ h[t-1]\n  - h[t] ="),
        ("outputs: [h]", "outputs: [y]"),
    ),
    "a start that is a constant": (
        ("{role: start, shape: [H]}", "{role: constant, shape: [H]}"),
        ("  - h[t] =", "  - y[t] = U @ h[t-1]\n  - h[t] ="),
        ("outputs: [h]", "outputs: [y]"),
    ),
    "tokens": (
        ("  h0: {role: start, shape: [H]}", "  h0: {role: start, shape: [H]}\n  w0: {role: start, type: integer, below: H, shape: []}"),
        ("  - h[-1] = h0", "  - h[-1] = h0\n  - w[-1] = w0\n  - w[t] = argmax(h[t])"),
        ("U @ h[t-1])", "U @ one_hot(w[t-1], H) + h[t-1])"),
    ),
}
NETWORKS = {
    "stack of jordan": lambda: stack(["jordan", "elman"]),
    "stack of memory-network": lambda: stack(["memory-network", "lstm"]),
    "stack of delays": lambda: stack(["skip-connections", "gru-reset-after"]),
    "stack of peephole": lambda: stack(["lstm-peephole", "lstm-peephole-diagonal"]),
}
MADE = {**{name: (lambda changes=changes: refrnn.load_text(changed(*changes))) for name, changes in UNREAD.items()}, **NETWORKS}


def spec_of(name):
    return MADE[name]() if name in MADE else refrnn.load(name)


def constants_of(spec, values):
    return {name: values[name] for name in spec.integer_constants}


def part(spec, values, steps, items=slice(None)):
    """The values of some steps of some sequences."""
    found = {}
    for name, value in values.items():
        if name in spec.named_sizes:
            found[name] = len(range(STEPS)[steps]) if name in spec.time else value
            continue
        value = value[steps] if spec.time_size(name) else value
        axis = spec.batch_axis(name)
        found[name] = value if axis is None else value[(slice(None),) * axis + (items,)]
    return found


def same(left, right):
    np.testing.assert_allclose(left, right, rtol=1e-11, atol=1e-11)


def goes_on(name):
    spec = spec_of(name)
    if len(spec.time) != 1 or not spec.backends:
        return False
    constants = constants_of(spec, spec.draw())
    going_on = spec.continuing(constants)
    return bool(going_on) and not spec.staying(constants) and all(one.forward for one in going_on)


EVERY = [*rows(), *MADE]
GOING_ON = [name for name in EVERY if goes_on(name)]


def test_most_recurrences_go_on():
    begun = [name for name in rows() if refrnn.load(name)._beginnings]
    assert len(set(GOING_ON) & set(begun)) > 0.8 * len(begun) and MADE.keys() <= set(GOING_ON)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", GOING_ON)
def test_chunks_with_the_state_are_the_whole_run(name, backend):
    spec = spec_of(name)
    if backend not in spec.backends:
        pytest.skip("no such backend")
    random = np.random.default_rng(len(name))
    values = spec.draw({spec.time[0]: STEPS}, batch=3, dtype="float64", seed=len(name))
    whole = spec.forward(values, backend)
    cuts = [0, *sorted(random.choice(np.arange(1, STEPS), 2, replace=False)), STEPS]
    chunks, state = [], {}
    for begin, end in zip(cuts, cuts[1:]):
        chunks.append(spec.forward(part(spec, values, slice(begin, end)) | state, backend))
        state = chunks[-1].state
    for key, array in whole.outputs.items():
        if spec.time_size(key):
            same(np.concatenate([chunk.outputs[key] for chunk in chunks]), array)
    assert state.keys() == whole.state.keys()
    for key in state:
        same(state[key], whole.state[key])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", [name for name in GOING_ON if spec_of(name).batch is None])
def test_ragged_sequences_go_on_from_their_own_ends(name, backend):
    spec = spec_of(name)
    if backend not in spec.backends:
        pytest.skip("no such backend")
    values = spec.draw({spec.time[0]: STEPS}, batch=3, dtype="float64", seed=len(name))
    lengths = np.array([4, 1, 7])
    whole = spec.forward(values, backend)
    state = spec.forward(part(spec, values, slice(0, 7)), backend, lengths).state
    for item, length in enumerate(lengths):
        own = {key: array[item:item + 1] for key, array in state.items()}
        rest = spec.forward(part(spec, values, slice(length, None), slice(item, item + 1)) | own, backend)
        for key, array in whole.outputs.items():
            if spec.time_size(key):
                same(rest.outputs[key][:, 0], array[length:, item])


@pytest.mark.parametrize("name", UNREAD)
def test_the_state_that_is_computed_later_knows_nothing_of_later_writing(name):
    spec = spec_of(name)
    values = spec.draw(dtype="float64")
    run = spec.forward(values, "equation")
    expected = copy.deepcopy(run.state)
    for value in [*values.values(), *run.outputs.values(), *run.intermediates.values()]:
        value[...] = 0
    assert expected and all(np.array_equal(run.state[key], array) and array.any() for key, array in expected.items())


# What can't go on, and which name says so.
STAYS = {
    "h[-1] = zeros(H)": ("h", "begins with no start"),
    "h[-1] = 2 * h0": ("h", "begins with no start"),
    "h[0] = h0": ("h0", "no step before the first"),
}


@pytest.mark.parametrize("start", STAYS)
def test_a_start_that_is_not_handed_in(start):
    name, why = STAYS[start]
    refuse(refrnn.load_text(changed(("h[-1] = h0", start), ("W @ x[t]", "W @ x[t] + h0"))), name, why)


@pytest.mark.parametrize(
    "read, name, why",
    [
        ("W @ x[t] / T", "h0", "reads T"),
        ("W @ x[t] * t", "h0", "reads t"),
        ("W @ (x[t-1] if t > 0 else x[t])", "h0", "reads t"),
        ("W @ x[T-1-t]", "h0", r"reads x\[T-1-t\]"),
    ],
)
def test_a_recurrence_that_reads_other_steps(read, name, why):
    refuse(refrnn.load_text(changed(("W @ x[t]", read))), name, why)


def test_an_output_that_reads_other_steps():
    refuse(refrnn.load_text(changed(("outputs: [h]", "  - y[t] = h[t] + (h[t-2] if t > 1 else zeros(H))\noutputs: [y, h]"))), "y", "reads t")


def test_a_sum_over_a_recurrence_without_a_start():
    text = CELL.replace("h[-1] = h0", "h[-1] = zeros(H) + h0").replace("outputs: [h]", "  - s = sum(h[t] for t in range(T))\noutputs: [s]")
    refuse(refrnn.load_text(text), "h", r"reads h\[t-1\]")


BOTH_WAYS = (
    ("  h0: {role: start, shape: [H]}", "  h0: {role: start, shape: [H]}\n  g0: {role: start, shape: [H]}"),
    ("outputs: [h]", "  - g[T] = g0\n  - g[t] = tanh(W @ x[t] + U @ g[t+1])\n  - s = sum(h[t] * g[t] for t in range(T))\noutputs: [s]"),
)


def test_an_answer_from_both_directions():
    """Neither the next chunk nor the one before continues both; two answers, each from one of them, go on each its own way."""
    refuse(refrnn.load_text(changed(*BOTH_WAYS)), "s", "depends on h, which runs forward, and on g, which runs backward")
    spec = refrnn.load_text(changed(*BOTH_WAYS, ("sum(h[t] * g[t] for t in range(T))", "h[T-1]\n  - r = g[0]"), ("outputs: [s]", "outputs: [s, r]")))
    values = spec.draw({"T": STEPS}, batch=2, dtype="float64")
    state = spec.forward(values, "equation").state
    assert set(state) == {"h0", "g0"} and spec.forward(values | state, "equation").outputs.keys() == {"s", "r"}


@pytest.mark.parametrize("make", [lambda: refrnn.load("bidirectional"), lambda: bidirectional("lstm"), lambda: conditioned("elman")])
def test_networks_that_do_not_go_on(make):
    refuse(make(), "h", "reads|begins")


def test_the_wanted_output_of_the_step_before():
    refuse(refrnn.load("teacher-forcing"), "s0", "reads t", forced=1)


def refuse(spec, name, why, **settings):
    values = {**spec.draw(dtype="float64"), **settings}
    run = spec.forward(values, "equation")
    with pytest.raises(ValuesError, match=f"{name} need not go on in the next chunk, because .*{why}"):
        spec.forward(values | run.state, "equation")
    with pytest.raises(ValuesError, match=name):
        np.asarray(run.state[name])
    assert "need not go on" in repr(run.state[name])


@pytest.mark.parametrize("make", [lambda: refrnn.load("encoder-decoder"), lambda: encoder_decoder("lstm", stack(["gru-minimal", "elman"]))])
def test_a_decoder_that_begins_with_what_was_read_does_not_go_on_in_silence(make):
    """The encoder does, and may be handed on by name."""
    spec = make()
    values = spec.draw(dtype="float64")
    state = spec.forward(values, "equation").state
    stays = {name: value for name, value in state.items() if isinstance(value, NotCarried)}
    assert stays and state.keys() > stays.keys()
    with pytest.raises(ValuesError, match=rf"{next(iter(stays))} need not go on in the next chunk, because .* hand on by name what you need of run.state"):
        spec.forward(values | state)
    whole = spec.forward(values, "equation")["v" if "v" in spec.outputs else spec.outputs[0]]
    read = spec.time[0]
    parts = [{name: value[steps] if spec.time_size(name) == read else value for name, value in values.items()} for steps in (slice(0, 3), slice(3, None))]
    going_on = spec.forward(parts[0], "equation").state
    last = spec.forward(parts[1] | {name: going_on[name] for name in state.keys() - stays.keys()}, "equation")
    same(last["v" if "v" in spec.outputs else spec.outputs[0]], whole)
