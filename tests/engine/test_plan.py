"""What a plan says of the arrays of a pass."""

import numpy as np
import pytest
from recurrences import ALL, drawn

from refrnn.kernels.engine.passes import run
from refrnn.kernels.engine.panels import HIGHEST
from refrnn.kernels.engine.plan import EVEN, FEW, LONG, WIDE, Plan
from refrnn.kernels.engine.rows import lanes_of, padded
from refrnn.kernels.primitives import threads
from refrnn.kernels.primitives.meeting import Meeting

LANES = lanes_of(np.float64)


def plan(name, H=LANES + 1, B=7):
    arguments = drawn(name, 2, B, 2, H)
    return run(ALL[name], **arguments).plan


def test_gates_are_kept_for_every_step_where_something_reads_them():
    """One row for all steps is enough where nothing does, and where no product is made before the loop."""
    assert plan("one", B=3).kept == [True]
    assert plan("one").kept == [False] and plan("two").kept == [True, True] and plan("narrow").kept == [False, False]


def planned(B, width, units):
    return Plan(ALL["one"], 2, B, {"x": width}, (units,), (), {}, np.dtype(np.float64))


def test_products_of_inputs_are_made_before_the_loop_where_sequences_are_few_or_inputs_wide():
    for B in (HIGHEST, 3 * HIGHEST):
        assert planned(B, LONG * B, 4).hoisted and not planned(B, LONG * B - 1, 4).hoisted
    assert planned(HIGHEST - 1, 1, 4).hoisted
    narrow, wide = (run(ALL["one"], **drawn("one", 3, HIGHEST, width, 5)).plan.hoisted for width in (2, LONG * HIGHEST))
    assert not narrow and wide


@pytest.mark.parametrize("B", (HIGHEST, HIGHEST + 1))
def test_a_sequence_alone_has_the_bits_it_has_in_a_batch_with_wide_inputs(B):
    arguments = drawn("one", 3, B, LONG * HIGHEST, 5)  # of one sequence more, products are made in the loop
    whole = run(ALL["one"], **arguments).outputs
    for item in range(B):
        given = {name: array[:, item : item + 1] for name, array in arguments["given"].items()}
        starts = {row: start[item : item + 1] for row, start in arguments["starts"].items()}
        alone = run(ALL["one"], given, starts, arguments["weights"]).outputs
        assert all(alone[row].tobytes() == whole[row][:, item : item + 1].tobytes() for row in whole)


def test_threads_share_units_where_sequences_are_few_or_units_many(monkeypatch):
    monkeypatch.setattr(Meeting, "alone", 0)  # whatever other tests met with on a busy machine
    workers = 8
    few, wide = FEW * workers - 1, range(WIDE * FEW, 8000)
    even, uneven = (next(units for units in wide if (planned(1, 3, units).panels[0].count >= EVEN * workers) is is_even) for is_even in (True, False))
    most = even * workers // WIDE  # sequences
    with threads.using(min(2, threads.most()), little=0):
        assert planned(few, 3, 2).shares_units(workers) and not planned(few, 3, even).shares_units(1)
        assert most > few and planned(most, 3, even).shares_units(workers) and not planned(most + 1, 3, even).shares_units(workers)
        assert not planned(few + 1, 3, uneven).shares_units(workers) and planned(few, 3, uneven).shares_units(workers)


def test_rows_and_their_widths():
    found = plan("narrow", 9)
    assert found.rows == {"h": 9, "r": 5} and found.width("h") == padded(9, np.float64) and found.width("r") == padded(5, np.float64)
    assert [panels.units for panels in found.panels] == [9, 5] and [panels.units for panels in found.errors] == [9, 5]


@pytest.mark.parametrize("H", (1, LANES, 3 * LANES + 5, 20 * LANES))
@pytest.mark.parametrize("name", ALL)
def test_all_panels_of_a_stage_hold_the_same_units(name, H):
    found = plan(name, H)
    for part, (k, product) in zip(found.parts, ALL[name].products, strict=True):
        assert part.each == found.panels[k].each and part.width == len(product.gates.split()) * found.panels[k].each
    for row, k in ALL[name].rows.items():
        assert found.reached[row].each == found.errors[k].each and found.reached[row].count == found.errors[k].count


def test_what_is_summed_up_of_vectors_and_numbers():
    found = plan("two", LANES + 1)
    assert found.numbers == ("a",) and found.vectors == {"p": LANES + 1}
    assert found.summed == {"a": 2 * LANES, "p": 2 * LANES}


def test_one_start_program_for_each_step_back():
    assert set(plan("delayed").backward()[1]) == {("h", 1), ("h", 2), ("h", 3), ("copy", 1), ("copy", 2)}
    assert set(plan("two").backward()[1]) == {("h", 1), ("c", 1)} and set(plan("narrow").backward()[1]) == {("r", 1)}


def test_the_way_back_is_planned_when_first_asked_for(monkeypatch):
    planned = []
    monkeypatch.setattr(Plan, "_back", lambda self, giving_way: planned.append((self, giving_way)) or "program")
    monkeypatch.setattr(Plan, "_start", lambda self, row, back, giving_way: (row, back))
    one = Plan(ALL["one"], 2, 3, {"x": 2}, (4,), (), {}, np.dtype(np.float64))
    assert planned == []
    assert one.backward() is one.backward() and planned == [(one, frozenset())] and one.backward()[1] == {("h", 1): ("h", 1)}
    assert one.backward(frozenset({0})) is not one.backward() and planned[1:] == [(one, {0})]


REFUSED = {
    "an input that a step takes": ("two", "given", "u", lambda u: u[..., :-1], "u has the shape"),
    "an input of other steps": ("two", "given", "u", lambda u: u[:1], "u has the shape"),
    "a start too few": ("taps", "starts", "k", lambda k: k[:, 1:], "the start of k has the shape"),
    "rows of other units": ("taps", "weights", "W", lambda parts: (parts[0][1:],), f"a step of {LANES} units takes k_before_2, which has {LANES + 1}"),
    "a matrix of other terms": ("one", "weights", "W_in", lambda parts: (parts[0][:, :-1],), "W_in of s has the shape"),
    "a part too many": ("one", "weights", "W", lambda parts: 2 * parts, "W has 2 parts; it has one for each of the gates s"),
    "a vector of other units": ("two", "weights", "p", lambda p: p[:-1], "p has the shape"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case):
    name, group, argument, change, text = REFUSED[case]
    arguments = drawn(name, 2, 7, 2, LANES + 1)
    arguments[group][argument] = change(arguments[group][argument])
    with pytest.raises(ValueError, match=text):
        run(ALL[name], **arguments)


def test_arrays_of_another_float_type_are_refused():
    arguments = drawn("two", 2, 7, 2, LANES + 1)
    arguments["given"]["u"] = arguments["given"]["u"].astype(np.float32)
    with pytest.raises(TypeError, match="a pass of float64 was given u of float32"):
        run(ALL["two"], **arguments)
