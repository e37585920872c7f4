"""Passes that keep states before segments alone, against whole ones, bit for bit."""

import contextlib
import itertools

import numpy as np
import pytest
from recurrences import ALL, drawn, like, upstream

from refrnn.kernels.engine import weights, work
from refrnn.kernels.engine.forms import plan_of
from refrnn.kernels.engine.passes import run
from refrnn.kernels.engine.pool import POOL
from refrnn.kernels.engine.rows import lanes_of
from refrnn.kernels.engine.segments import PATIENCE, Segments, Unkept, Whole, checkpoint, small_too
from refrnn.kernels.engine.sums import BLOCK

LENGTHS = {"whole": lambda T, B: None, "ragged": lambda T, B: np.arange(B) % T + 1, "all below T": lambda T, B: np.arange(B) % 3 + 1}


def both(name, arguments, lengths=None, steps=None, keep=None):
    """(everything that both passes give, what was kept)."""
    with checkpoint(steps) if steps else contextlib.nullcontext() as taken:
        forward = run(ALL[name], **arguments, lengths=lengths)
    assert taken is None or taken == [forward]
    into, kept = like(arguments["weights"]), forward._kept
    found = forward.backward(upstream(ALL[name], arguments), into, keep) | into
    made = {row: forward.row(row) for row in ALL[name].kept}
    made |= {gate: forward.gate(gate) for gate, k in ALL[name].gates.items() if forward.plan.kept[k]}
    return {**forward.outputs, **{f"row {row}": array for row, array in made.items()}, **{f"d_{key}": value for key, value in found.items()}}, kept


def assert_same(found, whole):
    for key, value in whole.items():
        for part, other in zip(value if isinstance(value, tuple) else [value], found[key] if isinstance(value, tuple) else [found[key]], strict=True):
            assert np.array_equal(part, other), key


@pytest.mark.parametrize("name, ragged", itertools.product(ALL, LENGTHS))
def test_the_bits_are_those_of_a_whole_pass(name, ragged):
    deepest = max(ALL[name].depth.values())
    for T, B, steps, longest in ((11, BLOCK, 1, max(1, deepest)), (11, BLOCK + 1, 7, 7), (40, 60, 1, -(-deepest // 4) * 4 or 4), (40, 60, True, 8)):
        arguments, lengths = drawn(name, T, B, 3, 9), LENGTHS[ragged](T, B)
        whole, _ = both(name, arguments, lengths)
        found, kept = both(name, arguments, lengths, steps)
        assert isinstance(kept, Segments) and kept.firsts == range(0, T, longest)
        assert_same(found, whole)


@pytest.fixture
def small():
    """Passes of few gates keep none either."""
    with small_too():
        yield


def drop(name, arguments, lengths=None):
    """How passes that nobody goes back through keep what they need."""
    return [type(run(ALL[name], **arguments, lengths=lengths)._kept) for _ in range(PATIENCE)]


@pytest.mark.parametrize("name, ragged", itertools.product(ALL, LENGTHS))
def test_where_nobody_goes_back_no_gates_are_kept(name, ragged, small):
    for B in (3, 9):
        arguments, lengths = drawn(name, 11, B, 3, 9), LENGTHS[ragged](11, B)
        whole, kept = both(name, arguments, lengths)
        assert isinstance(kept, Whole)
        assert drop(name, arguments, lengths) == [Whole] * PATIENCE
        found, kept = both(name, arguments, lengths)
        assert isinstance(kept, Unkept)
        assert_same(found, whole)
        assert isinstance(both(name, arguments, lengths)[1], Whole)  # as somebody went back


def test_what_is_not_kept_takes_no_memory(small):
    arguments = drawn("two", 11, 9, 3, 100)
    drop("two", arguments)
    forward = run(ALL["two"], **arguments)
    first, second = forward.plan.panels
    # The second stage reads gates of the first one, but nothing reads its own once its step is done.
    assert forward._kept.work.gates["gates:0"].shape == (first.count, 1, 9, first.width)
    assert second.count > 1 and forward._kept.work.gates["gates:1"].shape == (1, 1, 9, second.width)
    rows = forward.row("h")
    assert forward.plan.idle == PATIENCE and np.array_equal(rows, forward.outputs["h"])  # rows are there
    gate = forward.gate("n")
    assert forward.plan.idle == 0 and isinstance(run(ALL["two"], **arguments)._kept, Whole)
    assert np.array_equal(gate, run(ALL["two"], **arguments).gate("n"))


@pytest.mark.parametrize("name, ragged", itertools.product(ALL, LENGTHS))
def test_where_nobody_asks_for_rows_they_stand_in_outputs(name, ragged, small):
    """Whoever writes into outputs then, all is as it was."""
    arguments, lengths = drawn(name, 11, 9, 3, 2 * lanes_of(np.float64)), LENGTHS[ragged](11, 9)
    whole, _ = both(name, arguments, lengths)
    assert drop(name, arguments, lengths) == [Whole] * PATIENCE
    forward = run(ALL[name], **arguments, lengths=lengths)
    assert forward._kept.lent.keys() == ({*ALL[name].outputs} & {*ALL[name].kept} if ragged == "whole" and name != "narrow" else set())
    outputs = {row: array.copy() for row, array in forward.outputs.items()}
    assert all(np.array_equal(array, whole[row]) and array.flags.c_contiguous for row, array in forward.outputs.items())
    for array in forward.outputs.values():
        array[...] = np.nan
    into = like(arguments["weights"])
    made = {f"row {row}": forward.row(row) for row in ALL[name].kept}
    found = forward.backward(upstream(ALL[name], arguments), into) | into
    assert_same({**outputs, **made, **{f"d_{key}": value for key, value in found.items()}}, {key: value for key, value in whole.items() if not key.startswith("row") or key in made})


def test_rows_that_are_asked_for_are_kept_beside_outputs(small):
    """And no pass runs again for them."""
    arguments = drawn("one", 11, 9, 3, 2 * lanes_of(np.float64))
    both("one", arguments)
    for k in range(2 * PATIENCE + 2):
        forward = run(ALL["one"], **arguments)
        assert isinstance(forward._kept, Unkept if k >= PATIENCE else Whole) and not forward._kept.lent
        assert np.array_equal(forward.row("h"), forward.outputs["h"]) and forward.plan.idle == k
        del forward


def test_gates_that_nobody_reads_later_are_written_for_the_way_back_alone():
    arguments = drawn("two", 11, 9, 3, 9)
    for lean, written in ((False, ({*"ifzcm"}, {*"nh"})), (True, ({*"zcm"}, {"h"}))):
        plan = plan_of(ALL["two"], *(arguments[key] for key in ("given", "starts", "weights")), lean=lean)
        for stage, step, names in zip(ALL["two"].stages, plan.forward.steps, written, strict=True):
            assert {name for name, places in zip(stage.gives.split(), step.writes) if places} == names


def test_little_memory_is_kept_always():
    arguments = drawn("one", 11, 9, 3, 9)
    assert drop("one", arguments) + drop("one", arguments) == [Whole] * 2 * PATIENCE


@pytest.mark.parametrize("name", ("one", "delayed"))
def test_what_passes_no_error_is_cut_in_all_segments(name):
    arguments = drawn(name, 12, BLOCK, 3, 9)
    keep = (np.arange(12)[:, None] + np.arange(BLOCK)) % 3 > 0
    whole, cut = both(name, arguments, keep=None)[0], both(name, arguments, keep=keep)[0]
    assert not np.array_equal(whole["d_x"], cut["d_x"])
    assert_same(both(name, arguments, steps=5, keep=keep)[0], cut)


def test_several_threads_may_go_back_at_once():
    """What one of them is told of a segment stays where it is while another is told the same."""
    with checkpoint(5):
        forward = run(ALL["two"], **drawn("two", 12, BLOCK, 3, 9), lengths=LENGTHS["ragged"](12, BLOCK))
    told = [forward.places(first)["order"]["ends"] for first in (5, 10, 5, 10)]
    assert told[:2] == told[2:] and told[0] != told[1]


@pytest.mark.parametrize("steps", (8, 100))
def test_one_segment_is_a_whole_pass(steps):
    _, kept = both("one", drawn("one", 8, BLOCK, 3, 9), steps=steps)
    assert not isinstance(kept, Segments)


def test_work_waits_and_large_work_does_not(monkeypatch):
    """Many passes in turn find the work of those before, or none: the bits are the same."""
    arguments = drawn("two", 12, BLOCK, 3, 9)
    whole = both("two", arguments)[0]
    for small in (2**40, 0):
        for module in (weights, work):
            monkeypatch.setattr(module, "SMALL", small)
        POOL.free()
        for _ in range(3):
            assert_same(both("two", arguments, steps=5)[0], whole)
    POOL.free()
