"""A program's block of integers: names become addresses in the places where they belong."""

import numpy as np
import pytest

from refrnn.kernels.engine import loop
from refrnn.kernels.engine import program as program_module
from refrnn.kernels.engine.program import At, Program, Step, Together, addresses
from refrnn.kernels.engine.rows import ARRAY, GATES, GIVEN, NUMBER, OWN, Panels
from refrnn.kernels.primitives.compile import address

B, H = 3, 5
PANELS = Panels(2, H, np.float64)


def test_arrays_of_a_step_are_listed_once_each():
    step = Step(B)
    assert step.gate("g", PANELS, 0) == (0, 0) and step.gate("g", PANELS, 1) == (0, 1)
    assert step.gate("g", PANELS, 1, steps=7) == (1, 1)
    assert step.own("r", 8, 2) == (2, 0) and step.own("r", 8, 1) == (3, 0) and step.own("r", 8, 2) == (2, 0)
    assert step.number("a") == (4, 0) and step.vector("p") == (5, 0)
    assert step.given("x", H) == (6, 0) and step.given("x", H, 2 * H, H, steps=False) == (7, 0)
    assert step.kinds == [GATES, GATES, OWN, OWN, NUMBER, OWN, GIVEN, GIVEN]
    shift = PANELS.each.bit_length() - 1
    assert step.arrays == [
        (At("g"), 0, PANELS.width, B * PANELS.width, shift, 0), (At("g"), B * PANELS.width, PANELS.width, 7 * B * PANELS.width, shift, 0),
        (At("r"), B * 8, 8, 0, 0, 2), (At("r"), B * 8, 8, 0, 0, 1), (At("a"), 0, 0, 0, 0, 0), (At("p"), 0, 0, 0, 0, 0),
        (At("x"), B * H, H, 0, 0, 0), (At("x", H), 0, 2 * H, 0, 0, 0),
    ]  # fmt: skip
    assert step.delta("d", PANELS, 1) == (8, 1) and step.arrays[8] == (At("d"), B * PANELS.row, PANELS.row, PANELS.width, shift, 0)
    assert 1 << shift == PANELS.each


def records(block):
    """The loop, the stages and the products of a block."""
    head = block[: loop.HEAD].view(loop.LOOP)
    end = int(head["behind"][0])
    stages = block[loop.HEAD : end].view(loop.STAGE)
    return head, stages, block[end:][: stages["last_product"].max() * loop.OF_PRODUCT].view(loop.PRODUCT)


@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_run_hands_over_records_with_addresses(dtype, monkeypatch):
    seen, panels = [], Panels(2, H, dtype)
    monkeypatch.setattr(program_module, "in_parts", lambda body, count, block: seen.append((body, count, block.copy())))
    program, steps = Program(dtype, B, backward=True), (Step(B), Step(B))
    steps[0].own("r", 8, 1)
    steps[0].given("x", H, first=3)
    steps[1].number("a")
    product = (At("x"), 10, 5, 5, 7, 1, 2, 5, At("W", 4), 40, 0, 2)
    program.stage(panels, "bias", "gates", 4, [product, product], 1234, steps[0])
    program.stage(panels, "bias", "gates", 1, [product], 4321, steps[1])
    arrays = {name: np.zeros(99, dtype) for name in ("r", "x", "W", "a", "bias", "gates")}
    arrays |= {"order": np.arange(B), "ends": np.full(B, 4)}
    slices, keep = np.array([[0, 3]]), np.ones((4, B), np.int64)
    at, size = {name: address(array) for name, array in arrays.items()}, np.dtype(dtype).itemsize
    for cut in (None, keep):
        program.finish().run(arrays, 1, 4, slices, cut)
        body, count, block = seen.pop()
        (record,), stages, products = records(block)
        assert body == loop.run_slice.address(dtype) and record["steps"] == loop.run_steps.address(dtype)
        assert count == record["workers"] == 1 and record["slices"] == address(slices)
        assert record.tolist()[:6] == (1, 4, 1, at["order"], at["ends"], 0 if cut is None else address(keep))
        assert record["sequences"] == B and record["meeting"] == 0 and record["apart"] == B * 15
        head = (at["bias"], at["gates"])
        rows = B * panels.width
        for stage, (step, panel) in zip(stages, ((rows, 4 * rows), (0, rows)), strict=True):
            assert stage.tolist()[:9] == (*head, step, panels.width, panel, panels.count, panels.width, panels.each, H)
        assert stages[["first_product", "last_product", "pointwise"]].tolist() == [(0, 2, 1234), (2, 3, 4321)]
        assert [product.tolist()[:-1] for product in products] == [(at["x"], 10, 5, 5, 7, 1, 2, 5, at["W"] + 4 * size, 40, 0, 2)] * 3
        assert np.diff(products["blocks"]).tolist() == [B * 5 * size] * 2
        assert stages["arrays"][1] - stages["arrays"][0] == 2 * ARRAY.itemsize


def test_the_arrays_of_each_step_stand_in_the_block(monkeypatch):
    """Read while it is alive, as the loop does."""
    import ctypes

    found = []

    def read(body, count, block):
        _, stages, _ = records(block)
        for stage, count in zip(stages, (2, 1), strict=True):
            integers = (ctypes.c_int64 * (count * len(ARRAY.names))).from_address(int(stage["arrays"]))
            found.append(np.array(integers).reshape(count, -1).tolist())

    monkeypatch.setattr(program_module, "in_parts", read)
    program, steps = Program(np.float64, B, backward=False), (Step(B), Step(B))
    steps[0].own("r", 8, 1)
    steps[0].given("x", H, first=3)
    steps[1].number("a")
    for step in steps:
        program.stage(PANELS, "bias", "gates", 1, [], 0, step)
    arrays = {name: np.zeros(9) for name in ("r", "x", "a", "bias", "gates", "order", "ends")}
    at = {name: address(array) for name, array in arrays.items()}
    program.finish().run(arrays, 0, 1, np.array([[0, B]]))
    assert found == [[[at["r"], 24, 8, 0, 0, 1], [at["x"] + 24, 15, 5, 0, 0, 0]], [[at["a"], 0, 0, 0, 0, 0]]]


def test_arrays_are_put_elsewhere_in_a_program_that_stands():
    program = Program(np.float64, B, backward=False)
    step = Step(B)
    step.given("x", H, first=3)
    program.stage(PANELS, "bias", "gates", 1, [], 0, step)
    arrays = {name: np.zeros(9) for name in ("bias", "gates", "order", "ends", "x")}
    placed, at = program.finish().on(arrays), addresses(arrays)
    assert placed.block[loop.HEAD : loop.HEAD + 2].tolist() == [at["bias"], at["gates"]] and placed.block[-len(ARRAY.names)] == at["x"] + 24
    before = placed.block.copy()
    placed.put({"x": 800, "gates": at["gates"], "of another program": 7})
    assert placed.block[-len(ARRAY.names)] == 824 and np.count_nonzero(placed.block != before) == 1
    other = program.on(arrays)
    assert other.block[-len(ARRAY.names)] == at["x"] + 24 and other.block is not placed.block


def test_places_are_put_into_all_programs_that_have_their_names():
    programs = [Program(np.float64, B, backward=False), Program(np.float64, B, backward=True)]
    for program, first in zip(programs, (0, 2)):
        step = Step(B)
        step.given("x", H, first=first)
        program.stage(PANELS, "bias", "gates" if first else "other", 1, [], 0, step)
    placed = [program.finish().on() for program in programs]
    together, standing = Together(*placed), {"x": 800, "bias": 80, "of another program": 7}
    together.put(inputs=standing, own={"gates": 8})
    x, bias, to = (lambda one: one.block[-len(ARRAY.names)]), (lambda one: one.block[loop.HEAD]), (lambda one: one.block[loop.HEAD + 1])
    assert [x(one) for one in placed] == [800, 816] and [bias(one) for one in placed] == [80, 80] and [to(one) for one in placed] == [0, 8]
    placed[0].put({"x": 0})
    together.put(inputs=standing)
    assert x(placed[0]) == 0  # what stands is not looked at again
    together.put(inputs={"x": 1600})
    together.put(inputs=standing)
    assert [x(one) for one in placed] == [800, 816]


def test_workers_that_share_units_meet_and_lay_out_apart(monkeypatch):
    seen, panels = [], Panels(2, H, np.float32)
    monkeypatch.setattr(program_module, "in_parts", lambda body, count, block: seen.append((body, count, block.copy())))
    program = Program(np.float32, B, backward=False)
    program.stage(panels, "bias", "gates", 1, [(At("x"), 10, 5, 5, 0, 0, 0, 5, At("W"), 40, 0, 2)])
    placed = program.finish().on({"order": np.arange(B), "ends": np.full(B, 4)})
    for slices, workers in (([[0, B]], 1), ([[0, B]] * 3, 3), ([[0, 0], [0, B]], 1), ([[0, 1], [1, B]], 1)):
        placed.run(0, 4, np.array(slices))
        _, count, block = seen.pop()
        (record,), _, _ = records(block)
        assert count == record["workers"] == len(slices)
        assert (record["meeting"] != 0) == (workers > 1)
        assert placed._blocks.size >= workers * record["apart"] and record["apart"] == B * 5
